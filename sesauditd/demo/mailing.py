"""Hands letters to the sandbox's SMTP server, as a web site does."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import Mailbox

if TYPE_CHECKING:
    from sesauditd.demo.post import Letter

HOST = "127.0.0.1"
SECONDS = 30.0
TAKEN = 250
SET_HEADER = "X-SES-CONFIGURATION-SET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is typed into a web site's mail settings."""

    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the SMTP server said to a letter."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        """Say whether the letter was taken."""
        return self.code == TAKEN


def hand_in(account: Account, letter: Letter, *, configuration_set: str | None = None) -> Answer:
    """Log in, hand the letter in, and return the server's answer, whatever it is.

    `configuration_set` is named in a header, as a site might to get around the identity's own.
    """
    message = _message(letter, configuration_set)
    try:
        with smtplib.SMTP(HOST, account.port, timeout=SECONDS) as server:
            server.login(account.user, account.password)
            server.sendmail(letter.sender.address, list(letter.to), message.as_bytes())
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return Answer(code=code, text=_words(text))
    except smtplib.SMTPResponseException as error:
        return Answer(code=error.smtp_code, text=_words(error.smtp_error))
    return Answer(code=TAKEN, text="Ok")


def _message(letter: Letter, configuration_set: str | None) -> EmailMessage:
    message = EmailMessage()
    message["From"] = letter.sender.shown
    message["To"] = ", ".join(letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    if configuration_set is not None:
        message[SET_HEADER] = configuration_set
    message.set_content(f"{letter.subject}.\n\nYours, {letter.sender.name}\n")
    if letter.mailbox is Mailbox.INFECTED:
        message.add_attachment(
            _test_virus(), maintype="application", subtype="octet-stream", filename="offer.exe"
        )
    return message


def _test_virus() -> bytes:
    """Return the harmless file by which EICAR lets scanners be tried out.

    Put together here, because a scanner that watches this source would eat it.
    """
    return b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST" + b"-FILE!$H+H*"


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
