"""How long events are kept: never shorter than anything looks back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from sesauditd.model.calendar import aware

if TYPE_CHECKING:
    from sesauditd.model.limits import Limits

LONGEST_JOB_DAYS: Final = 105
"""The longest that anything but the policy looks back at events: who else writes to an address
that is put on the account's list, 90 days of events about mail of up to 15 days before."""
LATE_DAYS: Final = 14
"""So long SQS keeps a message at most, so this late an event may come and a week be judged.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""
SILENT: Final = timedelta(days=30)
"""Without any newer event the clock is not believed for longer than this."""


def horizon(now: datetime, newest: datetime, keep: timedelta) -> datetime:
    """Return the midnight, UTC, before which events are old; raises ValueError without a zone.

    A clock that is years ahead would make all old that is still to come, and nobody could take
    that back; so the newest event bounds it.
    """
    last = min(aware(now), aware(newest) + SILENT) - keep
    return last.replace(hour=0, minute=0, second=0, microsecond=0)


def least_days(limits: Limits) -> tuple[int, str]:
    """Return for how many days events must be kept at least, and what wants that."""
    days, key = max(_looks_back(limits))
    if days + LATE_DAYS <= LONGEST_JOB_DAYS:
        return LONGEST_JOB_DAYS, f"the daemon's own jobs look back {LONGEST_JOB_DAYS} days"
    return days + LATE_DAYS, (
        f"{key} looks back {days} days, and an event may come {LATE_DAYS} days late"
    )


def _looks_back(limits: Limits) -> Iterator[tuple[int, str]]:
    """Yield the days of each window of the policy, and the key that sets it."""
    hard, complaint, guessing = limits.hard_bounce, limits.complaint, limits.guessing.disable
    yield limits.soft_bounce.block.within_days, "soft_bounce.block.within_days"
    yield complaint.block.within_days, "complaint.block.within_days"
    yield limits.virus.terminate.within_days, "virus.terminate.within_days"
    yield limits.virus.disable.shadow_incident_days, "virus.disable.shadow_incident_days"
    yield hard.disable.warnings_weeks * 7, "hard_bounce.disable.warnings_weeks"
    yield complaint.disable.warnings_weeks * 7, "complaint.disable.warnings_weeks"
    yield complaint.terminate.again_within_days, "complaint.terminate.again_within_days"
    yield limits.general.stale_evidence_days, "general.stale_evidence_days"
    yield _days(hours=hard.surge.within_hours), "hard_bounce.surge.within_hours"
    yield _days(hours=complaint.surge.within_hours), "complaint.surge.within_hours"
    yield _days(hours=guessing.delivered_before_hours), "guessing.disable.delivered_before_hours"
    yield _days(minutes=guessing.within_minutes), "guessing.disable.within_minutes"


def _days(*, hours: int = 0, minutes: int = 0) -> int:
    return ceil(timedelta(hours=hours, minutes=minutes) / timedelta(days=1))
