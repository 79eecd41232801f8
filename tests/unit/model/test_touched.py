"""What two batches touch together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sesauditd.model.touched import Touched

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_nothing_and_nothing_is_nothing() -> None:
    assert Touched() | Touched() == Touched()


def test_what_either_touches_is_touched_over_the_whole_span() -> None:
    first = Touched(
        recipients=frozenset({("k", "ann@x.example")}),
        domains={"a.example": (NOON, NOON + HOUR), "b.example": (NOON, NOON)},
        infected=frozenset({"k"}),
    )
    second = Touched(
        recipients=frozenset({("l", "bob@x.example")}),
        domains={"a.example": (NOON - HOUR, NOON), "c.example": (NOON, NOON)},
        unreached=frozenset({"c.example"}),
    )
    assert first | second == second | first
    assert first | second == Touched(
        recipients=frozenset({("k", "ann@x.example"), ("l", "bob@x.example")}),
        domains={
            "a.example": (NOON - HOUR, NOON + HOUR),
            "b.example": (NOON, NOON),
            "c.example": (NOON, NOON),
        },
        infected=frozenset({"k"}),
        unreached=frozenset({"c.example"}),
    )
