"""The sandbox's DNS port: UDP and TCP, answering as a resolver that has looked everything up."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT
from typing_extensions import override

from sesauditd.model.dns_text import LONGEST_STRING, unquoted
from sesauditd.sandbox.public_dns import Found

if TYPE_CHECKING:
    from dns.rdata import Rdata

TTL_SECONDS = 0
"""Nobody shall remember an answer of the sandbox."""
LARGEST_PLAIN = 512
"""Bytes of an answer over UDP where the question does not allow more (RFC 1035 section 4.2.1)."""

_NAMED = frozenset({"CNAME", "MX", "NS", "PTR"})
"""Types whose values end with a name, which may lack its last dot."""

Lookup = Callable[[str, str], Found]
_LENGTH = struct.Struct("!H")


def answer(question: bytes, lookup: Lookup) -> bytes | None:
    """Return the answer to a message on the wire, None to what is no question."""
    try:
        query = dns.message.from_wire(question)
    except (dns.exception.DNSException, ValueError):
        return None
    if query.flags & dns.flags.QR or not query.question:
        return None
    reply = dns.message.make_response(query, recursion_available=True)
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True)
    kind = dns.rdatatype.to_text(asked.rdtype)
    found = lookup(name, kind)
    if found.fails:
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif not found.exists:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    for alias, target in found.aliases:
        chain = dns.rrset.from_text(f"{alias}.", TTL_SECONDS, "IN", "CNAME", f"{target}.")
        reply.answer.append(chain)
    if found.values:
        owner = dns.name.from_text(f"{found.owner}.") if found.aliases else asked.name
        made = list(_records(kind, found.values))
        reply.answer.append(dns.rrset.from_rdata_list(owner, TTL_SECONDS, made))
    return reply.to_wire()


MOST_PORTS_TRIED = 20


@asynccontextmanager
async def dns_server(lookup: Lookup, *, host: str, port: int) -> AsyncIterator[int]:
    """Answer on UDP and TCP while the block runs, and yield the port; OSError if it is taken."""
    server, datagrams = await _listening(lookup, host, port)
    async with server:
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            datagrams.close()


async def _listening(
    lookup: Lookup, host: str, port: int
) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
    """Listen on one port both ways; of the free ones another is tried if half of it is taken."""
    loop = asyncio.get_running_loop()
    tries = 1 if port else MOST_PORTS_TRIED
    while True:
        server = await asyncio.start_server(_conversation(lookup), host, port)
        taken = int(server.sockets[0].getsockname()[1])
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(lookup), local_addr=(host, taken)
            )
        except OSError:
            server.close()
            tries -= 1
            if not tries:
                raise
        else:
            return server, transport


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # On Python 3.11 the loop's own transport does not inherit from the class it fits.
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = answer(data, self._lookup)
        if reply is not None and self._transport is not None:
            self._transport.sendto(_fitting(data, reply), addr)


def _conversation(
    lookup: Lookup,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                reply = answer(await reader.readexactly(length), lookup)
                if reply is None:
                    break
                writer.write(_LENGTH.pack(len(reply)) + reply)
                await writer.drain()
        writer.close()

    return talk


def _fitting(question: bytes, reply: bytes) -> bytes:
    """Return the reply, or its head with the flag that sends the asker to TCP."""
    query = dns.message.from_wire(question)
    if len(reply) <= max(query.payload, LARGEST_PLAIN):
        return reply
    short = dns.message.make_response(query, recursion_available=True)
    short.flags |= dns.flags.TC
    return short.to_wire()


def _records(kind: str, values: tuple[str, ...]) -> Iterator[Rdata]:
    for value in values:
        if kind == "TXT":
            yield _text(unquoted(value))
        else:
            yield dns.rdata.from_text("IN", kind, _rooted(value) if kind in _NAMED else value)


def _rooted(value: str) -> str:
    return value if value.endswith(".") else f"{value}."


def _text(text: bytes) -> Rdata:
    strings = [text[at : at + LONGEST_STRING] for at in range(0, len(text), LONGEST_STRING)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings or [b""])
