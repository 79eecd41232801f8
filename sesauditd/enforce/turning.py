"""Turning knobs: look, turn what stands elsewhere, read back until it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sesauditd.daemon.failpoint import reach
from sesauditd.enforce.knobs import Problem, Seen
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable, Uncertain
from sesauditd.model.actions import State

if TYPE_CHECKING:
    from sesauditd.enforce.knobs import Plan, Position, Pull

MOST_REMEMBERED = 10_000


@dataclass(slots=True, kw_only=True)
class Turner:
    """Turns the knobs of a plan, patient with what AWS shows late."""

    patience_seconds: Sequence[float]
    """Waits between one read-back and the next; IAM is eventually consistent."""
    turned: dict[str, Position] = field(default_factory=dict)
    """Where each knob was turned last, by this process."""

    async def look(self, pulls: Sequence[Pull]) -> Seen:
        """Return where the knobs stand before anything is done."""
        positions: dict[str, Position] = {}
        problems = []
        for pull in pulls:
            try:
                positions[pull.knob.name] = await _position(pull)
            except Failed as error:
                problems.append(Problem(part=pull.knob.name, error=error))
        return Seen(positions=positions, problems=tuple(problems))

    async def turn(self, pulls: Sequence[Pull], before: Seen) -> Seen:
        """Turn the knobs that could be read and stand elsewhere; return where they stand then.

        A problem of a knob that reads back as wanted is none: AWS did it, the answer was lost.
        """
        problems: dict[str, Failed] = {one.part: one.error for one in before.problems}
        positions = dict(before.positions)
        reached = [pull for pull in pulls if pull.knob.name in before.positions]
        turned = [pull for pull in reached if not self._stands(pull, positions[pull.knob.name])]
        for pull in turned:
            error = await self._turned(pull)
            if error is not None:
                problems[pull.knob.name] = error
        for pull in turned:
            name = pull.knob.name
            try:
                positions[name] = await self._read_back(pull, problems.get(name))
            except Failed as error:
                problems.setdefault(name, error)
                del positions[name]
                continue
            if pull.is_met_by(positions[name]):
                problems.pop(name, None)
        found = tuple(Problem(part=name, error=error) for name, error in problems.items())
        return Seen(positions=positions, problems=found)

    def _stands(self, pull: Pull, position: Position) -> bool:
        """Say whether nothing is to be done, also if what was read is some seconds old."""
        last = self.turned.get(pull.knob.name, pull.wanted)
        return pull.is_met_by(position) and last == pull.wanted

    async def _turned(self, pull: Pull) -> Failed | None:
        """Turn one knob; what is Missing may only not be visible yet, so it is tried again."""
        for wait in (*self.patience_seconds, None):
            self._remember(pull)
            try:
                await pull.knob.turn(pull.wanted)
            except Missing as error:
                if wait is None:
                    return error
                await asyncio.sleep(wait)
            except Failed as error:
                return error
            else:
                reach("executor.called")
                return None
        return None

    async def _read_back(self, pull: Pull, error: Failed | None) -> Position:
        position = await _position(pull)
        hopeless = isinstance(error, Forbidden | Missing | Unavailable)
        for wait in () if hopeless else self.patience_seconds:
            if pull.is_met_by(position):
                break
            await asyncio.sleep(wait)
            position = await _position(pull)
        return position

    def _remember(self, pull: Pull) -> None:
        if len(self.turned) >= MOST_REMEMBERED:
            self.turned.clear()
        self.turned[pull.knob.name] = pull.wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a plan."""

    state: State
    words: tuple[str, ...]
    passing: bool = False
    """The trouble may end by itself, soon."""


def judged(plan: Plan, after: Seen) -> Result:
    """Return the state that an attempt ends in, and why."""
    problems = (*plan.problems, *after.problems)
    unmet = [
        pull.knob.name
        for pull in plan.pulls
        if not pull.is_met_by(after.positions.get(pull.knob.name))
    ]
    waiting = {pull.knob.name for pull in plan.pulls if pull.waits}
    words = tuple(f"{one.part}: {one.error}" for one in problems)
    if any(isinstance(one.error, Unavailable) for one in problems):
        return Result(state=State.PENDING, words=words, passing=True)
    lasting = [one for one in problems if not isinstance(one.error, Uncertain)]
    if lasting:
        waits = all(isinstance(one.error, Forbidden) and one.part in waiting for one in lasting)
        return Result(state=State.PENDING if waits else State.FAILED, words=words)
    if unmet or problems:
        shown = tuple(f"{name} does not read back as it was set" for name in unmet)
        return Result(state=State.UNKNOWN, words=words or shown, passing=True)
    return Result(state=State.DONE, words=())


def noted(pulls: Sequence[Pull], positions: Mapping[str, Position]) -> dict[str, object]:
    """Return positions as JSON for a row of actions."""
    return {
        pull.knob.name: pull.knob.noted(positions[pull.knob.name])
        for pull in pulls
        if pull.knob.name in positions
    }


async def _position(pull: Pull) -> Position:
    try:
        return await pull.knob.read()
    except Missing:
        return None
