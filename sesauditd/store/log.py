"""The event log: records a batch and judges what it touches, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.model.recorded import Recorded
from sesauditd.model.touched import Touched
from sesauditd.store import fastlane, history, register, retention, watch
from sesauditd.store.events import record
from sesauditd.store.late import attribute_late
from sesauditd.store.occasion import Occasion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Reading
    from sesauditd.model.register import Register
    from sesauditd.store.engine import Database
    from sesauditd.store.register import Adoption
    from sesauditd.store.stance import Stance

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EventLog:
    """Keeps readings, each at most once, with all that follows from them."""

    database: Database
    stance: Stance

    async def register(self) -> Register:
        """Return who owns what at this moment."""
        async with self.database.read() as connection:
            return await register.snapshot(connection)

    async def record(
        self, readings: Sequence[Reading], *, now: datetime, proposed: bool
    ) -> Recorded:
        """Record and judge a batch; with `proposed` what follows waits for an operator."""
        occasion = Occasion(now=now, stance=self.stance, from_replay=proposed)

        async def work(connection: AsyncConnection) -> tuple[Recorded, int]:
            owners = await register.snapshot(connection)
            admitted, too_old = await retention.admitted(connection, readings)
            counts, touched = await record(
                connection, admitted, owners, no_feedback=self._no_feedback
            )
            await fastlane.judge(connection, owners, touched, occasion)
            if not proposed:
                await watch.saw_messages(connection, now)
            reach("store.recording")
            return counts, too_old

        counts, too_old = await self.database.write_at_once(work)
        if too_old:
            log.warning("events_too_old", events=too_old)
        return counts + Recorded(ignored=too_old)

    async def adopt(self, adoptions: Sequence[Adoption], *, now: datetime, actor: str) -> int:
        """Register domains; events that came before count from now on. Return the changes."""

        async def work(connection: AsyncConnection) -> int:
            before = await register.snapshot(connection)
            changed = [
                await register.adopt(connection, one, now=now, actor=actor) for one in adoptions
            ]
            if any(changed):
                await self.catch_up(connection, before, now)
            return sum(changed)

        return await self.database.write_at_once(work)

    async def catch_up(self, connection: AsyncConnection, before: Register, now: datetime) -> None:
        """Have events count that came before their domain was registered, inside a transaction.

        `before` is the register as it was.
        """
        owners = await register.snapshot(connection)
        touched = await attribute_late(connection, owners, no_feedback=self._no_feedback)
        # How new a customer is decides which limit a surge has, also one of the past.
        moved = [name for name, since in before.since.items() if owners.since[name] != since]
        touched |= Touched(domains=await history.struck_spans(connection, owners, moved))
        # Events of the past are judged as a replay is: what follows is only proposed.
        occasion = Occasion(now=now, stance=self.stance, from_replay=True)
        await fastlane.judge(connection, owners, touched, occasion)

    @property
    def _no_feedback(self) -> frozenset[str]:
        return frozenset(self.stance.policies.common.general.no_complaint_feedback)
