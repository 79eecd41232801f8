"""What each lane judges: the rules sorted by when they are, the same for daemon and what-if."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.limits import Lane
from sesauditd.model.standing import judge_recipient
from sesauditd.model.surge import judge_surges
from sesauditd.model.verdicts import Verdict, Window
from sesauditd.model.virus import judge_virus
from sesauditd.model.weekly import judge_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, RecipientHistory, VirusHistory
    from sesauditd.model.limits import Limits

LOOK_BACK = timedelta(days=800)
"""Earlier verdicts that a week may still be judged by: a second offence after a year and more."""


def blocks(history: RecipientHistory, limits: Limits, lane: Lane) -> list[Verdict]:
    """Return the blocks of one recipient that this lane brings."""
    return _of(lane, judge_recipient(history, limits))


def surges(history: DomainsHistory, limits: Limits, lane: Lane) -> list[Verdict]:
    """Return what the sliding rules about a customer's domains bring in this lane."""
    return _of(lane, judge_surges(history, limits))


def viruses(history: VirusHistory, limits: Limits, lane: Lane, *, confirm: bool) -> list[Verdict]:
    """Return what a customer's Rejects bring in this lane."""
    return _of(lane, judge_virus(history, limits, confirm=confirm))


def week_so_far(
    history: DomainsHistory, week: Week, limits: Limits, earlier: Sequence[Verdict]
) -> list[Verdict]:
    """Return what weekly rules bring that the policy file put on the fast lane."""
    return [_so_far(one) for one in _of(Lane.FAST, judge_week(history, week, limits, earlier))]


def whole_week(
    history: DomainsHistory, week: Week, limits: Limits, earlier: Sequence[Verdict]
) -> list[Verdict]:
    """Return what the weekly lane brings for a week; `earlier` is as `before_week` says."""
    return _of(Lane.WEEKLY, judge_week(history, week, limits, earlier))


def before_week(week: Week, standing: Iterable[Verdict]) -> list[Verdict]:
    """Return, of a customer's standing verdicts, those that a week is judged by."""
    return [
        one
        for one in standing
        if one.recipient is None
        and one.window.end >= week.start - LOOK_BACK
        and (one.lane is Lane.FAST or one.window.end < week.end)
    ]


def has_fast_weeks(limits: Limits) -> bool:
    """Say whether the policy file put a weekly rule on the fast lane."""
    return Lane.FAST in {limits.hard_bounce.disable.lane, limits.complaint.disable.lane}


def has_moved(limits: Limits) -> bool:
    """Say whether the policy file moved a rule from the fast lane to the weekly one."""
    return Lane.WEEKLY in {
        limits.soft_bounce.block.lane,
        limits.hard_bounce.block.lane,
        limits.hard_bounce.surge.lane,
        limits.complaint.block.lane,
        limits.complaint.surge.lane,
        limits.guessing.disable.lane,
        limits.virus.disable.lane,
        limits.virus.terminate.lane,
    }


def _of(lane: Lane, judged: Iterable[Verdict]) -> list[Verdict]:
    return [one for one in judged if one.lane is lane]


def _so_far(verdict: Verdict) -> Verdict:
    newest = datetime.fromisoformat(str(verdict.evidence["newest_at"]))
    return replace(verdict, window=Window(start=verdict.window.start, end=newest))
