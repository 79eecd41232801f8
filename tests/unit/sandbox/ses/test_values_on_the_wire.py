from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import ShapeResolver

from sesauditd.sandbox.ses.reading import Reading, sentence
from sesauditd.sandbox.ses.writing import as_json, as_xml

MOMENT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def shape(kind: str, **facts: Any) -> Any:
    model: Any = {"One": {"type": kind, **facts}}
    return ShapeResolver(model).get_shape_by_name("One")


@pytest.mark.parametrize(
    ("kind", "text", "raw", "value"),
    [
        ("double", False, 1, 1.0),
        ("double", True, "1.5", 1.5),
        ("integer", True, "-3", -3),
        ("boolean", True, "false", False),
        ("blob", False, "AAE=", b"\0\1"),
        ("timestamp", False, 1793610000, datetime.fromtimestamp(1793610000, UTC)),
        ("timestamp", True, "2026-11-02T10:00:00+01:00", MOMENT),
        ("timestamp", True, "2026-11-02T09:00:00", MOMENT),
    ],
    ids=str,
)
def test_a_value_is_read(kind: str, text: bool, raw: object, value: object) -> None:
    reading = Reading(text=text)
    assert reading.take(shape(kind), raw, "one") == value
    assert reading.problems == []


@pytest.mark.parametrize(
    ("kind", "text", "raw"),
    [
        ("double", False, True),
        ("double", False, "1"),
        ("integer", True, "1.5"),
        ("boolean", True, "yes"),
        ("blob", False, 1),
        ("timestamp", False, None),
        ("string", False, None),
        ("structure", False, "a"),
        ("float", True, "x"),
    ],
    ids=str,
)
def test_what_is_no_such_value_is_a_problem(kind: str, text: bool, raw: object) -> None:
    reading = Reading(text=text)
    known: dict[str, Any] = {"members": {}} if kind == "structure" else {}
    assert reading.take(shape(kind, **known), raw, "one") is None
    assert sentence(reading.problems).endswith(f"Member must be a {kind}")


def test_a_number_above_its_most_is_a_problem() -> None:
    reading = Reading(text=False)
    reading.take(shape("integer", max=3), 4, "one")
    assert sentence(reading.problems).endswith("have value less than or equal to 3")


@pytest.mark.parametrize(
    ("kind", "value", "in_json", "in_xml"),
    [
        ("timestamp", MOMENT, MOMENT.timestamp(), "2026-11-02T09:00:00.000Z"),
        ("blob", b"\0\1", "AAE=", "AAE="),
        ("boolean", True, True, "true"),
        ("string", "a<b", "a<b", "a&lt;b"),
        ("long", 7, 7, "7"),
    ],
    ids=str,
)
def test_a_value_is_written(kind: str, value: object, in_json: object, in_xml: str) -> None:
    assert as_json(shape(kind), value) == in_json
    assert as_xml(shape(kind), value) == in_xml


def test_a_boolean_is_no_number() -> None:
    with pytest.raises(TypeError):
        as_json(shape("integer"), True)
