"""The letters of the story, each with its moment and the way its mailbox will answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import Mailbox

if TYPE_CHECKING:
    from random import Random

    from sesauditd.demo.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail that a web site hands to its SMTP server."""

    at: datetime
    sender: Sender
    to: tuple[str, ...]
    subject: str
    mailbox: Mailbox


@dataclass(slots=True)
class Post:
    """Collects what everybody writes."""

    draw: Random
    letters: list[Letter] = field(default_factory=list)

    def mail(
        self,
        who: Sender,
        to: str | list[str],
        moment: datetime,
        subject: str,
        mailbox: Mailbox = Mailbox.OPEN,
    ) -> None:
        """Write a letter that goes out at the moment, or within the second after."""
        at = moment + timedelta(milliseconds=self.draw.randrange(1000))
        recipients = (to,) if isinstance(to, str) else tuple(to)
        self.letters.append(
            Letter(at=at, sender=who, to=recipients, subject=subject, mailbox=mailbox)
        )
