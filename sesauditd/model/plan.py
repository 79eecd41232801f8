"""Plans: what would be changed on AWS or in DNS, as values that are shown and then carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

JSON: TypeAlias = Union[bool, int, float, str, "Sequence[JSON]", "Mapping[str, JSON]", None]
Document: TypeAlias = Mapping[str, JSON]
"""What we care about of one resource, in one canonical form: equal documents, equal resources.

It is shown to people and kept in the database, so it never holds a secret.
"""


class Verb(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource made, changed or removed."""

    resource: str
    """Its name for people, stable: `SQS queue sesaudit-feedback`."""
    verb: Verb
    before: Document | None
    after: Document | None
    why: str
    """What the resource is for, as a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What stands there is not ours to change: nothing is done until a person decided."""

    resource: str
    found: str
    wanted: str
    advice: str
    """What to do about it, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A resource that stays as it is, and what a person should know about that."""

    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that would be done, in order, and everything that is in the way."""

    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    later: tuple[str, ...] = ()
    """What can only be known after a change: `3 DKIM records of example.com`."""
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether everything stands as it is wanted."""
        return not (self.changes or self.later or self.conflicts)

    def __add__(self, other: Plan) -> Plan:
        """Return both plans as one, this one's changes first."""
        return Plan(
            changes=self.changes + other.changes,
            conflicts=self.conflicts + other.conflicts,
            later=self.later + other.later,
            remarks=self.remarks + other.remarks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not the same before and after; `path` is dotted."""

    path: str
    old: JSON = field(default=None)
    new: JSON = field(default=None)


def change_between(
    resource: str, before: Document | None, after: Document | None, why: str
) -> Change | None:
    """Return the change that leads from one document to another, None if they are equal."""
    if before == after:
        return None
    verb = Verb.UPDATE
    if before is None:
        verb = Verb.CREATE
    elif after is None:
        verb = Verb.DELETE
    return Change(resource=resource, verb=verb, before=before, after=after, why=why)


def differences(before: Document | None, after: Document | None) -> tuple[Difference, ...]:
    """Return each value that differs, by its path, in the order of the documents.

    A mapping on both sides is entered; all else, lists too, is one value. None stands for what
    is not there.
    """
    return tuple(_differing("", before or {}, after or {}))


def _differing(path: str, before: Document, after: Document) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        here = f"{path}.{key}" if path else key
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differing(here, old, new)
        else:
            yield Difference(path=here, old=old, new=new)
