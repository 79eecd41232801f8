"""What came of an attempt, as it is written down: its state, its words, when it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.enforce.turning import Result, judged, noted
from sesauditd.model.actions import State
from sesauditd.model.execution import Hold, Outcome

if TYPE_CHECKING:
    from sesauditd.enforce.knobs import Plan, Position, Seen
    from sesauditd.model.execution import Surroundings, Task

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)
REFUSED_RETRY = timedelta(hours=1)
LONGEST_REFUSED_RETRY = timedelta(days=1)
"""A refusal ends by a person's doing: production access, a right, a quota."""
TOLD_AFTER = 4
"""Attempts: AWS being away for a minute is nobody's business."""


def holds_of(plan: Plan, before: Seen, around: Surroundings) -> tuple[Hold, ...]:
    """Return the knobs that are about to leave a position which must come back."""
    return tuple(
        Hold(knob=pull.knob.name, facts=pull.holds)
        for pull in plan.pulls
        if pull.holds is not None
        and pull.knob.name not in around.holds
        and _leaves(pull.wanted, before.positions.get(pull.knob.name))
    )


def outcome_of(task: Task, plan: Plan, after: Seen, now: datetime) -> Outcome:
    """Return what came of an attempt, from where the knobs stand after it."""
    result = judged(plan, after)
    is_done = result.state is State.DONE
    words = "; ".join(dict.fromkeys((*result.words, *plan.remarks)))
    attempts = task.attempts + 1
    return Outcome(
        state=result.state,
        words=words or None,
        after=noted(plan.pulls, after.positions),
        released=plan.released if is_done else (),
        next_try_at=_next_try(result, attempts, now),
        tell=not result.passing or attempts >= TOLD_AFTER,
    )


def broken(task: Task, now: datetime, *, after: Mapping[str, object] | None) -> Outcome:
    """Return the outcome of an attempt that a fault of this program ended."""
    return Outcome(
        state=State.UNKNOWN,
        words="the program failed at it: see its log",
        after=after,
        next_try_at=now + LONGEST_RETRY,
        tell=task.attempts + 1 >= TOLD_AFTER,
    )


def _leaves(wanted: Position, position: Position) -> bool:
    return position is not None and position != wanted


def _next_try(result: Result, attempts: int, now: datetime) -> datetime | None:
    if result.state not in {State.PENDING, State.UNKNOWN}:
        return None
    if not result.passing:
        return now + min(REFUSED_RETRY * attempts, LONGEST_REFUSED_RETRY)
    return now + min(FIRST_RETRY * (1 << min(attempts - 1, 10)), LONGEST_RETRY)
