"""Events as far as anything follows from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from sesauditd.model.classify import OUT_OF_OFFICE_SUBTYPES
from sesauditd.model.events import Flag, Outcome, Suffered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

OLDEST: Final = int(datetime(2011, 1, 1, tzinfo=UTC).timestamp())
"""SES began in 2011: what claims to be older claims nonsense (policy.md 1)."""
Copy = tuple[str, str]
"""One recipient's copy of a message, whatever mail times its events claim."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event and what it means for whom."""

    key: bytes
    at: datetime
    customer: str | None
    domain: str | None
    """Empty, as the customer is, while nobody is registered for the event."""
    message_id: str
    type: str | None
    subtype: str | None
    suffered: tuple[Suffered, ...]

    def copy_of(self, recipient: str) -> Copy:
        """Return which copy of the message the event tells about."""
        return self.message_id, recipient

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Return the recipients whose soft bounce may turn out to be an auto-reply."""
        if not could_answer(self.type, self.subtype):
            return ()
        return tuple(one.recipient for one in self.suffered if one.outcome is Outcome.SOFT_BOUNCE)

    def settled(self, delivered: Collection[Copy]) -> Entry:
        """Return the entry with every soft bounce of a delivered copy as auto-reply."""
        answered = {one for one in self.doubtful if self.copy_of(one) in delivered}
        if not answered:
            return self
        return replace(
            self,
            suffered=tuple(
                replace(one, outcome=Outcome.AUTO_REPLY) if one.recipient in answered else one
                for one in self.suffered
            ),
        )


def sent_at(key: bytes, at: datetime) -> datetime:
    """Return when the mail of an event was sent, in whole seconds: its key begins with that.

    A mail time that is missing, or later than its event, says nothing; then the event's does.
    """
    seconds = int.from_bytes(key[:8], "big")
    told = datetime.fromtimestamp(seconds, UTC) if OLDEST <= seconds <= at.timestamp() else at
    return told.replace(microsecond=0)


def could_answer(kind: str | None, subtype: str | None) -> bool:
    """Say whether a soft bounce of that type may be an out-of-office answer."""
    return kind == "Transient" and subtype in OUT_OF_OFFICE_SUBTYPES


def written(flags: Iterable[Flag]) -> str:
    """Return the flags as they are stored."""
    return " ".join(sorted(str(flag) for flag in flags))


def those_with(entries: Sequence[Entry], *outcomes: Outcome) -> Iterator[tuple[Entry, Suffered]]:
    """Yield each entry and recipient with one of the outcomes."""
    for entry in entries:
        for one in entry.suffered:
            if one.outcome in outcomes:
                yield entry, one
