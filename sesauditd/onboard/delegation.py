"""Whether a zone's name servers are those that public DNS asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.dns_text import plain_name

if TYPE_CHECKING:
    from sesauditd.onboard.dns import Dns


class Verdict(StrEnum):
    """Who answers for a zone in public DNS."""

    OURS = "ours"
    SHARED = "shared"
    """Ours and others: what is written to one of them only is there by chance."""
    OTHERS = "others"


async def judge(own: Sequence[str], asked: Sequence[str], dns: Dns) -> Verdict:
    """Compare a zone's servers with those that DNS names; raises Unavailable.

    A provider may call Route 53's servers by names of its own, so where names differ their
    addresses are compared.
    """
    by_name = compare(map(plain_name, own), map(plain_name, asked))
    if by_name is not Verdict.OTHERS:
        return by_name
    return compare(await _addresses(own, dns), await _addresses(asked, dns))


def compare(own: Iterable[str], asked: Iterable[str]) -> Verdict:
    """Return whose the asked servers are; nobody asked is nobody of ours."""
    ours, named = frozenset(own), frozenset(asked)
    if not ours & named:
        return Verdict.OTHERS
    return Verdict.OURS if named <= ours else Verdict.SHARED


async def _addresses(names: Sequence[str], dns: Dns) -> Sequence[str]:
    return [address for name in names for address in await dns.ask(name, "A")]
