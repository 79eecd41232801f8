"""Hostile input: whatever lies in the queue, reading it ends in a value and never in a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.errors import Unreadable
from sesauditd.ingest.envelope import unwrap
from sesauditd.ingest.notification import parse
from sesauditd.ingest.reader import RawLine, read
from sesauditd.ingest.wire import decode
from sesauditd.model.register import OwnNotices, Register
from tests.support.sweeps import examples
from tests.unit.ingest.samples import (
    BODIES,
    IDENTITY_KINDS,
    archive_record,
    encoded,
    envelope,
    event,
    notification,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.model.events import Reading

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BOUNCE = encoded(event("Bounce"))


def read_line(text: bytes) -> Reading:
    return read(
        RawLine(text=text, origin_source="f.jsonl", line=1),
        now=NOW,
        register=Register(),
        own_notices=OwnNotices(sender="notices@host.example"),
    )


def put(value: bytes) -> bytes:
    """Return a bounce with raw JSON in a field that is read."""
    return BOUNCE.replace(b'"dsn; b224-13.smtp-out.eu-west-1.amazonses.com"', b'"x"').replace(
        b'"General"', value
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"hello", "not JSON", id="text"),
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"\x00", "not JSON", id="NUL"),
        pytest.param(BOUNCE[:-40], "not JSON", id="cut off"),
        pytest.param(BOUNCE + b"}", "not JSON", id="trailing characters"),
        pytest.param(BOUNCE + BOUNCE, "not JSON", id="two events on one line"),
        pytest.param(b"[" + BOUNCE + b"]", "JSON, but no object: array", id="array"),
        pytest.param(b'"Bounce"', "JSON, but no object: str", id="string"),
        pytest.param(b"12", "JSON, but no object: int", id="number"),
        pytest.param(b"null", "JSON, but no object: null", id="null"),
        pytest.param(b"{}", "no SES event", id="empty object"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="depth 100,000, objects"),
        pytest.param(b"[" * 100_000, "JSON, but no object: array", id="depth 100,000, lists"),
        pytest.param(
            put(b"[" * 100_000 + b"]" * 100_000), "nested too deeply", id="deep in a field"
        ),
        pytest.param(
            encoded(envelope('{"mail":' * 100_000)), "nested too deeply", id="deep in an envelope"
        ),
        pytest.param(put(b"NaN"), "not JSON", id="NaN"),
        pytest.param(put(b"-Infinity"), "not JSON", id="Infinity"),
        pytest.param(put(b"1e999"), "JSON that holds what cannot be read", id="too large a number"),
        pytest.param(put(b"9" * 5000), "JSON that holds what cannot be read", id="5,000 digits"),
        pytest.param(put(b'"\xff\xfe"'), "not UTF-8 text", id="not UTF-8"),
        pytest.param(put(b'"\xed\xa0\x80"'), "not UTF-8 text", id="surrogate in UTF-8"),
        pytest.param(put(b'"\x01"'), "not JSON", id="bare control character"),
        pytest.param(put(b'"\\x"'), "not JSON", id="bad escape"),
        pytest.param(put(b'"\\ud8"'), "not JSON", id="cut escape"),
        pytest.param(encoded(event("Bounce")).decode().encode("utf-16"), "not JSON", id="UTF-16"),
        pytest.param(b"\x1f\x8b\x08\x00" + bytes(60), "not JSON", id="gzip"),
        pytest.param(b"x" * 1_048_576, "not JSON", id="1 MiB of x"),
    ],
)
def test_poison_is_quarantined_with_its_reason_and_whole(body: bytes, reason: str) -> None:
    reading = read_line(body)
    assert reading.unreadable is not None
    assert reason in reading.unreadable
    assert len(reading.unreadable) < 200
    assert reading.body == body
    assert reading.event is None


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(Unreadable, match="not UTF-8 text"):
        unwrap("\ud800")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param(rb"a\ud800b", "a\ufffdb", id="high half"),
        pytest.param(rb"a\udc00b", "a\ufffdb", id="low half"),
        pytest.param(rb"\ud83d\ude00\ud83d", "\U0001f600\ufffd", id="a pair and a half"),
        pytest.param(rb"\ud800\ud83d\ude00", "\ufffd\U0001f600", id="a half and a pair"),
        pytest.param(rb"\\ud800 \udfff", "\\ud800 \ufffd", id="an escaped backslash before"),
        pytest.param(rb"\ud800\n\u0041", "\ufffd A", id="other escapes stay"),
        pytest.param(rb"a\u0000b", "a b", id="NUL"),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_the_event_kept(written: bytes, kept: str) -> None:
    body = put(b'"' + written + b'"')
    for line in (body, encoded(envelope(body.decode())), encoded(archive_record(body))):
        reading = read_line(line)
        assert reading.event is not None
        assert reading.event.feedback.subtype == kept


def test_half_a_pair_in_a_header_that_nobody_reads_does_not_cost_the_event() -> None:
    body = BOUNCE.replace(b"Your order", rb"Your \ud83d order")
    assert read_line(body).event == read_line(BOUNCE).event


def test_of_a_key_that_stands_there_twice_the_last_one_counts() -> None:
    assert decode(b'{"eventType":"Bounce","eventType":"Send"}').event_type == "Send"


def test_bytes_that_are_not_utf8_do_no_harm_in_a_field_that_nobody_reads() -> None:
    assert read_line(BOUNCE.replace(b"Your order", b"Your \xff order")).event is not None


def test_a_body_of_one_mebibyte_is_read() -> None:
    big = event("Bounce")
    big["mail"]["headers"] = [{"name": "X", "value": "x" * 1000}] * 1030
    body = encoded(big)
    assert len(body) > 1_048_576
    assert read_line(encoded(archive_record(encoded(envelope(body.decode()))))).event is not None


def test_two_thousand_ambiguous_complainers_are_read_at_once() -> None:
    everybody = [f"r{number}@example.org" for number in range(2000)]
    message = event(
        "Complaint",
        complainedRecipients=[{"emailAddress": address} for address in everybody],
        feedbackId=None,
        mail={"destination": everybody},
    )
    reading = read_line(encoded(message))
    assert reading.event is not None
    assert len({one.counted_as for one in reading.event.suffered}) == 1


WRONG: list[Any] = [None, True, 7, -1.5, "", "7", "x", [], ["x"], [[]], [None], {}, {"a": 1}, [{}]]


def paths(value: object, trail: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if trail:
        yield trail
    if isinstance(value, dict):
        for key, below in value.items():
            yield from paths(below, (*trail, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from paths(below, (*trail, index))


def changed(message: object, trail: tuple[str | int, ...], value: object) -> object:
    """Return a copy of the message with another value at the end of the trail."""
    if not trail:
        return value
    step, *below = trail
    if isinstance(message, dict):
        return {**message, step: changed(message[step], tuple(below), value)}
    assert isinstance(message, list)
    return [
        changed(one, tuple(below), value) if index == step else one
        for index, one in enumerate(message)
    ]


def assert_sound(reading: Reading) -> None:
    """Hold a reading to what the store and every reader of its rows rely on."""
    ends = (reading.event, reading.noise, reading.unreadable)
    assert sum(end is not None for end in ends) == 1
    assert len(reading.origin.sha256) == 32
    if reading.event is None:
        return
    feedback = reading.event.feedback
    assert len(feedback.key) == 16
    assert feedback.message_id
    for value in texts(reading.event):
        value.encode()
        assert len(value) <= 500
        assert not any(ord(mark) < 0x20 or 0x7F <= ord(mark) < 0xA0 for mark in value)
    for moment in (reading.event.at, reading.received_at):
        assert moment.utcoffset() is not None
        assert 2011 <= moment.year < 2200


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, frozenset)):
        for below in value:
            yield from texts(below)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts(getattr(value, field.name))


MESSAGES: list[Any] = [event(kind) for kind in BODIES] + [
    notification(kind) for kind in IDENTITY_KINDS
]


@pytest.mark.parametrize(
    "message", MESSAGES, ids=[" ".join(list(one)[:1] + list(one)[2:]) for one in MESSAGES]
)
def test_a_wrong_type_in_any_field_ends_in_an_event_or_in_quarantine(message: object) -> None:
    for trail in paths(message):
        for value in WRONG:
            assert_sound(read_line(encoded(changed(message, trail, value))))


def test_a_wrong_type_in_any_field_of_the_envelope_or_record_is_no_crash() -> None:
    for holder in (envelope(event("Bounce")), archive_record(BOUNCE), {"Body": BOUNCE.decode()}):
        for trail in paths(holder):
            for value in WRONG:
                assert_sound(read_line(encoded(changed(holder, trail, value))))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters(), max_size=40)
    | st.sampled_from(["(" * 400, "<" * 400, '"' * 400, "@" * 400, "a@" + "ü." * 200, "\ud800"])
    | st.datetimes().map(str)
    | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01"]),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=10), below),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a documented message with a few fields replaced, in any wrapping."""
    message: object = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(min_value=0, max_value=4))):
        trail = draw(st.sampled_from(list(paths(message))))
        message = changed(message, trail, draw(json_values))
    body = encoded(message)
    if draw(st.booleans()):
        body = encoded(envelope(body.decode(), Timestamp=draw(json_values)))
    if draw(st.booleans()):
        body = encoded(archive_record(body, received_at=draw(json_values)))
    return body


@examples(150)
@given(mutated())
def test_any_change_of_a_real_sample_ends_in_a_sound_reading(body: bytes) -> None:
    assert_sound(read_line(body))


@examples(100)
@given(mutated(), st.data())
def test_any_damage_to_the_bytes_ends_in_a_sound_reading(body: bytes, data: st.DataObject) -> None:
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(min_value=1, max_value=5))):
        at = data.draw(st.integers(min_value=0, max_value=len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert_sound(read_line(bytes(damaged)))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_sound_reading(body: bytes) -> None:
    assert_sound(read_line(body))


@given(json_values)
def test_any_json_raises_nothing_but_unreadable(value: object) -> None:
    for body in (json.dumps(value), json.dumps({"eventType": "Bounce", "mail": value})):
        with suppress(Unreadable):
            unwrapped = unwrap(body)
            if unwrapped.message is not None:
                parse(unwrapped.message)
