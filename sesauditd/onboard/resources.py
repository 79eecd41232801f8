"""What the engine works on: resources in stages, and who keeps and hears of their changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sesauditd.model.plan import Change, Conflict, Document, Kept

Facts = Mapping[str, Document | None]
"""What stands on AWS by the resource's name, as it was last observed."""


class Resource(Protocol):
    """One thing on AWS or in DNS: how it stands, how it should, and how to get there.

    A resource that can only be looked at wants what it observes, or is a Conflict.
    """

    @property
    def name(self) -> str:
        """Return its name for people, stable and its own: `SQS queue sesaudit-feedback`."""
        ...

    @property
    def why(self) -> str:
        """Return what it is for, as a clause."""
        ...

    async def observe(self) -> Document | None:
        """Return how it stands, in canonical form, None if it does not exist.

        Only reads. Raises Unavailable or Forbidden.
        """
        ...

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        """Return how it should stand, given how it does; pure.

        Foreign parts of what stands are kept in it. What is not ours to change, or not safe to,
        is a Conflict; what is fine and worth a remark is Kept. It wants what it wanted once
        that is there: wanted(wanted(x)) == wanted(x).
        """
        ...

    async def apply(self, change: Change) -> None:
        """Carry one change out, from `change.before` to `change.after`; repeating is harmless.

        Raises Failed; Uncertain if the answer was lost.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What a stage cannot know before a change of an earlier one is made, in words."""

    later: tuple[str, ...]


Stage = Callable[[Facts], Sequence[Resource] | Unknown]
"""Resources that are looked at together, made from the facts of earlier stages; pure."""


class Steps(Protocol):
    """Keeps what was begun and what was finished, each committed before it returns."""

    async def begin(self, change: Change) -> None:
        """Keep that a change is about to be made."""
        ...

    async def finish(self, change: Change) -> None:
        """Keep that a change was made and read back."""
        ...


class Moment(StrEnum):
    """When the watcher of an apply hears of a change."""

    BEGUN = "begun"
    DONE = "done"


Watch = Callable[[Change, Moment], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was changed, and what could not be."""

    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """If there are any, nothing was changed after they were found."""
    later: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    facts: Facts = field(default_factory=dict)
    """How everything stands now."""
