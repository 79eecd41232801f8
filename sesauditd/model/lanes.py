"""What each lane judges: the rules sorted by when they are, the same for daemon and what-if."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import EPOCH, hour_of, week_of
from sesauditd.model.events import Outcome
from sesauditd.model.guessed_week import suspected_places
from sesauditd.model.history import Reach
from sesauditd.model.limits import Lane
from sesauditd.model.standing import judge_recipient
from sesauditd.model.surge import judge_surges
from sesauditd.model.verdicts import Rule, Verdict, Window
from sesauditd.model.virus import judge_virus
from sesauditd.model.weekly import judge_counts, judge_week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, RecipientHistory, Strike, VirusHistory
    from sesauditd.model.limits import Limits, Volume

LOOK_BACK = timedelta(days=800)
"""Earlier verdicts that a week may still be judged by: a second offence after a year and more."""


def blocks(history: RecipientHistory, limits: Limits, lane: Lane) -> list[Verdict]:
    """Return the blocks of one recipient that this lane brings."""
    return _of(lane, judge_recipient(history, limits))


def surges(
    history: DomainsHistory,
    limits: Limits,
    lane: Lane,
    *,
    since: datetime = EPOCH,
    before: Sequence[Verdict] = (),
) -> list[Verdict]:
    """Return what the sliding rules about a customer's domains bring in this lane.

    `since` and `before` are as `judge_surges` says.
    """
    return _of(lane, judge_surges(history, limits, since=since, before=before))


def viruses(history: VirusHistory, limits: Limits, lane: Lane, *, confirm: bool) -> list[Verdict]:
    """Return what a customer's Rejects bring in this lane."""
    return _of(lane, judge_virus(history, limits, confirm=confirm))


def week_so_far(
    history: DomainsHistory, week: Week, limits: Limits, earlier: Sequence[Verdict]
) -> list[Verdict]:
    """Return what weekly rules bring that the policy file put on the fast lane.

    A termination of the weekly lane absorbs nothing here: until Monday only the disable stops
    the domain. Each reinstatement ends a stretch of the week, which is judged as it was then;
    what is found after it carries a number behind the name of the week.
    """
    again = history.decisions.reinstated
    within = {
        domain: [at for at in sorted(again.get(domain, ())) if week.start < at < week.end]
        for domain in {one.domain for one in history.strikes}
    }
    found: list[Verdict] = []
    for end in sorted({at for times in within.values() for at in times} | {week.end}):
        stretch = history if end == week.end else _until(history, end)
        for one in _of(Lane.FAST, judge_counts(stretch, week, limits, earlier)):
            times = within[one.domain]
            if end == week.end or end in times:
                found.append(_so_far(one, sum(at < end for at in times)))
    return found


def whole_week(
    history: DomainsHistory,
    week: Week,
    limits: Limits,
    earlier: Sequence[Verdict],
    *,
    confirm: bool = False,
) -> list[Verdict]:
    """Return what the weekly lane brings for a week; `earlier` is as `before_week` says."""
    return _of(Lane.WEEKLY, judge_week(history, week, limits, earlier, confirm=confirm))


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


def may_surge(strikes: Sequence[Strike], limits: Limits) -> bool:
    """Say whether enough strikes stand together anywhere for a sliding rule to fire.

    What it denies, `surges` denies too: it counts strikes where that counts recipients.
    """
    bounces = [one for one in strikes if one.outcome is Outcome.HARD_BOUNCE]
    complaints = [one for one in strikes if one.outcome is Outcome.COMPLAINT]
    surge, complained = limits.hard_bounce.surge, limits.complaint.surge
    guessed = limits.guessing.disable
    least = min(surge.count, surge.new_customer_count)
    return (
        _crowded(bounces, timedelta(hours=surge.within_hours), least)
        or _crowded(complaints, timedelta(hours=complained.within_hours), complained.count)
        or _crowded(bounces, timedelta(minutes=guessed.within_minutes), guessed.unknown_users)
    )


def may_judge(
    strikes: Sequence[Strike], week: Week, limits: Limits, earlier: Iterable[Verdict]
) -> bool:
    """Say whether a week's strikes are enough for any weekly rule to fire.

    What it denies, `whole_week` and `week_so_far` deny too.
    """
    bounces = sum(one.outcome is Outcome.HARD_BOUNCE for one in strikes)
    complaints = sum(one.outcome is Outcome.COMPLAINT for one in strikes)
    hard, complaint = limits.hard_bounce, limits.complaint
    if bounces >= _least(hard.warn, hard.disable):
        return True
    if complaints >= _least(complaint.warn, complaint.disable, complaint.terminate):
        return True
    if complaints and any(
        one.rule is Rule.COMPLAINT_SURGE and week_of(one.window.end) == week for one in earlier
    ):
        # A surge soon after a reinstatement ends access, whatever the week holds.
        return True
    return bool(suspected_places(strikes))


def _crowded(strikes: Sequence[Strike], span: timedelta, least: int) -> bool:
    times = sorted(one.at for one in strikes)
    behind = times[least - 1 :]
    return any(last - first <= span for first, last in zip(times, behind, strict=False))


def _least(*rules: Volume) -> int:
    return min(min(one.small_count, one.count) for one in rules)


def _of(lane: Lane, judged: Iterable[Verdict]) -> list[Verdict]:
    return [one for one in judged if one.lane is lane]


def _until(history: DomainsHistory, moment: datetime) -> DomainsHistory:
    """Return what there was before the moment; the roll-up of its hour is kept whole."""
    reinstated = {
        domain: tuple(at for at in times if at < moment)
        for domain, times in history.decisions.reinstated.items()
    }
    last = hour_of(moment)
    return replace(
        history,
        strikes=tuple(one for one in history.strikes if one.at < moment),
        decisions=replace(history.decisions, reinstated=reinstated),
        reach=Reach(hourly=[row for row in history.reach.hourly if row.hour <= last]),
    )


def _so_far(verdict: Verdict, reinstated: int) -> Verdict:
    newest = datetime.fromisoformat(str(verdict.evidence["newest_at"]))
    return replace(
        verdict,
        incident=f"{verdict.incident}-{reinstated + 1}" if reinstated else verdict.incident,
        window=Window(start=verdict.window.start, end=newest),
    )
