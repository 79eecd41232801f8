"""AWS's rates beside ours: the lines, and when two figures cannot both be right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sesauditd.model.reputation import Kind, Poll, Sign, Tally, level, settled, sign, unheard

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUIET = Tally(days=1, mailed=0, hard_bounces=0, feeding_back=0, complaints=0)
MONTH = Tally(days=28, mailed=20_000, hard_bounces=200, feeding_back=10_000, complaints=5)
POLL = Poll(
    at=NOW, bounce_rate=0.01, complaint_rate=0.0005, sent=None, heard=0, tallies=(QUIET, MONTH)
)


@pytest.mark.parametrize(
    ("rate", "kind", "before", "expected"),
    [
        (0.0399, Kind.BOUNCE, None, None),
        (0.04, Kind.BOUNCE, None, "near"),
        (0.0499, Kind.BOUNCE, None, "near"),
        (0.05, Kind.BOUNCE, None, "review"),
        (0.0999, Kind.BOUNCE, None, "review"),
        (0.10, Kind.BOUNCE, None, "pause"),
        (0.00079, Kind.COMPLAINT, None, None),
        (0.0008, Kind.COMPLAINT, None, "near"),
        (0.001, Kind.COMPLAINT, None, "review"),
        (0.005, Kind.COMPLAINT, None, "pause"),
        (0.046, Kind.BOUNCE, "review", "review"),
        (0.046, Kind.BOUNCE, "near", "near"),
        (0.0449, Kind.BOUNCE, "review", "near"),
        (0.0361, Kind.BOUNCE, "near", "near"),
        (0.0359, Kind.BOUNCE, "near", None),
        (0.091, Kind.BOUNCE, "pause", "pause"),
        (0.089, Kind.BOUNCE, "pause", "review"),
        (0.0, Kind.BOUNCE, "pause", None),
        (0.046, Kind.BOUNCE, "a word of an older program", "near"),
    ],
)
def test_a_line_is_left_only_well_below_it(
    rate: float, kind: Kind, before: str | None, expected: str | None
) -> None:
    assert level(rate, kind, 0.8, before) == expected


@pytest.mark.parametrize(
    ("changed", "bounces", "complaints"),
    [
        ({}, Sign.AGREES, Sign.AGREES),
        # Ours is 1.00 % of 20,000: at most 1.12 % by chance, and a point of leeway.
        ({"bounce_rate": 0.0211}, Sign.AGREES, Sign.AGREES),
        ({"bounce_rate": 0.0213}, Sign.HIGHER, Sign.AGREES),
        ({"bounce_rate": 0.0}, Sign.AGREES, Sign.AGREES),
        ({"bounce_rate": None}, None, Sign.AGREES),
        ({"complaint_rate": 0.0012}, Sign.AGREES, Sign.AGREES),
        ({"complaint_rate": 0.0014}, Sign.AGREES, Sign.HIGHER),
        ({"complaint_rate": None}, Sign.AGREES, None),
        ({"tallies": (QUIET,)}, None, None),
        ({"tallies": ()}, None, None),
        # A day at 9 % explains 9 %, though the month has 1 %.
        (
            {"bounce_rate": 0.09, "tallies": (replace(MONTH, days=1, hard_bounces=1800), MONTH)},
            Sign.AGREES,
            Sign.AGREES,
        ),
        (
            {"bounce_rate": 0.03, "tallies": (replace(MONTH, hard_bounces=1800),)},
            Sign.LOWER,
            Sign.AGREES,
        ),
        # 1 of 20 says little: AWS may well have 10 %.
        (
            {"bounce_rate": 0.1, "tallies": (replace(MONTH, mailed=20, hard_bounces=1),)},
            Sign.AGREES,
            Sign.AGREES,
        ),
    ],
)
def test_what_no_span_of_ours_can_explain(
    changed: dict[str, Any], bounces: Sign | None, complaints: Sign | None
) -> None:
    poll = replace(POLL, **changed)
    assert sign(poll, Kind.BOUNCE, 0.2) == bounces
    assert sign(poll, Kind.COMPLAINT, 0.2) == complaints


@pytest.mark.parametrize(
    ("sent", "heard", "expected"),
    [
        (None, 0, None),
        (0, 0, Sign.AGREES),
        (20, 0, Sign.AGREES),
        (21, 0, Sign.HIGHER),
        (1000, 950, Sign.AGREES),
        (1000, 949, Sign.HIGHER),
        # Several recipients of one message are one for us at most once too often.
        (100, 5000, Sign.AGREES),
    ],
)
def test_mail_that_nobody_told_us_of(sent: float | None, heard: int, expected: Sign | None) -> None:
    assert unheard(replace(POLL, sent=sent, heard=heard)) == expected


H, A, L = Sign.HIGHER, Sign.AGREES, Sign.LOWER


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([], None),
        ([H, H], None),
        ([H, H, H], H),
        ([H, H, H, A], H),
        ([H, H, A, H], None),
        ([H, None, H, None, None, H], H),
        ([None, None, None], None),
        ([A, A, A, H], A),
        ([H, L, H], None),
    ],
)
def test_three_polls_have_to_agree(signs: list[Sign | None], expected: Sign | None) -> None:
    assert settled(signs, 3) == expected


def test_our_own_rate_is_that_of_the_shortest_representative_span() -> None:
    week = replace(MONTH, days=7, mailed=10_000, hard_bounces=300)
    few = replace(week, mailed=9_999)
    assert replace(POLL, tallies=(QUIET, week, MONTH)).ours == week
    assert replace(POLL, tallies=(QUIET, few, MONTH)).ours == MONTH
    assert replace(POLL, tallies=(QUIET, few)).ours == few
    assert replace(POLL, tallies=()).ours is None
    assert QUIET.rate(Kind.BOUNCE) is None
    assert MONTH.rate(Kind.COMPLAINT) == 0.0005
