"""Who may look: where the dashboard listens, the token, and the names it answers to; pure."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from typing_extensions import override

from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COOKIE = "sesauditd"
SHORTEST_TOKEN = 16
_PLACE = re.compile(r"^\[?(?P<host>[^\]]*?)\]?:(?P<port>\d+)$")
_HOST = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:]*))(?::\d+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the dashboard listens."""

    host: str
    """Empty for every address of this machine."""
    port: int
    """0 takes a free one."""

    @property
    def is_loopback(self) -> bool:
        """Say whether nobody but programs of this machine can reach it."""
        return is_loopback(self.host)

    @override
    def __str__(self) -> str:
        """Return it as `web.bind` is written."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, port: int) -> str:
        """Return its address, at the port that was taken in the end."""
        return f"http://{Place(host=self.host or 'localhost', port=port)}/"


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides about one request; without a token only this machine may ask."""

    token: str | None

    def answers_to(self, host: str | None) -> bool:
        """Say whether the Host header is one of ours.

        A page of a stranger may let its own name point at 127.0.0.1 and read what is there (DNS
        rebinding); the browser then still sends that name. With a token there is nothing to
        read, and the dashboard may have any name.
        """
        if self.token is not None:
            return True
        match = _HOST.match((host or "").strip().lower())
        return match is not None and is_loopback(match["six"] or match["name"])

    def lets_in(self, authorization: str | None, cookie: str | None) -> bool:
        """Say whether a request shows the token, in a header or by the cookie that it was given."""
        if self.token is None:
            return True
        scheme, _, shown = (authorization or "").partition(" ")
        by_header = scheme.lower() == "bearer" and self.is_token(shown.strip())
        return by_header or hmac.compare_digest(_bytes(cookie or ""), _bytes(self.cookie))

    def is_token(self, shown: str) -> bool:
        """Say whether that is the token, in a time that tells nothing about it."""
        return self.token is not None and hmac.compare_digest(_bytes(shown), _bytes(self.token))

    @property
    def cookie(self) -> str:
        """Return what a browser keeps: made from the token, which does not follow from it."""
        return hmac.digest(_bytes(self.token or ""), b"sesauditd dashboard", "sha256").hex()


def place(bind: str) -> Place:
    """Return the place that `web.bind` names; raises Refused for what is none."""
    match = _PLACE.match(bind)
    if match is None:
        raise Refused(f'web.bind {bind!r}: write an address and a port, such as "127.0.0.1:8080"')
    return Place(host=match["host"], port=int(match["port"]))


def gate(at: Place, token_file: Path | None) -> Gate:
    """Return who may look at a place.

    Raises Refused for a place that others can reach without a token, and for a token file that
    cannot be read or whose token could be guessed.
    """
    if token_file is None:
        if at.is_loopback:
            return Gate(None)
        raise Refused(
            f"web.bind {at.host}:{at.port} can be reached by others: set web.token_file to a file "
            "with a long random token (openssl rand -hex 32), or bind to 127.0.0.1"
        )
    return Gate(_token(token_file))


def is_loopback(host: str) -> bool:
    """Say whether a name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def after_entering(query: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a query without the token in it, so that it stays in no history."""
    return [(name, value) for name, value in query.items() if name != "token"]


def _token(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise Refused(f"web.token_file {file}: cannot be read: {reason}") from error
    if len(token) < SHORTEST_TOKEN or not token.isascii() or len(token.split()) != 1:
        raise Refused(
            f"web.token_file {file}: a token is one word of at least {SHORTEST_TOKEN} characters: "
            "openssl rand -hex 32 makes one"
        )
    return token


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
