"""Reads what the dashboard shows: one reading transaction a page, the ranking kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd import __version__
from sesauditd.bootstrap.subjects import subject_of
from sesauditd.errors import Refused, SesauditdError
from sesauditd.report.pages import EVERYBODY
from sesauditd.store import onboarding, register
from sesauditd.store.glance import Beside
from sesauditd.store.reports import (
    cases,
    daemon,
    dashboard,
    decided,
    observed,
    overview,
    people,
)
from sesauditd.web.values import (
    Actions,
    Cases,
    Frame,
    OneCase,
    Quarantine,
    Ranking,
    Start,
    Subject,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.config import Policies
    from sesauditd.config.settings import Settings
    from sesauditd.report.figures import Domain
    from sesauditd.store.engine import Database
    from sesauditd.store.glance import Connection

ACTIONS_SHOWN = 50
HELD_SHOWN = 20
QUARANTINED_SHOWN = 100
SUBJECTS_KEPT = 100
"""Customers and domains; those looked at last."""
WARMED, WARMED_DOMAINS = 10, 3
"""Customers that are counted before the first look at them, and so many domains of each."""
QUICK_SECONDS = 0.05
"""What takes no longer is counted at each look."""

Key = tuple[str, str | None]
"""A customer, and one of its domains or None for all."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A subject as it was counted, and how long that took."""

    subject: Subject
    mark: dashboard.Mark
    seconds: float


@dataclass(slots=True, kw_only=True)
class Reader:
    """The books of the dashboard, over a database of its own connections."""

    database: Database
    settings: Settings
    policies: Policies
    clock: Callable[[], datetime]
    machine_clock: Callable[[], datetime]
    """By which heartbeats are written, also where a story has a clock of its own."""
    elapsed: Callable[[], float] = time.monotonic
    wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    """Set when somebody looked at what has to be counted anew."""
    _wanted: list[Key] = field(default_factory=list, init=False)
    _subjects: OrderedDict[Key, _Kept] = field(default_factory=OrderedDict, init=False)
    """The one that was looked at last is last."""
    _beside: Beside = field(init=False)
    _ranking: Ranking | None = field(default=None, init=False)
    _mark: dashboard.Mark | None = field(default=None, init=False)
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        """Prepare for long looks; nothing is opened yet."""
        self._beside = Beside.of(self.database, self.settings.database.url)

    async def close(self) -> None:
        """Close what is not the database's own."""
        await self._beside.close()

    async def frame(self) -> Frame:
        """Return what stands around every page."""
        async with self.database.read() as connection:
            mode = await dashboard.mode(connection, self._configured, EVERYBODY)
        return Frame(
            installation=self.settings.installation.name,
            version=__version__,
            now=self.clock(),
            mode=mode,
        )

    async def start(self) -> Start | None:
        """Return whether everything is well, None while nobody can know."""
        ranking = self._ranking
        if ranking is None:
            return None
        async with self.database.read() as connection:
            return Start(
                daemon=await daemon.daemon(connection, self.machine_clock()),
                overview=await overview.overview(connection),
                held=await dashboard.held(connection, HELD_SHOWN),
                stopped=await dashboard.stopped(connection),
                cases=await overview.open_cases(connection),
                ranking=ranking,
            )

    async def ranking(self) -> tuple[Ranking, Sequence[Domain]] | None:
        """Return all customers, and the domains that do not simply send; None before `rank`."""
        ranking = self._ranking
        if ranking is None:
            return None
        async with self.database.read() as connection:
            return ranking, await dashboard.stopped(connection)

    async def rank(self) -> None:
        """Count the ranking anew if anything may have changed it."""
        async with self._counting:
            now = self.clock()

            async def counted(connection: Connection) -> tuple[dashboard.Mark, Ranking] | None:
                mark = await dashboard.mark(connection, now)
                if self._ranking is not None and mark == self._mark:
                    return None
                standings, account = await dashboard.ranking(
                    connection, self.policies, self._configured, now
                )
                return mark, Ranking(at=now, standings=standings, account=account)

            found = await self._beside.look(counted)
            if found is not None:
                self._mark, self._ranking = found

    async def warm_up(self) -> None:
        """Count the customers that take longest, so that the first look at them need not."""
        found = await self.start()
        standings = found.ranking.standings if found else ()
        # What counts different recipients takes memory: it is left alone where nobody mails.
        mailing = (one for one in standings if one.mailed)
        largest = sorted(mailing, key=lambda one: one.mailed, reverse=True)
        for one in largest[:WARMED]:
            subject = await self._counted((one.customer, None), aside=True)
            for domain in subject.domains[:WARMED_DOMAINS] if subject else ():
                await self._counted((one.customer, domain.name), aside=True)

    async def count_wanted(self) -> None:
        """Count the subjects anew that take long and that somebody looked at."""
        self.wanted.clear()
        while self._wanted:
            await self._counted(self._wanted[0], aside=True)
            self._wanted.pop(0)

    async def customer(self, name: str) -> Subject | None:
        """Return a customer, None if there is none of this name."""
        return await self._kept((name, None))

    async def domain(self, name: str) -> Subject | None:
        """Return a domain, None if it is not registered."""
        async with self.database.read() as connection:
            owner = await people.owner_of(connection, name)
        return None if owner is None else await self._kept((owner, name))

    async def domains(self) -> Sequence[Domain]:
        """Return all domains, with those that are being onboarded."""
        async with self.database.read() as connection:
            return await people.shown_domains(connection)

    async def actions(self, state: str | None, page: int) -> Actions:
        """Return a page of actions, of one state or of all; pages begin at 1."""
        async with self.database.read() as connection:
            counts = await dashboard.actions_by_state(connection)
            total = counts.get(state, 0) if state else sum(counts.values())
            pages = max(-(-total // ACTIONS_SHOWN), 1)
            shown = min(page, pages)
            return Actions(
                state=state,
                counts=counts,
                shown=await dashboard.actions_page(
                    connection, state, limit=ACTIONS_SHOWN, offset=(shown - 1) * ACTIONS_SHOWN
                ),
                page=shown,
                pages=pages,
            )

    async def cases(self) -> Cases:
        """Return all cases."""
        async with self.database.read() as connection:
            return Cases(
                shown=await decided.all_cases(connection),
                domains=await cases.domains_of(connection),
            )

    async def case(self, name: str) -> OneCase | None:
        """Return a case, None if there is none of this id."""
        try:
            async with self.database.read() as connection:
                return OneCase(file=await cases.case_file(connection, name))
        except Refused:
            return None

    async def quarantine(self) -> Quarantine:
        """Return what could not be read."""
        async with self.database.read() as connection:
            return Quarantine(
                total=await observed.quarantined_count(connection),
                shown=await observed.quarantined_page(connection, limit=QUARANTINED_SHOWN),
            )

    async def trouble(self) -> str | None:
        """Return why the database cannot be read, None if it can."""
        try:
            async with self.database.read() as connection:
                await overview.last_judged_week(connection)
        except SesauditdError as error:
            return str(error)
        return None

    async def _kept(self, key: Key) -> Subject | None:
        """Return a subject: counted anew where that is quick, else as it was kept.

        A customer with very many strikes takes long to count. Whoever looks gets what was counted
        last, with its time, and a look soon after finds it fresh.
        """
        known = self._subjects.get(key)
        if known is None:
            return await self._counted(key)
        self._subjects.move_to_end(key)
        async with self.database.read() as connection:
            mark = await dashboard.mark(connection, self.clock())
        if mark == known.mark:
            return known.subject
        if known.seconds < QUICK_SECONDS:
            return await self._counted(key)
        if key not in self._wanted:
            self._wanted.append(key)
            self.wanted.set()
        return known.subject

    async def _counted(self, key: Key, *, aside: bool = False) -> Subject | None:
        """Count a subject now, and keep it; None if there is none. `aside` does not hurry."""
        begun, now = self.elapsed(), self.clock()

        async def counted(connection: Connection) -> tuple[dashboard.Mark, Subject] | None:
            return await self._found(connection, key, now)

        if aside:
            found = await self._beside.look(counted)
        else:
            async with self.database.read() as connection:
                found = await counted(connection)
        if found is None:
            return None
        mark, subject = found
        self._subjects[key] = _Kept(subject, mark, self.elapsed() - begun)
        self._subjects.move_to_end(key)
        if len(self._subjects) > SUBJECTS_KEPT:
            self._subjects.popitem(last=False)
        return subject

    async def _found(
        self, connection: Connection, key: Key, now: datetime
    ) -> tuple[dashboard.Mark, Subject] | None:
        customer, domain = key
        mark = await dashboard.mark(connection, now)
        snapshot = await register.snapshot(connection)
        if customer not in {*snapshot.customers, *snapshot.since}:
            return None
        found = await dashboard.behaviour_of(
            connection, snapshot, self.policies, customer, now, domain=domain
        )
        everything = await people.all_domains(connection, customer)
        steps = await onboarding.steps(connection, domain=domain) if domain else ()
        return mark, subject_of(
            found,
            mode=await dashboard.mode(connection, self._configured, customer),
            domains=[one for one in everything if domain in {None, one.name}],
            cases=await dashboard.cases_of(connection, customer, domain=domain),
            steps=steps,
        )

    def _configured(self, customer: str) -> str:
        return str(self.settings.policy.mode_of(customer))
