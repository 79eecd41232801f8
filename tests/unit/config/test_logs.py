"""Log lines: their form, their level, and what they do not tell."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from sesauditd import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def logged(event: str, *, level: logs.Level, form: logs.Form, **values: object) -> str:
    lines = io.StringIO()
    logs.configure(level=level, form=form, stream=lines)
    structlog.get_logger().info(event, **values)
    return lines.getvalue()


def test_a_json_line_holds_the_event_and_its_values() -> None:
    line = json.loads(logged("batch_recorded", level="info", form="json", recorded=2))
    assert line["event"] == "batch_recorded"
    assert line["recorded"] == 2
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_console_line_holds_the_event_and_its_values() -> None:
    line = logged("batch_recorded", level="info", form="console", recorded=2)
    assert "batch_recorded" in line
    assert "recorded=2" in line
    assert "\x1b" not in line


def test_a_line_below_the_level_is_left_out() -> None:
    assert logged("batch_recorded", level="warning", form="json") == ""


@pytest.mark.parametrize(
    ("level", "expected"), [("info", "j***@x.org"), ("debug", "jane.doe@x.org")]
)
def test_addresses_are_told_in_full_only_to_debug(level: logs.Level, expected: str) -> None:
    text = logged(
        "blocked",
        level=level,
        form="json",
        recipient="jane.doe@x.org",
        address="jane.doe@x.org",
        recipients=("jane.doe@x.org",),
        domain="x.org",
    )
    line = json.loads(text)
    assert line["recipient"] == line["address"] == expected
    assert line["recipients"] == [expected]
    assert line["domain"] == "x.org"


@pytest.mark.parametrize(
    ("address", "expected"),
    [("j@x.org", "j***@x.org"), ("no address", "no address"), ("a@b@c", "a***@b@c"), ("", "")],
)
def test_an_address_keeps_its_first_letter_and_its_domain(address: str, expected: str) -> None:
    assert logs.shortened(address) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<jane.doe@x.org> is not verified", "<j***@x.org> is not verified"),
        ("jane+tag@x.org,bob@y.example: refused", "j***@x.org,b***@y.example: refused"),
        ('"jane doe"@x.org is away', "j***@x.org is away"),
        ("jürgen@bücher.example", "j***@bücher.example"),
        ("jane@[192.0.2.1]", "j***@[192.0.2.1]"),
        ("postgresql://me:hunter2@db.example/x", "postgresql://me:h***@db.example/x"),
        ("arn:aws:iam::123456789012:user/shop", "arn:aws:iam::123456789012:user/shop"),
        ("5 % @ noon", "5 % @ noon"),
    ],
)
def test_an_address_in_a_sentence_is_shortened_too(text: str, expected: str) -> None:
    line = logged("failed", level="info", form="json", reason=text, found={"a": [text]})
    assert json.loads(line)["reason"] == expected
    assert json.loads(line)["found"] == {"a": [expected]}
    assert text in json.loads(logged("failed", level="debug", form="json", reason=text))["reason"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_and_a_library_tell_no_address_either(form: logs.Form) -> None:
    lines, person = io.StringIO(), "jane.doe@x.org"
    logs.configure(level="info", form=form, stream=lines)
    for logger in (structlog.get_logger(), logging.getLogger("library")):
        try:
            int(person)
        except ValueError:
            logger.exception("lookup_failed")
    logging.getLogger("library").warning("bounced: %s", person)
    assert "jane.doe" not in lines.getvalue()
    assert lines.getvalue().count("j***@x.org") == 3


def test_a_hostile_value_does_not_reach_the_terminal() -> None:
    line = logged("read", level="info", form="console", subject="\x1b[2Jgone\u202e", note="a\nb")
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert line.count("\n") == 1


def test_a_lone_surrogate_can_be_logged() -> None:
    assert json.loads(logged("read", level="info", form="json", subject="\udc80"))
    logged("read", level="info", form="console", subject="\udc80").encode()


def test_an_exception_is_told_with_its_traceback() -> None:
    lines = io.StringIO()
    logs.configure(level="info", form="json", stream=lines)
    try:
        int("x")
    except ValueError:
        structlog.get_logger().exception("lookup_failed")
    assert "ValueError" in json.loads(lines.getvalue())["exception"]


def test_lines_of_libraries_have_the_same_form() -> None:
    lines = io.StringIO()
    logs.configure(level="info", form="json", stream=lines)
    logging.getLogger("library").info("too much")
    logging.getLogger("library").warning("pool is %s", "empty")
    assert json.loads(lines.getvalue())["event"] == "pool is empty"


def test_libraries_are_heard_no_more_than_asked_for() -> None:
    lines = io.StringIO()
    logs.configure(level="error", form="json", stream=lines)
    logging.getLogger("library").warning("pool is empty")
    assert lines.getvalue() == ""
