"""Whatever a stranger wrote, it ends on one line, short, and without marks that are obeyed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.notices.cleaning import LONGEST, cleaned, stripped

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=1200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
OBEYED = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@given(ANY_TEXT)
def test_nothing_that_a_terminal_or_reader_obeys_is_left(text: str) -> None:
    kept = stripped(text)
    assert len(kept) <= LONGEST
    assert not OBEYED & set(kept)
    assert {unicodedata.category(one) for one in kept}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert len(kept.splitlines()) <= 1
    kept.encode()


@given(ANY_TEXT)
def test_what_was_stripped_once_stays_as_it_is(text: str) -> None:
    assert stripped(stripped(text)) == stripped(text)


@given(JSON)
def test_every_text_in_a_value_is_stripped_wherever_it_stands(value: object) -> None:
    def check(one: object) -> None:
        if isinstance(one, str):
            assert one == stripped(one)
        elif isinstance(one, dict):
            for key, each in one.items():
                check(key)
                check(each)
        elif isinstance(one, list):
            for each in one:
                check(each)

    check(cleaned(value))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("550 no\r\nBcc: all@x.org", "550 no Bcc: all@x.org", id="line breaks"),
        pytest.param("a\x00b\x1b[31mc\x7f", "ab[31mc", id="control characters"),
        pytest.param("user\u202egpj.exe", "usergpj.exe", id="right to left"),
        pytest.param("one\u2028two\x85three", "one two three", id="unicode line breaks"),
        pytest.param("a\u200bb\ufeffc", "abc", id="nothing to see"),
        pytest.param("\ud800x", "x", id="half a character"),
        pytest.param("Straße, 東京, 🙂", "Straße, 東京, 🙂", id="letters of all kinds stay"),
    ],
)
def test_hostile_marks_go_and_letters_stay(text: str, kept: str) -> None:
    assert stripped(text) == kept


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1, 100_000])
def test_a_long_text_is_cut_with_an_ellipsis(length: int) -> None:
    kept = stripped("x" * length)
    assert len(kept) == LONGEST
    assert kept.endswith("…") is (length > LONGEST)
