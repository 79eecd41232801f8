"""Our own count of what AWS counts of the account, and the polls of AWS's own figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, false, func, not_, or_, select

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import aware, hour_of
from sesauditd.model.events import Outcome
from sesauditd.model.reputation import SPANS, Poll, Tally
from sesauditd.report.counts import mailed
from sesauditd.store import watch
from sesauditd.store.statements import upsert
from sesauditd.store.tables import (
    domains,
    event_recipients,
    events,
    reputation_polls,
    rollups,
    strikes,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

KEPT = timedelta(days=90)
SIMULATOR = "%@simulator.amazonses.com"
FIRST_LOOK = "reputation"
"""The observation that says since when the account is watched."""


async def tally(
    connection: AsyncConnection, start: datetime, end: datetime, no_feedback: frozenset[str]
) -> Tally:
    """Return what AWS would count from hour to hour, as far as its definition is known.

    Everybody's mail is in it, that of nobody we know and our own notices too. Recipients at
    registered domains, which are verified, are left out of the bounces; how many of those who
    were mailed are at such domains is not known hour by hour, so the rate is a little low.
    """
    sums, feeding_back = await _rolled_up(connection, start, end)
    others, others_feeding_back = await _of_nobody(connection, start, end, no_feedback)
    return Tally(
        days=round((end - start) / timedelta(days=1)),
        mailed=mailed(sums) + mailed(others),
        hard_bounces=await _hard_bounces(connection, start, end) + others[Outcome.HARD_BOUNCE],
        feeding_back=mailed(feeding_back) + mailed(others_feeding_back),
        complaints=sums[Outcome.COMPLAINT] + others[Outcome.COMPLAINT],
    )


async def newest(connection: AsyncConnection, limit: int) -> tuple[Poll, ...]:
    """Return the last polls, the newest first."""
    query = select(reputation_polls).order_by(reputation_polls.c.at.desc()).limit(limit)
    return tuple(_poll(row) for row in await connection.execute(query))


async def keep(connection: AsyncConnection, poll: Poll) -> None:
    """Keep a poll, and forget those that are too old; one of the same moment is replaced.

    A clock that was set back must not leave polls of the future before those of now.
    """
    at = aware(poll.at)
    forgotten = or_(reputation_polls.c.at < at - KEPT, reputation_polls.c.at > at)
    await connection.execute(delete(reputation_polls).where(forgotten))
    row = {
        "bounce_rate": poll.bounce_rate,
        "complaint_rate": poll.complaint_rate,
        "sent": poll.sent,
        "heard": poll.heard,
        "tallies": [asdict(one) for one in poll.tallies],
        "problem": poll.problem,
    }
    await connection.execute(
        upsert(connection, reputation_polls)
        .values(at=at, **row)
        .on_conflict_do_update(index_elements=["at"], set_=row)
    )


@dataclass(frozen=True, slots=True)
class Polls:
    """Our figures and the polls, each look and each note in a transaction of its own."""

    database: Database
    no_feedback: frozenset[str]
    """Providers that report no complaints to SES."""

    async def tallies(self, now: datetime) -> Sequence[Tally]:
        """Return our counts over each of the spans that end now."""
        async with self.database.read() as connection:
            return [
                await tally(connection, now - timedelta(days=days), now, self.no_feedback)
                for days in SPANS
            ]

    async def heard(self, start: datetime, end: datetime) -> int:
        """Return how many recipients we heard of from hour to hour, at least.

        Those of the simulator count once an event, so too often rather than too seldom.
        """
        async with self.database.read() as connection:
            sums, _ = await _rolled_up(connection, start, end)
            others, _ = await _of_nobody(connection, start, end, self.no_feedback, simulated=True)
            return mailed(sums) + sums[Outcome.SIMULATED] + mailed(others)

    async def keep(self, poll: Poll) -> None:
        """Keep a poll, and forget those that are too old."""
        async with self.database.write() as connection:
            await keep(connection, poll)

    async def newest(self, limit: int) -> Sequence[Poll]:
        """Return the last polls, the newest first."""
        async with self.database.read() as connection:
            return await newest(connection, limit)

    async def watched_since(self, now: datetime) -> datetime:
        """Return when the account was first watched; it is now if never before."""
        async with self.database.write() as connection:
            return await watch.since(connection, FIRST_LOOK, now)


async def _rolled_up(
    connection: AsyncConnection, start: datetime, end: datetime
) -> tuple[Counter[Outcome], Counter[Outcome]]:
    """Return what became of the mail of registered domains, and where complaints are reported."""
    query = (
        select(rollups.c.outcome, rollups.c.feeds_back, func.sum(rollups.c["count"]).label("sum"))
        .where(
            # Named one by one, the domains lead into the primary key.
            rollups.c.domain.in_(select(domains.c.name)),
            rollups.c.hour >= hour_of(start),
            rollups.c.hour < hour_of(end) + (1 if end.minute or end.second else 0),
        )
        .group_by(rollups.c.outcome, rollups.c.feeds_back)
    )
    sums: Counter[Outcome] = Counter()
    feeding_back: Counter[Outcome] = Counter()
    for row in await connection.execute(query):
        sums[Outcome(row.outcome)] += int(row.sum)
        if row.feeds_back:
            feeding_back[Outcome(row.outcome)] += int(row.sum)
    return sums, feeding_back


async def _hard_bounces(connection: AsyncConnection, start: datetime, end: datetime) -> int:
    own = set((await connection.execute(select(domains.c.name))).scalars())
    query = select(strikes.c.recipient).where(
        strikes.c.domain.in_(select(domains.c.name)),
        strikes.c.at >= start,
        strikes.c.at < end,
        strikes.c.outcome == str(Outcome.HARD_BOUNCE),
    )
    found = (await connection.execute(query)).scalars()
    return sum(not _is_verified(domain_of(one), own) for one in found)


def _is_verified(domain: str, own: set[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[place:]) in own for place in range(len(labels)))


async def _of_nobody(
    connection: AsyncConnection,
    start: datetime,
    end: datetime,
    no_feedback: frozenset[str],
    *,
    simulated: bool = False,
) -> tuple[Counter[Outcome], Counter[Outcome]]:
    """Return the same of mail that counts for no customer: our own, and that of nobody we know."""
    recipient = event_recipients.c.recipient
    at_silent = [recipient.endswith(f"@{one}", autoescape=True) for one in sorted(no_feedback)]
    feeds_back = not_(or_(false(), *at_silent))
    wanted = [events.c.domain.is_(None), events.c.at >= start, events.c.at < end]
    if not simulated:
        wanted.append(not_(event_recipients.c.recipient.like(SIMULATOR)))
    sums: Counter[Outcome] = Counter()
    feeding_back: Counter[Outcome] = Counter()
    for outcome, which in _OUTCOMES.items():
        # Of those whom an ambiguous complaint names, one complained.
        each = events.c.key.distinct() if outcome is Outcome.COMPLAINT else events.c.key
        for counter, condition in ((sums, None), (feeding_back, feeds_back)):
            query = (
                select(func.count(each))
                .select_from(
                    events.join(event_recipients, event_recipients.c.event == events.c.key)
                )
                .where(*wanted, which, *([] if condition is None else [condition]))
            )
            counter[outcome] = int(await connection.scalar(query) or 0)
    return sums, feeding_back


_OUTCOMES: Mapping[Outcome, ColumnElement[bool]] = {
    Outcome.SENT: events.c.kind == "Send",
    Outcome.DELIVERED: events.c.kind == "Delivery",
    Outcome.HARD_BOUNCE: and_(
        events.c.kind == "Bounce",
        events.c.type == "Permanent",
        not_(func.coalesce(events.c.subtype, "").like("%SuppressionList")),
    ),
    Outcome.COMPLAINT: and_(
        events.c.kind == "Complaint",
        not_(func.coalesce(events.c.subtype, "").like("%SuppressionList")),
    ),
}
"""By SES's own words: an own notice has the outcome `notice`, whatever became of it."""


def _poll(row: Row[Any]) -> Poll:
    return Poll(
        at=row.at,
        bounce_rate=row.bounce_rate,
        complaint_rate=row.complaint_rate,
        sent=row.sent,
        heard=row.heard,
        tallies=tuple(Tally(**one) for one in row.tallies),
        problem=row.problem,
    )
