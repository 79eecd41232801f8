"""Loads one customer's whole history at once, as the rules of every lane look at it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.history import Hourly, Reach, RecipientHistory, hours_between
from sesauditd.store import guesses, history, rollups
from sesauditd.store.retention import kept_since
from sesauditd.store.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import Decisions, DomainsHistory, Strike
    from sesauditd.model.register import Register

by_hour = attrgetter("hour")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Where histories come from, in one read transaction."""

    connection: AsyncConnection
    register: Register
    lifts: Mapping[str, tuple[datetime, ...]]
    """When operators lifted blocks, by `customer/recipient`."""
    no_feedback: frozenset[str] | None
    """Providers that report no complaints, where others are stored in the roll-ups."""

    async def recipients(
        self, customer: str, strikes: Sequence[Strike], decisions: Decisions
    ) -> list[RecipientHistory]:
        """Return the history of each recipient that was ever struck."""
        struck: dict[str, list[Strike]] = defaultdict(list)
        for one in strikes:
            struck[one.recipient].append(one)
        delivered: dict[str, list[datetime]] = defaultdict(list)
        rows = await self.connection.execute(
            select(deliveries.c.recipient, deliveries.c.at).where(deliveries.c.customer == customer)
        )
        for row in rows:
            delivered[row.recipient].append(row.at)
        return [
            RecipientHistory(
                customer=customer,
                recipient=recipient,
                strikes=tuple(found),
                deliveries=tuple(delivered.get(recipient, ())),
                lifts=self.lifts.get(f"{customer}/{recipient}", ()),
                shadows=decisions.shadows,
            )
            for recipient, found in struck.items()
        ]

    async def whole(
        self, customer: str, strikes: Sequence[Strike], decisions: Decisions, reach: timedelta
    ) -> DomainsHistory:
        """Return what the volume rules look at, all weeks together, roll-ups by their hours.

        `reach` is how long the longest window is.
        """
        found = await history.domains_history(
            self.connection,
            self.register,
            customer,
            strikes,
            decisions,
            receiving=True,
            reach=reach,
        )
        hourly = found.reach.hourly
        complained = any(one.outcome is Outcome.COMPLAINT for one in strikes)
        if self.no_feedback is not None and complained:
            hourly = await self._counted_anew(hourly, self.no_feedback)
        return replace(found, reach=Reach(hourly=sorted(hourly, key=by_hour)))

    async def of_week(
        self,
        whole: DomainsHistory,
        strikes: Sequence[Strike],
        week: Week,
        free_mail: Collection[str],
    ) -> DomainsHistory:
        """Return one week of a whole history, with what was mailed beside unknown users."""
        hourly = whole.reach.hourly
        first, _ = hours_between(week.start, week.end)
        begin = bisect_left(hourly, first, key=by_hour)
        end = bisect_left(hourly, hour_of(week.end) + 1, key=by_hour)
        part = replace(whole, strikes=tuple(strikes), reach=Reach(hourly=hourly[begin:end]))
        domains = self.register.domains_of(whole.customer)
        span = (week.start, week.end)
        return await guesses.with_arrivals(self.connection, domains, part, span, free_mail)

    async def _counted_anew(
        self, hourly: Sequence[Hourly], no_feedback: frozenset[str]
    ) -> list[Hourly]:
        """Return the same roll-ups with other providers left out, from the events themselves.

        Those of before the horizon stay as they are stored: their events may be forgotten.
        """
        since = await kept_since(self.connection)
        hours: dict[str, list[int]] = defaultdict(list)
        found: list[Hourly] = []
        for one in hourly:
            if hour_start(one.hour) < since:
                found.append(one)
            else:
                hours[one.domain].append(one.hour)
        for domain, known in sorted(hours.items()):
            cells = await rollups.counted(
                self.connection, domain, min(known), max(known), no_feedback
            )
            found += [
                Hourly(
                    domain=domain,
                    hour=hour,
                    outcome=Outcome(outcome),
                    feeds_back=feeds_back,
                    sketch=cell.sketch,
                )
                for (_, hour, outcome, feeds_back), cell in cells.items()
            ]
        return found
