"""E-mail addresses and domains in the one spelling that everything is compared by."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

from sesauditd.errors import Refused

SIMULATOR_DOMAIN = "simulator.amazonses.com"
LONGEST_ADDRESS = 320
"""Characters: 64 of local part, the at sign, 255 of domain (RFC 5321 section 4.5.3.1)."""
LONGEST_DOMAIN = 253
"""Characters of a name in text form (RFC 1035 section 2.3.4)."""
FEWEST_LABELS = 2
REMEMBERED = 8_192
"""Spellings: some batches' worth, since the events of one message come close together."""

_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")
_COMMENT = re.compile(r"^\s*\([^()]*\)|\([^()]*\)\s*$")
_BRACKETED = re.compile(r"<([^<>]*)>\s*$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@lru_cache(maxsize=REMEMBERED)
def spelling(text: str) -> str:
    """Return the bare address inside `Jane <jane@x.org>`, in the sender's own letter case.

    SES's samples hold display names where its documents promise a bare address, so every
    address that it reports goes through here.
    """
    uncommented = _COMMENT.sub("", text) if "(" in text else text
    # `email.utils.parseaddr` recurses for every parenthesis and cuts at a comma.
    bare = uncommented if "@" in uncommented else text
    bracketed = _BRACKETED.search(bare)
    bare = bracketed.group(1) if bracketed else bare
    return _UNPRINTABLE.sub("", bare).strip()[:LONGEST_ADDRESS]


@lru_cache(maxsize=REMEMBERED)
def canonical(text: str) -> str:
    """Return the address as it is compared: lower case, the domain as IDNA A-label.

    Text without an at sign comes back in lower case; such text matches no destination.
    """
    bare = spelling(text)
    local, at, domain = bare.rpartition("@")
    if not at:
        return bare.lower()
    return f"{local.lower()}@{comparable_domain(domain)}"


def comparable_domain(text: str) -> str:
    """Return a domain as it is compared: lower case, IDNA A-label, no dot at its end.

    Text that IDNA refuses comes back in lower case; such text matches no registered domain.
    """
    plain = text.rstrip(".")
    if plain.isascii():
        return plain.lower()
    try:
        return _a_label(plain)
    except (idna.IDNAError, UnicodeError):
        return plain.lower()


def domain_of(address: str) -> str:
    """Return the part behind the last at sign of a canonical address, empty if there is none."""
    return address.rpartition("@")[2] if "@" in address else ""


def is_simulator(address: str) -> bool:
    """Say whether a canonical address belongs to the mailbox simulator of SES."""
    return domain_of(address) == SIMULATOR_DOMAIN


def registrable(text: str) -> str:
    """Return a domain that a person typed as the A-label it is registered by.

    Raises Refused with the reason for everything that cannot be a mail domain: an empty or
    over-long label, a single label, an address, IP literals, control characters, bad IDNA.
    """
    plain = text.strip().rstrip(".")
    if not plain or _UNPRINTABLE.search(text) or any(mark in plain for mark in "@/*: "):
        raise Refused(f"{text!r} is not a domain: give a name such as example.com")
    try:
        label = plain.lower() if plain.isascii() else _a_label(plain)
        if plain.isascii() and "xn--" in label:
            idna.decode(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused(f"{text!r} is not a domain: {error}") from error
    labels = label.split(".")
    fits = len(label) <= LONGEST_DOMAIN and len(labels) >= FEWEST_LABELS
    if not fits or not all(_LABEL.match(part) for part in labels):
        raise Refused(f"{text!r} is not a domain: give a name such as example.com")
    if labels[-1].isdigit():
        raise Refused(f"{text!r} is an IP address, not a domain: give a name such as example.com")
    return label


def contact(text: str) -> str:
    """Return an address that a person typed, canonical; raises Refused if it is none."""
    address = canonical(text)
    local, _, domain = address.rpartition("@")
    if not local or any(mark in local for mark in " <>,;@") or _UNPRINTABLE.search(text):
        raise Refused(f"{text!r} is not an e-mail address: give one such as owner@example.com")
    try:
        registrable(domain)
    except Refused as refusal:
        message = f"{text!r} is not an e-mail address: give one such as owner@example.com"
        raise Refused(message) from refusal
    return address


def _a_label(domain: str) -> str:
    return idna.encode(domain, uts46=True, transitional=False).decode("ascii").lower()
