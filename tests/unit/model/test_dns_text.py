"""Names and texts survive the way into Route 53's spelling and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.dns_text import (
    LONGEST_STRING,
    ancestors,
    is_under,
    plain_name,
    quoted,
    relative_name,
    unquoted,
)


@given(st.binary(max_size=1200))
def test_every_text_survives_being_quoted(text: bytes) -> None:
    assert unquoted(quoted(text)) == text


@given(st.binary(min_size=1, max_size=1200))
def test_quoted_text_is_printable_and_in_strings_of_255_bytes_at_most(text: bytes) -> None:
    value = quoted(text)
    assert value.isascii()
    assert value.isprintable()
    strings = [one for one in value.split('" "') if one]
    assert len(strings) == -(-len(text) // LONGEST_STRING) or b'" "' in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b"", '""', id="empty"),
        pytest.param(b"v=spf1 ~all", '"v=spf1 ~all"', id="blanks-stay"),
        pytest.param(b'say "hi"', r'"say \"hi\""', id="quotation-marks"),
        pytest.param(b"a\\b", r'"a\\b"', id="backslash"),
        pytest.param("ü".encode(), r'"\303\274"', id="octal"),
        pytest.param(b"x" * 256, f'"{"x" * 255}" "x"', id="two-strings"),
    ],
)
def test_text_is_quoted_as_route_53_wants_it(text: bytes, value: str) -> None:
    assert quoted(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param('"one" "two"', b"onetwo", id="strings-are-joined"),
        pytest.param('"one"\t"two"', b"onetwo", id="by-a-tab"),
        pytest.param("bare", b"bare", id="no-quotes"),
        pytest.param(r'"a\040b"', b"a b", id="octal-blank"),
        pytest.param(r'"a\"b"', b'a"b', id="escaped"),
        pytest.param('"ü"', "ü".encode(), id="raw-letters"),
    ],
)
def test_text_of_others_is_read(value: str, text: bytes) -> None:
    assert unquoted(value) == text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        pytest.param("Shop.Example.", "shop.example", id="case-and-dot"),
        pytest.param(r"\052.shop.example.", "*.shop.example", id="wildcard"),
        pytest.param(r"a\057b.example.", "a/b.example", id="slash"),
        pytest.param(r"a\056b.example.", r"a\056b.example", id="a-dot-in-a-label"),
        pytest.param("_dmarc.shop.example", "_dmarc.shop.example", id="underscore"),
    ],
)
def test_names_compare_as_plain_ones(written: str, plain: str) -> None:
    assert plain_name(written) == plain


@pytest.mark.parametrize(
    ("name", "zone", "relative"),
    [
        pytest.param("a.b.example", "b.example", "a", id="below"),
        pytest.param("b.example", "b.example", "@", id="top"),
        pytest.param("ab.example", "b.example", "ab.example.", id="no-suffix-of-labels"),
    ],
)
def test_panels_get_names_without_the_zone(name: str, zone: str, relative: str) -> None:
    assert relative_name(name, zone) == relative


def test_a_name_is_under_itself_and_its_ancestors_alone() -> None:
    assert ancestors("a.b.c") == ("a.b.c", "b.c", "c")
    assert all(is_under("a.b.c", one) for one in ancestors("a.b.c"))
    assert not is_under("xb.c", "b.c")
