"""DMARC is looked for up the tree, as receivers do."""

from __future__ import annotations

import pytest

from sesauditd.errors import Unavailable
from sesauditd.onboard import dmarc
from tests.support.dns import KnownDns

NONE = "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        pytest.param("x.org", ["_dmarc.x.org", "_dmarc.org"], id="two-labels"),
        pytest.param(
            "a.b.x.org",
            ["_dmarc.a.b.x.org", "_dmarc.b.x.org", "_dmarc.x.org", "_dmarc.org"],
            id="each-label",
        ),
        pytest.param(
            "a.b.c.d.e.f.g.h.x.org",
            [
                "_dmarc.a.b.c.d.e.f.g.h.x.org",
                "_dmarc.d.e.f.g.h.x.org",
                "_dmarc.e.f.g.h.x.org",
                "_dmarc.f.g.h.x.org",
                "_dmarc.g.h.x.org",
                "_dmarc.h.x.org",
                "_dmarc.x.org",
                "_dmarc.org",
            ],
            id="ten-labels-skip-to-seven",
        ),
    ],
)
def test_the_walk_goes_up_to_the_top(domain: str, names: list[str]) -> None:
    assert list(dmarc.walk(domain)) == names


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param("v=DMARC1; p=reject", True, id="usual"),
        pytest.param("v = DMARC1;p=none", True, id="blanks"),
        pytest.param("v=DMARC1", True, id="alone"),
        pytest.param("v=dmarc1; p=none", False, id="small-letters"),
        pytest.param("p=none; v=DMARC1", False, id="not-first"),
        pytest.param("v=DMARC12; p=none", False, id="another-version"),
        pytest.param("v=spf1 -all", False, id="spf"),
    ],
)
def test_a_policy_is_known_by_its_version(text: str, is_one: bool) -> None:
    assert dmarc.is_policy(text) is is_one


@pytest.mark.parametrize(
    ("known", "name"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"_dmarc.shop.x.org TXT": [NONE]}, "_dmarc.shop.x.org", id="at-the-name"),
        pytest.param({"_dmarc.x.org TXT": [NONE]}, "_dmarc.x.org", id="above"),
        pytest.param({"_dmarc.org TXT": [f"{NONE}; psd=y"]}, "_dmarc.org", id="public-suffix"),
        pytest.param({"_dmarc.x.org TXT": ["v=spf1 -all"]}, None, id="other-text"),
    ],
)
async def test_the_first_policy_on_the_walk_holds(
    known: dict[str, list[str]], name: str | None
) -> None:
    found = await dmarc.found("shop.x.org", KnownDns(known))
    assert (found.name if found else None) == name


async def test_an_old_answer_with_our_own_record_is_no_policy_of_others() -> None:
    known = KnownDns({"_dmarc.x.org TXT": [NONE]})
    assert await dmarc.found("x.org", known, but=(NONE,)) is None


async def test_silence_of_dns_is_no_absence() -> None:
    with pytest.raises(Unavailable):
        await dmarc.found("x.org", KnownDns({}, silent={"_dmarc.org"}))


@pytest.mark.parametrize(
    ("domain", "known", "is_welcome"),
    [
        pytest.param("shop.x.org", {}, False, id="not-said"),
        pytest.param("host.example", {}, True, id="its-own"),
        pytest.param("shop.host.example", {}, True, id="below-it"),
        pytest.param(
            "x.org", {"x.org._report._dmarc.host.example TXT": ["v=DMARC1"]}, True, id="said"
        ),
        pytest.param(
            "x.org", {"x.org._report._dmarc.host.example TXT": ["no"]}, False, id="something-else"
        ),
    ],
)
async def test_reports_go_to_another_domain_only_if_it_says_so(
    domain: str, known: dict[str, list[str]], is_welcome: bool
) -> None:
    said = await dmarc.unwelcome(domain, "Reports <dmarc@host.example>", KnownDns(known))
    assert (said is None) is is_welcome
    assert said is None or "*._report._dmarc.host.example" in said
