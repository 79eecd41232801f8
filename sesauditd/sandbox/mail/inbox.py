"""The mails that the sandbox delivered, for a look at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sesauditd.sandbox.mail.events import Accepted, Happening, stamp

KEPT = 5_000
"""Mails; older ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A mail as it arrived at some of its recipients."""

    mail: Accepted
    recipients: tuple[str, ...]
    at: datetime

    def shown(self) -> dict[str, object]:
        """Return it as JSON: envelope, headers and the raw text."""
        return {
            "message_id": self.mail.message_id,
            "sent_at": stamp(self.mail.sent_at),
            "delivered_at": stamp(self.at),
            "caller": self.mail.caller,
            "configuration_set": self.mail.configuration_set,
            "from": self.mail.source,
            "to": list(self.recipients),
            "headers": [list(pair) for pair in self.mail.letter.headers],
            "raw": self.mail.letter.mime.decode(errors="replace"),
        }


class Inbox:
    """The newest mails of all recipients together."""

    def __init__(self, kept: int = KEPT) -> None:
        self._mails: deque[Delivered] = deque(maxlen=kept)

    def add(self, mail: Accepted, happening: Happening) -> None:
        """Keep a mail that was delivered."""
        self._mails.append(Delivered(mail=mail, recipients=happening.recipients, at=happening.at))

    def mails(self, recipient: str = "") -> Sequence[Delivered]:
        """Return the mails, the oldest first; with `recipient`, his only, whatever the case."""
        wanted = recipient.casefold()
        return [
            one
            for one in tuple(self._mails)
            if not wanted or wanted in {each.casefold() for each in one.recipients}
        ]

    def clear(self) -> None:
        """Forget all of them."""
        self._mails.clear()
