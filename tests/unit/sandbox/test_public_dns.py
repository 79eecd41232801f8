"""The sandbox's DNS follows delegations, aliases and wildcards as the real one does."""

from __future__ import annotations

import asyncio

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest

from sesauditd.onboard.dns import Resolver
from sesauditd.sandbox.dns import answer, dns_server
from sesauditd.sandbox.public_dns import Found, PublicZone, World, lookup

ZONES = [
    PublicZone(
        name="x.org",
        servers=("ns1.a.com",),
        records={
            ("x.org", "NS"): ("ns1.a.com.",),
            ("sub.x.org", "NS"): ("ns2.a.com.",),
            ("lost.x.org", "NS"): ("ns.gone.com.",),
            ("alias.x.org", "CNAME"): ("t.sub.x.org",),
            ("loop.x.org", "CNAME"): ("loop.x.org",),
            ("a.deep.x.org", "TXT"): ('"deep"',),
            ("*.x.org", "TXT"): ('"wild"',),
            ("big.x.org", "TXT"): tuple(f'"{number}{"x" * 200}"' for number in range(20)),
        },
    ),
    PublicZone(name="x.org", servers=("ns9.a.com",), records={("t.x.org", "TXT"): ('"dead"',)}),
    PublicZone(
        name="sub.x.org", servers=("ns2.a.com",), records={("t.sub.x.org", "TXT"): ('"t"',)}
    ),
    PublicZone(
        name="lost.x.org", servers=("ns3.a.com",), records={("lost.x.org", "TXT"): ('"l"',)}
    ),
]
WORLD = World(
    delegations={"y.org": ("ns.y.com",), "z.org": ("ns.z.com",)},
    records={("y.org", "TXT"): ('"y"',)},
)


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        pytest.param("x.org", "NS", ["ns1.a.com."], id="the-first-zone-is-asked"),
        pytest.param("t.x.org", "TXT", ['"wild"'], id="the-second-is-dead"),
        pytest.param("t.sub.x.org", "TXT", ['"t"'], id="handed-on"),
        pytest.param("sub.x.org", "NS", ["ns2.a.com."], id="servers-of-a-zone-below"),
        pytest.param("lost.x.org", "TXT", [], id="handed-on-to-nobody"),
        pytest.param("lost.x.org", "NS", ["ns.gone.com."], id="and-to-whom"),
        pytest.param("alias.x.org", "TXT", ['"t"'], id="alias"),
        pytest.param("alias.x.org", "CNAME", ["t.sub.x.org"], id="the-alias-itself"),
        pytest.param("loop.x.org", "TXT", [], id="a-loop-ends"),
        pytest.param("any.x.org", "TXT", ['"wild"'], id="wildcard"),
        pytest.param("any.thing.x.org", "TXT", ['"wild"'], id="wildcard-for-two-labels"),
        pytest.param("any.x.org", "MX", [], id="wildcard-of-another-type"),
        pytest.param("deep.x.org", "TXT", [], id="a-name-that-exists-by-what-is-below"),
        pytest.param("b.deep.x.org", "TXT", [], id="and-stops-the-wildcard"),
        pytest.param("y.org", "TXT", ['"y"'], id="somebody-elses"),
        pytest.param("z.org", "NS", ["ns.z.com"], id="servers-by-the-registrar"),
        pytest.param("no.org", "TXT", [], id="nobody"),
    ],
)
def test_names_are_looked_up(name: str, kind: str, values: list[str]) -> None:
    assert list(lookup(ZONES, WORLD, name, kind).values) == values


def known(name: str, kind: str) -> Found:
    return lookup(ZONES, WORLD, name, kind)


def test_what_is_no_question_is_not_answered() -> None:
    assert answer(b"hello", known) is None
    reply = dns.message.make_response(dns.message.make_query("x.org", "NS"))
    assert answer(reply.to_wire(), known) is None


def test_a_name_that_is_not_there_is_said_not_to_be() -> None:
    wire = answer(dns.message.make_query("no.org", "TXT").to_wire(), known)
    assert wire is not None
    assert dns.message.from_wire(wire).rcode() == dns.rcode.NXDOMAIN


async def test_resolvers_get_answers_by_udp_and_long_ones_by_tcp() -> None:
    async with dns_server(known, host="127.0.0.1", port=0) as port:
        resolver = Resolver([f"127.0.0.1:{port}"])
        assert await resolver.ask("alias.x.org", "TXT") == ["t"]
        assert len(await resolver.ask("big.x.org", "TXT")) == 20
        assert await resolver.ask("x.org", "NS") == ["ns1.a.com"]
        assert await resolver.ask("no.org", "TXT") == ()
        asked = dns.message.make_query("big.x.org", "TXT", use_edns=False)
        short = await dns.asyncquery.udp(asked, "127.0.0.1", port=port, timeout=2)
        assert short.flags & dns.flags.TC
        with pytest.raises(OSError, match="in use"):
            async with dns_server(known, host="127.0.0.1", port=port):
                await asyncio.sleep(0)
