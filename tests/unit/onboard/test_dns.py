"""The resolver says what is wrong when it is given none or gets no answer."""

from __future__ import annotations

import pytest

from sesauditd.errors import Refused, Unavailable
from sesauditd.onboard import delegation, dns
from sesauditd.onboard.delegation import Verdict
from tests.support.dns import KnownDns


@pytest.mark.parametrize(
    "place", ["", "dns.example", "1.2.3.4:x", "[::1", "1.2.3.4:5:6", "1.2.3.4:65536"]
)
def test_what_is_no_address_is_refused(place: str) -> None:
    with pytest.raises(Refused, match="resolver"):
        dns.Resolver([place])


@pytest.mark.parametrize(
    ("place", "address", "port"),
    [
        pytest.param("9.9.9.9", "9.9.9.9", 53, id="ipv4"),
        pytest.param("127.0.0.1:5353", "127.0.0.1", 5353, id="ipv4-port"),
        pytest.param("2620:fe::fe", "2620:fe::fe", 53, id="ipv6"),
        pytest.param("[2620:fe::fe]:5353", "2620:fe::fe", 5353, id="ipv6-port"),
        pytest.param("::1", "::1", 53, id="ipv6-loopback"),
    ],
)
def test_addresses_are_read_with_and_without_a_port(place: str, address: str, port: int) -> None:
    server = dns.server_at(place)
    assert (server.address, server.port) == (address, port)


async def test_silence_is_told_from_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "LONGEST_SECONDS", 0.05)
    resolver = dns.Resolver(["127.0.0.1:9"])
    with pytest.raises(Unavailable, match="resolver"):
        await resolver.ask("x.org", "TXT")


@pytest.mark.parametrize(
    ("own", "asked", "verdict"),
    [
        pytest.param(["a", "b"], ["b", "a"], Verdict.OURS, id="same"),
        pytest.param(["a", "b", "c"], ["b"], Verdict.OURS, id="some-of-ours"),
        pytest.param(["A.", "b"], ["a", "b"], Verdict.OURS, id="spelt-otherwise"),
        pytest.param(["a", "b"], ["b", "x"], Verdict.SHARED, id="with-others"),
        pytest.param(["a", "b"], ["x", "y"], Verdict.OTHERS, id="others"),
        pytest.param(["a"], [], Verdict.OTHERS, id="nobody"),
        pytest.param(["a"], ["white"], Verdict.OURS, id="other-name-same-address"),
    ],
)
async def test_servers_are_compared(own: list[str], asked: list[str], verdict: Verdict) -> None:
    known = KnownDns({"a A": ["192.0.2.1"], "white A": ["192.0.2.1"], "x A": ["192.0.2.9"]})
    assert await delegation.judge(own, asked, known) is verdict
