"""Holds the weekly judgement back until the mail of its week has been heard of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from sesauditd.errors import Failed

if TYPE_CHECKING:
    from sesauditd.jobs.pipe import Queue
    from sesauditd.model.owed import Period

PATIENCE = timedelta(hours=2)

log = structlog.get_logger()


@dataclass(slots=True)
class Backlog:
    """After days down, bounces may come out of the queue before the Sends they belong to.

    A rate judged half way would be too high, so a week waits for its messages, but not for
    ever: what comes later reopens the week.
    """

    queue: Queue
    patience: timedelta = PATIENCE
    _waiting_since: datetime | None = field(default=None, init=False)

    async def has_left(self, period: Period, now: datetime) -> bool:
        """Say whether no message of the period is in the queue, or it was waited for enough."""
        if await self._is_drained(period, now):
            self._waiting_since = None
            return True
        if self._waiting_since is None or self._waiting_since > now:
            self._waiting_since = now
            log.info("week_waits_for_queue", period=period.name)
        return now - self._waiting_since >= self.patience

    async def _is_drained(self, period: Period, now: datetime) -> bool:
        try:
            depth = await self.queue.depth(now)
        except Failed as error:
            log.warning("queue_not_seen", reason=str(error))
            return False
        if depth.waiting == 0 and depth.in_flight == 0:
            return True
        oldest = depth.oldest_seconds
        return oldest is not None and now - timedelta(seconds=oldest) >= period.end
