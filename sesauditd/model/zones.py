"""Hosted zones and record sets as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedZone:
    """A hosted zone of the account; `id` is bare, `name` plain, without a dot at its end."""

    id: str
    name: str
    is_private: bool = False
    """True if only networks inside AWS ask it."""
    linked_service: str | None = None
    """The AWS service that made it and alone may change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """All records of one name and type, as the zone holds them."""

    name: str
    """Plain: lower case, without the last dot, octal undone."""
    kind: str
    ttl: int | None = None
    """Seconds; None for an alias."""
    values: tuple[str, ...] = ()
    """As Route 53 writes them, sorted; none for an alias."""
    routing: str | None = None
    """How it is chosen among others, if it is: its set identifier."""
    alias: str | None = None
    """The AWS resource that it stands for, in place of values."""

    @property
    def is_plain(self) -> bool:
        """Say whether name, type, TTL and values are all that there is to it."""
        return self.routing is None and self.alias is None


class Act(StrEnum):
    """What a batch does to a record set; UPSERT is not here, since it overwrites unseen."""

    CREATE = "CREATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One change of a batch: the whole set, with its TTL and values, is made or removed."""

    act: Act
    record: RecordSet
