"""Whether a DMARC policy holds for a domain already: the tree walk of RFC 9989."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.model.addresses import canonical, domain_of
from sesauditd.model.dns_text import is_under

if TYPE_CHECKING:
    from sesauditd.onboard.dns import Dns

LONGEST_WALK: Final = 8
"""Names that a receiver asks for at most; of a longer domain it skips the middle."""

_POLICY = re.compile(r"^v\s*=\s*DMARC1\s*(;|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """DMARC records at a name; receivers heed none of them if there are several."""

    name: str
    texts: tuple[str, ...]

    @property
    def said(self) -> str:
        """Return it for people."""
        return f"{self.name} says {' and '.join(self.texts)}"


def is_policy(text: str) -> bool:
    """Say whether a TXT is a DMARC record: its version comes first, in capital letters."""
    return _POLICY.match(text) is not None


def walk(domain: str) -> Iterator[str]:
    """Return the names under which DMARC is looked for, the domain's own first.

    One label less each time, up to the top-level domain; from more than eight labels on the
    second name has seven (RFC 9989, the DNS tree walk; there is no public suffix list in it).
    """
    labels = domain.split(".")
    yield f"_dmarc.{domain}"
    rest = labels[1:][-(LONGEST_WALK - 1) :]
    for start in range(len(rest)):
        yield f"_dmarc.{'.'.join(rest[start:])}"


async def unwelcome(domain: str, rua: str, dns: Dns) -> str | None:
    """Return why reports about a domain do not arrive at `rua`, None if they do.

    Another domain must say that it takes them (RFC 9990, external destinations), or anybody
    could have reports sent to a stranger. Raises Unavailable when DNS does not say.
    """
    home = domain_of(canonical(rua))
    if is_under(domain, home) or is_under(home, domain):
        return None
    name = f"{domain}._report._dmarc.{home}"
    if any(map(is_policy, await dns.ask(name, "TXT"))):
        return None
    return (
        f"receivers send no DMARC reports about {domain} to {home} before {home} has a TXT "
        f'record "v=DMARC1" at *._report._dmarc.{home}'
    )


async def found(domain: str, dns: Dns, *, but: Sequence[str] = ()) -> Policy | None:
    """Return the first DMARC policy on the walk, None if there is none.

    `but` are texts that do not count, since they are our own and may be an old answer.
    Raises Unavailable when DNS does not say: nothing follows from silence.
    """
    for name in walk(domain):
        texts = tuple(one for one in await dns.ask(name, "TXT") if is_policy(one))
        if texts and not set(texts) <= set(but):
            return Policy(name=name, texts=texts)
    return None
