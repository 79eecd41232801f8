"""A raw message as SES reads it: its headers, SES's own instructions in them, viruses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

ADDRESSES_CHECKED = ("From", "Sender", "Return-Path")
"""Headers whose addresses must be verified identities (ses-facts 6.3)."""
HIDDEN = re.compile(rb"(?:x-ses-[^:]*|bcc)\s*:", re.IGNORECASE)
"""What SES takes out of a message before it sends it on."""
_TAG = re.compile(r"\s*([A-Za-z0-9_-]{1,256})\s*=\s*([A-Za-z0-9_.@-]{1,256})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message: `headers` in order, unfolded, without Bcc; `mime` as it is sent on."""

    headers: tuple[tuple[str, str], ...]
    senders: tuple[str, ...]
    author: str | None
    configuration_set: str | None
    tenant: str | None
    tags: Mapping[str, Sequence[str]]
    infected: bool
    mime: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of a name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def mailboxes(self, name: str) -> Sequence[str]:
        """Return the addresses of a header with their names, as they were written."""
        text = self.header(name)
        if text is None:
            return ()
        return [
            f"{shown} <{address}>" if shown else address
            for shown, address in getaddresses([decoded(text)])
            if address
        ]


def read(raw: bytes) -> Letter:
    """Return a message as SES reads it."""
    message = message_from_bytes(raw)
    listed = [(name, unfolded(value)) for name, value in message.items()]
    found = {name.lower(): value for name, value in listed if name.lower().startswith("x-ses-")}
    authors = _addresses(message, "From")
    return Letter(
        headers=tuple((name, value) for name, value in listed if name.lower() != "bcc"),
        senders=tuple(
            dict.fromkeys(one for name in ADDRESSES_CHECKED for one in _addresses(message, name))
        ),
        author=authors[0] if authors else None,
        configuration_set=found.get("x-ses-configuration-set", "").strip() or None,
        tenant=found.get("x-ses-tenant", "").strip() or None,
        tags=_tags(found.get("x-ses-message-tags", "")),
        infected=any(eicar() in part for part in _contents(message)),
        mime=stripped(raw),
    )


def eicar() -> bytes:
    """Return the test virus of ses-facts 8, built here so that no scanner eats this file."""
    return b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"-".join(
        (b"EICAR", b"STANDARD", b"ANTIVIRUS", b"TEST", b"FILE!$H+H*")
    )


def stripped(raw: bytes) -> bytes:
    """Return a message without Bcc and SES's own headers, its other bytes as they were."""
    ending = b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n"
    head, separator, body = raw.partition(ending)
    kept: list[bytes] = []
    dropping = False
    for line in head.splitlines(keepends=True):
        # A line that begins with a blank goes on with the header above it.
        dropping = bool(HIDDEN.match(line)) if line[:1] not in b" \t" else dropping
        if not dropping:
            kept.append(line)
    # A header dropped at the end leaves the line above with the break that `separator` holds.
    return b"".join(kept).rstrip(b"\r\n") + separator + body


def unfolded(value: object) -> str:
    """Return a header's value on one line."""
    return re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip()


def decoded(value: str) -> str:
    """Return a header's value with its encoded words read (RFC 2047), as it is if they are none."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value


def _addresses(message: Message, name: str) -> Sequence[str]:
    values = [unfolded(value) for value in message.get_all(name, [])]
    return [address for _shown, address in getaddresses(values) if address]


def _tags(value: str) -> Mapping[str, Sequence[str]]:
    """Names and values of X-SES-MESSAGE-TAGS; `ses:` cannot be forged by it (ses-facts 1.2)."""
    pairs = (_TAG.fullmatch(part) for part in value.split(","))
    return {pair[1]: [pair[2]] for pair in pairs if pair is not None}


def _contents(message: Message) -> Iterator[bytes]:
    for part in message.walk():
        held = part.get_payload(decode=True)
        if isinstance(held, bytes):
            yield held
