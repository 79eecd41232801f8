from __future__ import annotations

import pytest

from sesauditd.sandbox.mail.letter import decoded, read, stripped

RAW = (
    b"From: =?utf-8?q?Caf=C3=A9?= <info@shop.example>\r\n"
    b"Bcc: secret@x.example,\r\n more@x.example\r\n"
    b"To: a@x.example,\r\n b@x.example\r\n"
    b"X-SES-CONFIGURATION-SET: sesaudit-shop\r\n"
    b"X-SES-MESSAGE-TAGS: campaign=autumn, ses:caller-identity=other, kind=news\r\n"
    b"x-ses-tenant: t1\r\n"
    b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
    b"\r\n"
    b"Bcc: stays, it is text\r\n"
)


def test_instructions_to_ses_are_read_from_the_headers() -> None:
    letter = read(RAW)
    assert letter.configuration_set == "sesaudit-shop"
    assert letter.tenant == "t1"
    assert letter.tags == {"campaign": ["autumn"], "kind": ["news"]}
    assert letter.author == "info@shop.example"


def test_bcc_and_instructions_do_not_reach_recipients() -> None:
    assert stripped(RAW) == (
        b"From: =?utf-8?q?Caf=C3=A9?= <info@shop.example>\r\n"
        b"To: a@x.example,\r\n b@x.example\r\n"
        b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
        b"\r\n"
        b"Bcc: stays, it is text\r\n"
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"From: a@x\r\nBcc: b@x\r\n\r\nhi", b"From: a@x\r\n\r\nhi", id="last-header"),
        pytest.param(b"Bcc: b@x\nFrom: a@x\n\nhi\n", b"From: a@x\n\nhi\n", id="bare-newlines"),
        pytest.param(b"From: a@x\r\n", b"From: a@x", id="no-body"),
    ],
)
def test_what_is_left_is_kept_as_it_was(raw: bytes, expected: bytes) -> None:
    assert stripped(raw) == expected


def test_headers_keep_their_order_without_bcc() -> None:
    names = [name for name, _ in read(RAW).headers]
    assert names == [
        "From",
        "To",
        "X-SES-CONFIGURATION-SET",
        "X-SES-MESSAGE-TAGS",
        "x-ses-tenant",
        "Subject",
    ]
    assert read(RAW).mailboxes("to") == ["a@x.example", "b@x.example"]
    assert read(RAW).mailboxes("From") == ["Café <info@shop.example>"]


def test_a_message_without_anything_is_read() -> None:
    letter = read(b"")
    assert (letter.author, letter.senders, letter.headers) == (None, (), ())
    assert not letter.infected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("=?utf-8?q?H=C3=A4?=", "Hä", id="encoded"),
        pytest.param("=?no-such-charset?q?x?=", "=?no-such-charset?q?x?=", id="unknown-charset"),
        pytest.param("=?utf-8?b?x?=", "=?utf-8?b?x?=", id="broken"),
        pytest.param("plain", "plain", id="plain"),
    ],
)
def test_encoded_words_are_read_where_they_can_be(value: str, expected: str) -> None:
    assert decoded(value) == expected
