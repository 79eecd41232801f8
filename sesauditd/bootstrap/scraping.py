"""Puts the facts of a scrape together, from the store and from the daemon's parts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

from sesauditd import __version__
from sesauditd.bootstrap.reading import Reader
from sesauditd.store import retention
from sesauditd.store.reports import daemon, observed, overview, people, tallies
from sesauditd.web import pages
from sesauditd.web.families import Facts

if TYPE_CHECKING:
    from sesauditd.report.account import Account
    from sesauditd.web.health import Pulse
    from sesauditd.web.meters import Meters


@dataclass(slots=True, kw_only=True)
class Books(Reader):
    """The books of a running daemon: what pages show, and what Prometheus scrapes."""

    meters: Meters
    pulse: Callable[[], Pulse]
    in_hand: Callable[[], int]
    """Messages that are received and not finished."""
    _outcomes: tallies.Outcomes = field(default_factory=tallies.Outcomes, init=False)

    @override
    async def rank(self) -> None:
        """Count the ranking anew, and once a day the past, if anything may have changed."""
        await Reader.rank(self)
        await self._beside.look(lambda connection: self._outcomes.add_up(connection, self.clock()))

    @override
    async def warm_up(self) -> None:
        """Prepare what the first look at a page would wait for."""
        await Reader.warm_up(self)
        await asyncio.to_thread(pages.prepare)

    async def metrics(self) -> bytes | None:
        """Return everything that Prometheus scrapes, in its text format; None before `rank`."""
        ranking = self._ranking
        if ranking is None:
            return None
        return self.meters.exposition(await self._facts(ranking.account))

    async def _facts(self, account: Account) -> Facts:
        now = self.clock()
        async with self.database.read() as connection:
            actions, attempts = await tallies.actions_by_kind(connection)
            told = await daemon.daemon(connection, self.machine_clock())
            domains = await people.all_domains(connection)
            kept = await retention.standing(connection)
            return Facts(
                version=__version__,
                outcomes=await self._outcomes.sums(connection, now),
                verdicts=await tallies.verdicts_by_state(connection),
                actions=actions,
                action_attempts=attempts,
                notices=await tallies.notices_by_state(connection),
                cases=await overview.open_cases(connection),
                blocks=await tallies.active_blocks(connection, now),
                quarantined=await observed.quarantined_count(connection),
                unattributed=await observed.unattributed_count(connection),
                domains=Counter(one.state for one in domains),
                alarms=[one.name for one in told.troubles],
                last_message=told.last_message_at.timestamp() if told.last_message_at else None,
                rates={
                    "bounces": account.bounces.percent / 100,
                    "complaints": account.complaints.percent / 100,
                },
                in_hand=self.in_hand(),
                pulse=self.pulse(),
                forgotten=kept.forgotten if kept else 0,
                events_since=kept.before.timestamp() if kept else None,
            )
