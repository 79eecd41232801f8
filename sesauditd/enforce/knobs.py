"""Knobs, the single things on AWS that enforcement turns, and plans made of pulls at them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sesauditd.errors import Failed

Position = object
"""A JSON value; None where the thing does not exist."""


class Knob(Protocol):
    """One thing that stands in one position."""

    @property
    def name(self) -> str:
        """Return what it is called in rows of actions, the same for ever."""

    async def read(self) -> Position:
        """Return where it stands; raises Unavailable, Forbidden or Missing."""

    async def turn(self, wanted: Position) -> None:
        """Bring it to a position; repeating it is harmless; raises Uncertain, too."""

    def noted(self, position: Position) -> object:
        """Return a position as JSON for the rows of actions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A knob and the position that is wanted."""

    knob: Knob
    wanted: Position
    holds: Mapping[str, object] | None = None
    """Facts to keep until the knob is put back; None where its absence says all."""
    may_be_gone: bool = False
    """What no longer exists need not be put back."""
    waits: bool = False
    """A refusal may end by itself: AWS's sandbox takes no entries of the suppression list."""

    def is_met_by(self, position: Position) -> bool:
        """Say whether a position is as good as the wanted one."""
        return position == self.wanted or (self.may_be_gone and position is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with one part of a plan; the other parts go on."""

    part: str
    error: Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one action asks of AWS."""

    pulls: tuple[Pull, ...] = ()
    remarks: tuple[str, ...] = ()
    """What an operator should know beside, each a clause."""
    problems: tuple[Problem, ...] = ()
    """What could not even be looked at."""
    released: tuple[str, ...] = ()
    """Holds that end when everything is done."""
    failure: str | None = None
    """Why nothing can be done at all; then nothing is pulled."""
    later: Callable[[], Awaitable[Plan]] | None = None
    """Finds the rest of the plan, once the pulls are done: it takes long to look for."""

    def __add__(self, other: Plan) -> Plan:
        """Return both together."""
        return Plan(
            pulls=self.pulls + other.pulls,
            remarks=self.remarks + other.remarks,
            problems=self.problems + other.problems,
            released=self.released + other.released,
            failure=self.failure or other.failure,
            later=self.later or other.later,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where knobs stand, and which of them could not be read."""

    positions: Mapping[str, Position] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
