"""Addresses and domains have one spelling by which they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.errors import Refused
from sesauditd.model.addresses import (
    LONGEST_ADDRESS,
    canonical,
    comparable_domain,
    contact,
    domain_of,
    is_simulator,
    registrable,
    spelling,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("jane@x.org", "jane@x.org", id="bare"),
        pytest.param("Jane <Jane@x.org>", "Jane@x.org", id="display name"),
        pytest.param('"Doe, Jane" <jane@x.org>', "jane@x.org", id="comma in a quoted name"),
        pytest.param("<jane@x.org> ", "jane@x.org", id="brackets alone"),
        pytest.param("a@b.c <jane@x.org>", "jane@x.org", id="an address as the name"),
        pytest.param("jane@x.org (Jane)", "jane@x.org", id="comment behind"),
        pytest.param("(Jane) jane@x.org", "jane@x.org", id="comment before"),
        pytest.param("(jane@x.org)", "(jane@x.org)", id="nothing but a comment"),
        pytest.param("  jane@x.org\r\n", "jane@x.org", id="blanks"),
        pytest.param("jane\x00@x.org\x1b", "jane@x.org", id="control characters"),
        pytest.param("no address", "no address", id="no address"),
        pytest.param("", "", id="empty"),
    ],
)
def test_the_bare_address_is_found(text: str, expected: str) -> None:
    assert spelling(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Jane.Doe@X.ORG", "jane.doe@x.org", id="letter case"),
        pytest.param("jane@x.org.", "jane@x.org", id="dot at the end"),
        pytest.param("jane@BÜCHER.example", "jane@xn--bcher-kva.example", id="umlaut"),
        pytest.param("jane@straße.example", "jane@xn--strae-oqa.example", id="sharp s"),
        pytest.param("jane@xn--bcher-kva.example", "jane@xn--bcher-kva.example", id="A-label"),
        pytest.param("jane@☃☃\u200d.example", "jane@☃☃\u200d.example", id="what IDNA refuses"),
        pytest.param('"a@b"@x.org', '"a@b"@x.org', id="at sign in the local part"),
        pytest.param("NO ADDRESS", "no address", id="no address"),
    ],
)
def test_an_address_is_compared_as(text: str, expected: str) -> None:
    assert canonical(text) == expected


def test_thousands_of_parentheses_do_no_harm() -> None:
    assert canonical("(" * 100_000 + "a@x.org")


@given(st.text(max_size=400))
def test_any_text_has_one_spelling(text: str) -> None:
    bare = spelling(text)
    assert len(bare) <= LONGEST_ADDRESS
    assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 for mark in bare)
    assert canonical(text) == canonical(text)


@given(
    st.from_regex(r"[A-Za-z0-9.+_-]{1,20}", fullmatch=True),
    st.sampled_from(["x.org", "X.Org", "Bücher.example"]),
)
def test_comparing_twice_changes_nothing(local: str, domain: str) -> None:
    once = canonical(f"{local}@{domain}")
    assert canonical(once) == once
    assert canonical(f"Name <{local.upper()}@{domain}>") == once


def test_the_domain_of_an_address() -> None:
    assert domain_of("a@b@x.org") == "x.org"
    assert domain_of("x.org") == ""


def test_only_the_simulators_own_domain_is_the_simulator() -> None:
    assert is_simulator("bounce+label@simulator.amazonses.com")
    assert not is_simulator("bounce@simulator.amazonses.com.evil.example")
    assert not is_simulator("bounce@x.simulator.amazonses.com")


def test_a_domain_is_compared_without_case_and_final_dot() -> None:
    assert comparable_domain("Shop.Example.") == "shop.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(" Shop.Example. ", "shop.example", id="blanks, case, final dot"),
        pytest.param("bücher.example", "xn--bcher-kva.example", id="umlaut"),
        pytest.param("xn--bcher-kva.example", "xn--bcher-kva.example", id="A-label"),
        pytest.param("a-b.c-d.example", "a-b.c-d.example", id="hyphens"),
    ],
)
def test_a_domain_is_registered_as(text: str, expected: str) -> None:
    assert registrable(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(".", id="a dot"),
        pytest.param("localhost", id="one label"),
        pytest.param("jane@x.org", id="an address"),
        pytest.param("https://x.org/", id="a link"),
        pytest.param("x.org:443", id="a port"),
        pytest.param("*.x.org", id="a wildcard"),
        pytest.param("x org.example", id="a blank"),
        pytest.param("x\x00.org", id="a control character"),
        pytest.param("x..org", id="an empty label"),
        pytest.param("-x.org", id="a hyphen in front"),
        pytest.param("x-.org", id="a hyphen behind"),
        pytest.param("a" * 64 + ".org", id="a long label"),
        pytest.param(".".join(["a" * 60] * 5), id="a long name"),
        pytest.param("192.0.2.1", id="an IP address"),
        pytest.param("xn--zzzzzz99.example", id="a bad A-label"),
        pytest.param("☃\u200d.example", id="what IDNA refuses"),
        pytest.param("x_y.org", id="an underscore"),
    ],
)
def test_no_domain_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"is not a domain|is an IP address"):
        registrable(text)


def test_a_contact_is_kept_canonical() -> None:
    assert contact("Jane <Jane@X.org>") == "jane@x.org"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("jane", id="no at sign"),
        pytest.param("@x.org", id="no local part"),
        pytest.param("jane@localhost", id="no domain"),
        pytest.param("jane doe@x.org", id="a blank"),
        pytest.param("a@x.org, b@y.org", id="two addresses"),
        pytest.param("jane@x.org\r\nBcc: all@y.org", id="a header behind"),
    ],
)
def test_no_contact_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not an e-mail address"):
        contact(text)
