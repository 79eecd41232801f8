"""Public DNS, asked through a resolver: what the world sees of a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.mxbase import MXBase
from dns.rdtypes.nsbase import NSBase

from sesauditd.errors import Refused, Unavailable
from sesauditd.model.dns_text import plain_name

if TYPE_CHECKING:
    from dns.rdata import Rdata

PORT: Final = 53
LONGEST_SECONDS: Final = 10.0
"""For one question, over all name servers and tries."""

_PLACE = re.compile(r"^(?:(?P<v4>[0-9.]+)|\[(?P<v6>[0-9a-fA-F:]+)\])(?::(?P<port>\d{1,5}))?$")


class Lame(Unavailable):
    """Nobody answers for a name, though the resolver does: its name servers know nothing of it."""


class Dns(Protocol):
    """Answers from public DNS."""

    async def ask(self, name: str, kind: str) -> Sequence[str]:
        """Return the values of a name and type, sorted, none if there are none.

        Names in values are lower case without a last dot, strings of a TXT joined.
        Aliases (CNAME) are followed. Raises Unavailable when DNS does not say, and of these
        Lame when it is for want of a name server that knows the name.
        """
        ...


class Resolver:
    """Asks the given resolvers, or those of this machine."""

    def __init__(self, places: Sequence[str] = ()) -> None:
        """Take addresses, each with a port where it is not 53: `9.9.9.9`, `127.0.0.1:5353`.

        Raises Refused for what is no address, or when this machine names no resolver.
        """
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not places)
        except dns.resolver.NoResolverConfiguration as error:
            raise Refused(
                "this machine names no DNS resolver; write one into [onboarding] resolver"
            ) from error
        if places:
            self._resolver.nameservers = [server_at(place) for place in places]
        self._resolver.lifetime = LONGEST_SECONDS

    async def ask(self, name: str, kind: str) -> Sequence[str]:
        """Return the values of a name and type, none if there are none.

        Raises Unavailable when no resolver answers, Lame when the name's own servers do not.
        """
        try:
            # Absolute: the machine's search list must not turn `example.com` into another name.
            answer = await self._resolver.resolve(
                dns.name.from_text(f"{name}."), kind, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except dns.resolver.NoNameservers as error:
            raise Lame(
                f"no name server answers for {kind} of {name}; see which ones the registrar names"
            ) from error
        except (dns.exception.DNSException, OSError) as error:
            raise Unavailable(
                f"DNS does not answer for {kind} of {name} ({type(error).__name__}); "
                "check [onboarding] resolver and this machine's network"
            ) from error
        return sorted(map(_value, answer.rrset or ()))


def server_at(place: str) -> dns.nameserver.Do53Nameserver:
    """Return the resolver at an address, `[...]` around IPv6 with a port; raises Refused."""
    text = place.strip()
    bare = text if text.count(":") > 1 and not text.startswith("[") else None
    found = _PLACE.match(f"[{bare}]" if bare else text)
    try:
        address = str(ip_address((found["v4"] or found["v6"]) if found else text))
        port = int((found and found["port"]) or PORT)
        port.to_bytes(2)
    except (ValueError, OverflowError):
        raise Refused(
            f"[onboarding] resolver: {place!r} is no address; give one such as 9.9.9.9 "
            "or 127.0.0.1:5353"
        ) from None
    return dns.nameserver.Do53Nameserver(address, port)


def _value(record: Rdata) -> str:
    match record:
        case TXT(strings=strings):
            return b"".join(strings).decode("utf-8", "replace")
        case MXBase(preference=preference, exchange=exchange):
            return f"{preference} {plain_name(exchange.to_text())}"
        case NSBase(target=target):
            return plain_name(target.to_text())
        case _:
            return record.to_text()
