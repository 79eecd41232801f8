"""Configuration sets are named by one rule, here and in the sandbox."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.set_names import LONGEST, set_name
from sesauditd.onboard.naming import Account

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABEL, min_size=2, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        pytest.param("shop.example", "sesaudit-shop-example", id="plain"),
        pytest.param("a-b.example", "sesaudit-a_b-example", id="hyphen"),
        pytest.param("a.b.example", "sesaudit-a-b-example", id="subdomain"),
        pytest.param("xn--bcker-gra.example", "sesaudit-xn__bcker_gra-example", id="idn"),
        pytest.param("a" * 55, "sesaudit-" + "a" * 55, id="just-fits"),
        pytest.param("a" * 56, "sesaudit-" + "a" * 46 + "-b35439a4", id="too-long"),
    ],
)
def test_a_set_is_named_for_its_domain(domain: str, name: str) -> None:
    assert set_name("sesaudit", domain) == name
    account = Account(prefix="sesaudit", installation="main", account_id="1", region="r")
    assert account.set_name(domain) == name


@given(DOMAINS, DOMAINS)
def test_no_two_domains_share_a_set(one: str, other: str) -> None:
    names = [set_name("sesaudit", domain) for domain in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    assert all(len(name) <= LONGEST for name in names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)
