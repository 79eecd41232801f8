"""Single fields: times in every spelling that SES is known for, texts that may hold anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.ingest.fields import first_text, moment, text


def at(hour: int, minute: int = 5, second: int = 45, micro: int = 0) -> datetime:
    return datetime(2018, 10, 8, hour, minute, second, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("2018-10-08T14:05:45.123Z", at(14, micro=123_000), id="event publishing"),
        pytest.param("2018-10-08T14:05:45Z", at(14), id="whole seconds"),
        pytest.param("2018-10-08T14:05:45 +0000", at(14), id="the odd identity sample"),
        pytest.param("2018-10-08T14:05:45 -0500", at(19), id="a space and an offset"),
        pytest.param("2018-10-08T14:05:45+02:00", at(12), id="offset ahead"),
        pytest.param("2018-10-08T14:05:45.000-05:00", at(19), id="offset behind"),
        pytest.param("2018-10-08T14:05:45", at(14), id="naive is UTC"),
        pytest.param("2018-10-08 14:05:45", at(14), id="a space for the T"),
        pytest.param(" 2018-10-08T14:05:45Z ", at(14), id="spaces around"),
        pytest.param("2018-10-08T14:05:60Z", at(14, second=59), id="leap second"),
        pytest.param("2018-10-08T14:05:60.000+00:00", at(14, second=59), id="leap, offset"),
    ],
)
def test_a_time_is_understood_and_given_in_utc(written: str, meant: datetime) -> None:
    found = moment(written)
    assert found == meant
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    [
        None,
        7,
        1_541_152_800.0,
        True,
        ["2018-10-08T14:05:45Z"],
        {"at": 1},
        "",
        "yesterday",
        "Mon, 8 Oct 2018 14:05:45 +0000",
        "2018-13-08T14:05:45Z",
        "2018-10-08T25:05:45Z",
        "+12018-10-08T14:05:45Z",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "9" * 100_000,
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_time_that_cannot_be_understood_is_absent(written: object) -> None:
    assert moment(written) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("550 5.1.1 unknown", "550 5.1.1 unknown", id="plain"),
        pytest.param("550\r\n\x00\x1b[31m gone\x9b", "550 [31m gone", id="control characters"),
        pytest.param("moc.\u202eevil\u2069\u2028x", "moc. evil x", id="marks of direction"),
        pytest.param("  padded ", "padded", id="spaces"),
        pytest.param("x" * 99, "x" * 20, id="cut"),
        pytest.param("1234567890123456789 tail", "1234567890123456789", id="cut at a space"),
        pytest.param("grüße", "grüße", id="not ASCII"),
        pytest.param("", None, id="empty"),
        pytest.param("\r\n\t", None, id="nothing but control characters"),
        pytest.param(5, None, id="number"),
        pytest.param(None, None, id="null"),
        pytest.param(["5.1.1"], None, id="list"),
    ],
)
def test_a_text_is_one_line_and_not_too_long(value: object, kept: str | None) -> None:
    assert text(value, 20) == kept


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_no_text_holds_a_control_character_or_is_too_long(value: str, longest: int) -> None:
    kept = text(value, longest)
    if kept is not None:
        assert 1 <= len(kept) <= longest
        assert not any(ord(mark) < 0x20 or 0x7F <= ord(mark) < 0xA0 for mark in kept)
        assert text(kept, longest) == kept


@pytest.mark.parametrize(
    ("value", "first"),
    [
        (["smtp-bakery"], "smtp-bakery"),
        (["one", "two"], "one"),
        ("bare", "bare"),
        ([], None),
        ([5], None),
        ({"a": 1}, None),
        (None, None),
    ],
    ids=repr,
)
def test_a_tag_is_the_first_of_its_values(value: object, first: str | None) -> None:
    assert first_text(value, 64) == first
