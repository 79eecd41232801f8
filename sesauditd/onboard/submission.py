"""Mail by SMTP with a domain's own login, as its site sends it, and what the server says."""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sesauditd.errors import Failed

if TYPE_CHECKING:
    from sesauditd.onboard.credentials import Server

PATIENCE_SECONDS: Final = 15.0
READY, TAKEN, STORE = 220, 250, 354
LATER: Final = 454
TRIES: Final = 5
PAUSE_SECONDS: Final = 1.1
"""AWS's sandbox takes one message a second (ses-facts 7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a site logs in with; it goes nowhere but to the server."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message for one recipient."""

    sender: str
    recipient: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said to a letter, and how long that took; an id only if it was taken."""

    message_id: str | None
    code: int
    said: str
    seconds: float


class Unsafe(Failed):
    """The server does not encrypt, and a password would be read on the way."""


class Turned(Failed):
    """The server is there and refuses the login; `code` is its reply's."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


async def greeting(server: Server, seconds: float = PATIENCE_SECONDS) -> str:
    """Return the first line that a server says; raises Failed if it does not."""
    return await asyncio.to_thread(_greeting, server, seconds)


async def hand_in(server: Server, login: Login, letter: Letter) -> Answer:
    """Hand one letter in on a connection of its own; a busy server is asked again.

    Raises Turned for a refused login, Unsafe for a server without encryption, Failed if it
    cannot be reached. A letter that is refused is an answer.
    """
    for _ in range(TRIES - 1):
        answer = await asyncio.to_thread(_hand_in, server, login, letter)
        if answer.code != LATER:
            return answer
        await asyncio.sleep(PAUSE_SECONDS)
    return await asyncio.to_thread(_hand_in, server, login, letter)


def _greeting(server: Server, seconds: float) -> str:
    with _in_words(server):
        connection = _connection(server, seconds)
        try:
            code, said = connection.ehlo()
        finally:
            connection.close()
        if code != TAKEN:
            raise Failed(f"answers {code} {_text(said)}")
        return _text(said)


def _hand_in(server: Server, login: Login, letter: Letter) -> Answer:
    begun = time.monotonic()
    with _in_words(server), _connection(server, PATIENCE_SECONDS) as connection:
        connection.ehlo()
        _encrypt(server, connection)
        _log_in(connection, login)
        code, said = _given(connection, letter)
    words = _text(said)
    taken = words.rpartition(" ")[2] if code == TAKEN else None
    return Answer(message_id=taken, code=code, said=words, seconds=time.monotonic() - begun)


def _connection(server: Server, seconds: float) -> smtplib.SMTP:
    if server.is_tls_at_once:
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=trusted)
    return smtplib.SMTP(server.host, server.port, timeout=seconds)


def _encrypt(server: Server, connection: smtplib.SMTP) -> None:
    if server.is_tls_at_once:
        return
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    elif not _is_this_machine(server.host):
        raise Unsafe(f"{server.host}:{server.port} does not offer STARTTLS: nothing was said to it")


def _log_in(connection: smtplib.SMTP, login: Login) -> None:
    try:
        connection.login(login.user, login.password)
    except smtplib.SMTPAuthenticationError as error:
        said = f"{error.smtp_code} {_text(error.smtp_error)}"
        raise Turned(f"the login was refused: {said}", error.smtp_code) from None


def _given(connection: smtplib.SMTP, letter: Letter) -> tuple[int, bytes]:
    code, said = connection.mail(letter.sender)
    if code == TAKEN:
        code, said = connection.rcpt(letter.recipient)
    if code == TAKEN:
        code, said = connection.data(letter.raw)
    return code, said


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _in_words(server: Server) -> Iterator[None]:
    try:
        yield
    except Failed:
        raise
    except ssl.SSLError as error:
        said = error.reason or "no agreement"
        raise Failed(f"{server.host}:{server.port}: TLS failed ({said})") from error
    except smtplib.SMTPException as error:
        raise Failed(f"{server.host}:{server.port} hung up ({type(error).__name__})") from None
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        raise Failed(f"{server.host}:{server.port} cannot be reached ({said})") from error


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
