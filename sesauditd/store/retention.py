"""Forgets old events in small steps, and knows those that come again when they are forgotten.

What stays: roll-ups, strikes and the events that they are of, Rejects, and events whose own
time could not be believed. An event that goes takes the key with it by which a second arrival
would be known; so from then on nothing of before the horizon is recorded that is not stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, exists, not_, select

from sesauditd.daemon.failpoint import reach
from sesauditd.model.calendar import aware
from sesauditd.model.events import Flag
from sesauditd.model.retention import horizon
from sesauditd.store import journal, watch
from sesauditd.store.statements import chunks
from sesauditd.store.tables import event_recipients, events, strikes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Reading
    from sesauditd.store.engine import Database

OBSERVATION: Final = "retention"
KIND: Final = "retention"
"""The journal's row by which a rebuild refuses what was refused."""
ACTOR: Final = "retention"
LONGEST_WAY: Final = timedelta(days=35)
"""Keys begin with the time of the mail: what is told of it later lies before its own time."""
KEY_BYTES: Final = 8
PIECE: Final = 50
LONGEST_SECONDS: Final = 0.03
"""After so long a step ends with what it has: a busy machine may be slower than it ever was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """How far events are forgotten."""

    before: datetime
    """The horizon: a midnight, and it only ever rises."""
    done_before: datetime | None = None
    """The horizon before which nothing is left to forget."""
    after: bytes = b""
    """The last key that was looked at on the way to the horizon."""
    forgotten: int = 0
    """Events, in all."""

    @property
    def is_done(self) -> bool:
        """Say whether everything of before the horizon that may go has gone."""
        return self.done_before is not None and self.done_before >= self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did."""

    events: int
    recipients: int
    held_seconds: float
    """For how long it kept other writers out."""
    is_last: bool


async def standing(connection: AsyncConnection) -> Forgetting | None:
    """Return how far events are forgotten, None while none ever were."""
    facts = await watch.recall(connection, OBSERVATION)
    if facts is None:
        return None
    done = facts.get("done_before")
    return Forgetting(
        before=datetime.fromisoformat(str(facts["before"])),
        done_before=datetime.fromisoformat(str(done)) if done else None,
        after=bytes.fromhex(str(facts["after"])),
        forgotten=int(str(facts["forgotten"])),
    )


async def kept_since(connection: AsyncConnection) -> datetime:
    """Return the horizon: what is older is not counted any more, and may be gone."""
    found = await standing(connection)
    return datetime.min.replace(tzinfo=UTC) if found is None else found.before


async def raise_horizon(connection: AsyncConnection, before: datetime, now: datetime) -> bool:
    """Move the horizon up inside a writing transaction; return False if it is there already."""
    known = await standing(connection)
    if known is not None and before <= known.before:
        return False
    await stand(connection, before, now)
    facts = {"before": before.isoformat()}
    await journal.append(connection, at=now, actor=ACTOR, kind=KIND, subject="events", facts=facts)
    return True


async def stand(connection: AsyncConnection, before: datetime, now: datetime) -> None:
    """Let the horizon be where it is said to be; what lies behind it goes step by step."""
    known = await standing(connection) or Forgetting(before=before)
    if before < known.before:
        return
    # Of mail before the former horizon something was told later: that is looked at again.
    after = min(known.after, key_of(known.before - LONGEST_WAY))
    await _note(connection, replace(known, before=before, after=after), now)


async def admitted(
    connection: AsyncConnection, readings: Sequence[Reading]
) -> tuple[Sequence[Reading], int]:
    """Return the readings that may be recorded, and how many events are too old for that.

    An event of before the horizon that is stored is known as before; of one that is not,
    nobody can say whether it was counted.
    """
    since = await kept_since(connection)
    old = {
        one.event.feedback.key for one in readings if one.event is not None and one.event.at < since
    }
    if not old:
        return readings, 0
    for part in chunks(sorted(old)):
        rows = await connection.execute(select(events.c.key).where(events.c.key.in_(part)))
        old -= set(rows.scalars())
    kept = [one for one in readings if one.event is None or one.event.feedback.key not in old]
    return kept, len(readings) - len(kept)


@dataclass(frozen=True, slots=True)
class OldEvents:
    """The events of one database, forgotten step by step, each in a transaction of its own."""

    database: Database
    ticks: Callable[[], float] = time.perf_counter

    async def raise_horizon(self, keep: timedelta, now: datetime) -> datetime | None:
        """Move the horizon up where there is anything behind it; return it if it moved."""
        async with self.database.write() as connection:
            newest = await connection.scalar(_first(events.c.key.desc()))
            oldest = await connection.scalar(_first(events.c.key))
            if newest is None or oldest is None:
                return None
            before = horizon(now, newest, keep)
            if oldest >= before or not await raise_horizon(connection, before, now):
                return None
        return before

    async def forget(self, rows: int, now: datetime) -> Step | None:
        """Look at so many rows and forget those that may go; None when nothing is owed."""
        async with self.database.read() as connection:
            state = await standing(connection)
            if state is None or state.is_done:
                return None
            looked = (await connection.execute(_next(state, rows))).all()
        begun = 0.0

        async def work(connection: AsyncConnection) -> tuple[int, int, bool] | None:
            nonlocal begun
            begun = self.ticks()
            if await standing(connection) != state:
                return None
            gone = recipients = done = 0
            for part in chunks(looked, PIECE):
                found = await _delete(connection, [row.key for row in part if row.goes], state)
                gone, recipients, done = gone + found[0], recipients + found[1], done + len(part)
                if self.ticks() - begun > LONGEST_SECONDS:
                    break
            is_last = done == len(looked) < rows
            fresh = replace(
                state,
                done_before=state.before if is_last else state.done_before,
                after=looked[done - 1].key if done else state.after,
                forgotten=state.forgotten + gone,
            )
            await _note(connection, fresh, now)
            reach("store.forgetting")
            return gone, recipients, is_last

        done = await self.database.write_at_once(work)
        held = self.ticks() - begun
        if done is None:
            # Another daemon, or a new horizon, came between: the next step sees that.
            return Step(events=0, recipients=0, held_seconds=held, is_last=False)
        gone, recipients, is_last = done
        return Step(events=gone, recipients=recipients, held_seconds=held, is_last=is_last)


def key_of(moment: datetime) -> bytes:
    """Return the beginning of the first key of that time: nothing older sorts behind it."""
    return max(int(aware(moment).timestamp()), 0).to_bytes(KEY_BYTES, "big")


def _first(order: ColumnElement[bytes]) -> Select[datetime]:
    return select(events.c.at).order_by(order).limit(1)


def _next(state: Forgetting, rows: int) -> Select[bytes, bool]:
    return (
        select(events.c.key, _may_go(state.before).label("goes"))
        .where(events.c.key > state.after, events.c.key < key_of(state.before))
        .order_by(events.c.key)
        .limit(rows)
    )


def _may_go(before: datetime) -> ColumnElement[bool]:
    return and_(
        events.c.at < before,
        # The rule about viruses looks at every Reject that there ever was.
        events.c.kind != "Reject",
        # Of a second arrival the time would be another one, which no horizon knows.
        not_(events.c.flags.contains(str(Flag.TIME_REPLACED), autoescape=True)),
        not_(exists().where(strikes.c.event == events.c.key)),
    )


async def _delete(
    connection: AsyncConnection, keys: Sequence[bytes], state: Forgetting
) -> tuple[int, int]:
    """Delete what still may go: somebody may have been registered for it since it was looked at."""
    rows = await connection.execute(
        select(events.c.key).where(events.c.key.in_(keys), _may_go(state.before))
    )
    still = list(rows.scalars())
    if not still:
        return 0, 0
    told = await connection.execute(
        delete(event_recipients).where(event_recipients.c.event.in_(still))
    )
    await connection.execute(delete(events).where(events.c.key.in_(still)))
    return len(still), told.rowcount


async def _note(connection: AsyncConnection, state: Forgetting, now: datetime) -> None:
    facts = {
        "before": state.before.isoformat(),
        "done_before": state.done_before.isoformat() if state.done_before else None,
        "after": state.after.hex(),
        "forgotten": state.forgotten,
    }
    await watch.remember(connection, OBSERVATION, facts, now)
