"""Each customer's share of the account's bounces and complaints, and AWS's lines."""

from __future__ import annotations

import pytest

from sesauditd.model.events import Outcome
from sesauditd.model.reputation import LINES, Kind
from sesauditd.report.account import (
    BOUNCE_LINES,
    COMPLAINT_LINES,
    Against,
    Lines,
    account,
    standing_of,
)
from tests.unit.report.builders import SPAN, counted


def test_shares_are_of_the_accounts_bounces_and_complaints() -> None:
    page = account(
        SPAN,
        {
            "good": [counted(900), counted(1, Outcome.HARD_BOUNCE)],
            "bad": [
                counted(100),
                counted(3, Outcome.HARD_BOUNCE),
                counted(2, Outcome.COMPLAINT),
            ],
        },
        {},
        unattributed=7,
    )
    assert (page.mailed, page.bounces.count, page.complaints.count) == (1000, 4, 2)
    assert page.bounces.percent == pytest.approx(0.4)
    assert [one.customer for one in page.members] == ["bad", "good"]
    assert [one.bounces.share_percent for one in page.members] == [75.0, 25.0]
    assert [one.complaints.share_percent for one in page.members] == [100.0, 0.0]
    assert page.unattributed == 7


def test_complaints_are_measured_where_they_are_reported() -> None:
    rows = [
        counted(100),
        counted(900, feeds_back=False),
        counted(1, Outcome.COMPLAINT),
    ]
    page = account(SPAN, {"k": rows}, {}, unattributed=0)
    assert page.complaints.size == 100
    assert page.complaints.percent == pytest.approx(1.0)
    assert page.bounces.size == 1000


def test_days_before_the_span_are_left_out() -> None:
    early = counted(50, day=SPAN.start.date().replace(month=1))
    assert account(SPAN, {"k": [early]}, {}, unattributed=0).mailed == 0


def test_customers_that_cost_the_same_stand_in_the_order_of_their_names() -> None:
    page = account(SPAN, {"b": [], "a": [], "c": [counted(1)]}, {}, unattributed=0)
    assert [one.customer for one in page.members] == ["c", "a", "b"]


def test_an_account_without_customers_has_no_rates() -> None:
    page = account(SPAN, {}, {}, unattributed=0)
    assert (page.members, page.mailed, page.bounces.percent) == ((), 0, 0.0)


@pytest.mark.parametrize(
    ("percent", "lines", "word"),
    [
        pytest.param(4.99, BOUNCE_LINES, "below", id="bounces-below"),
        pytest.param(5.0, BOUNCE_LINES, "review", id="bounces-under-review"),
        pytest.param(10.0, BOUNCE_LINES, "pause", id="bounces-paused"),
        pytest.param(0.09, COMPLAINT_LINES, "below", id="complaints-below"),
        pytest.param(0.1, COMPLAINT_LINES, "review", id="complaints-under-review"),
        pytest.param(0.5, COMPLAINT_LINES, "pause", id="complaints-paused"),
    ],
)
def test_the_lines_are_awss_own(percent: float, lines: Lines, word: str) -> None:
    rate = Against(
        count=1, size=1, percent=percent, share_percent=0, budget_percent=0, of_room_percent=0
    )
    assert standing_of(rate, lines) == word


def test_awss_lines_are_the_same_wherever_they_are_read() -> None:
    for kind, lines in ((Kind.BOUNCE, BOUNCE_LINES), (Kind.COMPLAINT, COMPLAINT_LINES)):
        assert LINES[kind].review * 100 == pytest.approx(lines.review_percent)
        assert LINES[kind].pause * 100 == pytest.approx(lines.pause_percent)


@pytest.mark.parametrize(
    ("bad", "good", "budget", "of_room"),
    [
        # 1,000 were mailed, so 50 bounces are the account's budget.
        (0, 0, 0, 0),
        (10, 0, 20, 25),
        (10, 30, 20, 100),
        (10, 39, 20, 1000),
        (10, 40, 20, None),
        (100, 0, 200, None),
    ],
)
def test_what_a_customer_uses_of_the_accounts_budget_and_of_the_room_left(
    bad: int, good: int, budget: float, of_room: float | None
) -> None:
    rows = {
        "bad": [counted(200), counted(bad, Outcome.HARD_BOUNCE)],
        "good": [counted(800), counted(good, Outcome.HARD_BOUNCE)],
    }
    page = account(SPAN, rows, {}, unattributed=0)
    found = next(one.bounces for one in page.members if one.customer == "bad")
    assert found.budget_percent == pytest.approx(budget)
    assert found.of_room_percent == (None if of_room is None else pytest.approx(of_room))
