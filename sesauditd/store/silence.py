"""Of whom something was heard and when, for the watches over what falls silent or is strange."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, literal, not_, select

from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import Flag, Outcome
from sesauditd.model.silence import HABIT, Habit
from sesauditd.report.sending import SENDING
from sesauditd.store.reports import people
from sesauditd.store.reputation import Polls
from sesauditd.store.tables import events, quarantine, rollups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.store.engine import Database

HOURS_A_DAY = 24
LONGEST = 2 * HABIT
"""Back to there a silence is looked for; before that a domain has simply left."""
SIGNS = frozenset({Outcome.SENT, Outcome.DELIVERED, Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE})
NOT_BELIEVED = "unverified:"


@dataclass(frozen=True, slots=True)
class Habits:
    """What was heard of domains that may send, from the roll-ups."""

    database: Database
    no_feedback: frozenset[str]

    async def habits(self, now: datetime) -> Sequence[Habit]:
        """Return the habit of each domain that may send and was heard of lately."""
        day = (rollups.c.hour // literal(HOURS_A_DAY, literal_execute=True)).label("day")
        async with self.database.read() as connection:
            sending = [
                one.name for one in await people.all_domains(connection) if one.state == SENDING
            ]
            query = (
                select(rollups.c.domain, day, func.max(rollups.c.hour).label("last"))
                .where(
                    rollups.c.domain.in_(sending),
                    rollups.c.hour >= hour_of(now - LONGEST),
                    rollups.c.hour <= hour_of(now),
                    rollups.c.outcome.in_(sorted(str(one) for one in SIGNS)),
                )
                .group_by(rollups.c.domain, day)
            )
            rows = (await connection.execute(query)).all()
        days: dict[str, set[date]] = defaultdict(set)
        last: dict[str, int] = defaultdict(int)
        for row in rows:
            days[row.domain].add(hour_start(row.day * HOURS_A_DAY).date())
            last[row.domain] = max(last[row.domain], int(row.last))
        return [
            Habit(domain=domain, days=frozenset(found), last=hour_start(last[domain]))
            for domain, found in sorted(days.items())
        ]

    async def set_of(self, domain: str) -> str | None:
        """Return the configuration set of its newest event that names one, None without."""
        query = (
            select(events.c.configuration_set)
            .where(events.c.domain == domain, events.c.configuration_set.is_not(None))
            .order_by(events.c.at.desc())
            .limit(1)
        )
        async with self.database.read() as connection:
            found = await connection.scalar(query)
        return None if found is None else str(found)

    async def heard(self, start: datetime, end: datetime) -> int:
        """Return how many recipients of the whole account we heard of."""
        return await Polls(self.database, self.no_feedback).heard(start, end)


@dataclass(frozen=True, slots=True)
class Strangers:
    """Counts what is of nobody we know, and what was not believed."""

    database: Database

    async def unattributed(self, since: datetime) -> int:
        """Return how many events since then are of no registered domain; own notices are not."""
        own = events.c.flags.contains(str(Flag.OWN_NOTICE), autoescape=True)
        query = (
            select(func.count())
            .select_from(events)
            .where(and_(events.c.domain.is_(None), events.c.at >= since, not_(own)))
        )
        async with self.database.read() as connection:
            return int(await connection.scalar(query) or 0)

    async def unverified(self, since: datetime) -> int:
        """Return how many notifications received since then were not believed."""
        query = (
            select(func.count())
            .select_from(quarantine)
            .where(
                quarantine.c.received_at >= since,
                quarantine.c.reason.startswith(NOT_BELIEVED, autoescape=True),
            )
        )
        async with self.database.read() as connection:
            return int(await connection.scalar(query) or 0)


@dataclass(frozen=True, slots=True)
class Traces:
    """When the first event of a message came in."""

    database: Database

    async def received_at(self, message_id: str) -> datetime | None:
        """Return when an event of the message was received, None while none was."""
        query = (
            select(events.c.received_at)
            .where(events.c.message_id == message_id)
            .order_by(events.c.received_at)
            .limit(1)
        )
        async with self.database.read() as connection:
            found = await connection.execute(query)
            return found.scalar_one_or_none()
