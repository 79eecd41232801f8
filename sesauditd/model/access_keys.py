"""Access keys of a domain's user: which are known to somebody, and which nobody can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_KEYS: Final = 2
"""Of a user (ses-facts 6.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNote:
    """What is remembered of the newest key that was made for a domain; never its secret.

    It is written before the key is asked for, so that a death at any moment leaves word of it.
    """

    before: tuple[str, ...]
    """Ids of the keys that were there when this one was about to be made."""
    key: str | None = None
    """Its id, None while that is not known."""
    shown: bool = False
    """Whether its secret reached somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The newest key was shown and still exists: nothing is to be made."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A key is to be made, after `orphans` are deleted, whose secrets nobody knows."""

    orphans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """There is no room: all keys are somebody's, or may be."""

    present: tuple[str, ...]


KeyState: TypeAlias = Known | Needed | Full


def orphans(note: KeyNote | None, present: Collection[str]) -> tuple[str, ...]:
    """Return the keys that were made after the note was begun and never shown."""
    if note is None or note.shown:
        return ()
    return tuple(key for key in present if key not in note.before)


def judged(note: KeyNote | None, present: Collection[str]) -> KeyState:
    """Return what is to be done so that somebody has a key of a user with these keys."""
    if note is not None and note.shown and note.key in present:
        return Known(key=str(note.key))
    lost = orphans(note, present)
    if len(present) - len(lost) >= MOST_KEYS:
        return Full(present=tuple(present))
    return Needed(orphans=lost)
