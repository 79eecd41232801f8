"""AWS's own rates beside ours: what is not known is said so, and is never 0."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sesauditd.model.reputation import Kind, Poll, Tally
from sesauditd.report.account import account
from sesauditd.report.pages import Report
from sesauditd.report.report_text import report_text
from sesauditd.report.reputation import (
    own_rate,
    reputation_document,
    reputation_note,
    status_lines,
)
from tests.unit.report.builders import SPAN, counted
from tests.unit.report.test_text import widest

AT = datetime(2026, 11, 23, 2, 45, tzinfo=UTC)
TALLY = Tally(days=28, mailed=20_000, hard_bounces=200, feeding_back=10_000, complaints=3)
POLL = Poll(at=AT, bounce_rate=0.061, complaint_rate=None, sent=700, heard=690, tallies=(TALLY,))


def shown(poll: Poll | None) -> str:
    page = account(SPAN, {"k": [counted(10)]}, {}, unattributed=0, reputation=poll)
    return report_text(Report(span=SPAN, account=page))


def test_both_rates_stand_side_by_side_in_eighty_columns() -> None:
    text = shown(POLL)
    assert widest(text) <= 80
    bounces, complaints = (
        next(one for one in text.split("AWS's own rates")[1].splitlines() if name in one).split()
        for name in ("Bounces", "Complaints")
    )
    assert bounces == ["Bounces", "6.1", "%", "1.0", "%", "20,000", "28", "above", "review"]
    assert complaints[1:3] == ["not", "known"]
    assert complaints[-2:] == ["not", "known"]
    assert "AWS was asked at 2026-11-23 02:45 UTC" in text


def test_without_a_poll_the_page_says_that_nobody_asked() -> None:
    assert "no daemon has asked AWS yet" in shown(None)
    assert dict(status_lines(None))["Bounces"] == "AWS's rate not known: no daemon asked yet"


def test_why_something_is_not_known_is_said() -> None:
    nothing = replace(POLL, bounce_rate=None)
    assert "shows no rates, as of an account that hardly sends" in reputation_note(nothing)
    refused = replace(nothing, problem="CloudWatch GetMetricData: AccessDenied")
    assert "does not tell: CloudWatch GetMetricData: AccessDenied" in reputation_note(refused)


def test_beside_our_rate_stands_aws_own_and_why_it_is_not_known() -> None:
    assert own_rate(POLL, Kind.BOUNCE) == "6.1 %, above review, asked 2026-11-23 02:45"
    low = replace(POLL, bounce_rate=0.02)
    assert own_rate(low, Kind.BOUNCE) == "2.0 %, 40 % of review, asked 2026-11-23 02:45"
    assert own_rate(POLL, Kind.COMPLAINT) == "not known: AWS shows none"
    refused = replace(POLL, problem="CloudWatch GetMetricData: AccessDenied")
    assert own_rate(refused, Kind.COMPLAINT) == "not known: AWS did not answer"
    assert own_rate(None, Kind.BOUNCE) == "not known: no daemon asked yet"


def test_the_screen_of_the_morning_has_a_line_each() -> None:
    lines = dict(status_lines(POLL))
    assert lines == {
        "Bounces": "AWS's 6.1 %, ours 1.0 % of 20,000; review at 5 %, pause at 10 %",
        "Complaints": "AWS's not known, ours 0.03 % of 10,000; review at 0.1 %, pause at 0.5 %",
    }
    quiet = replace(POLL, tallies=(replace(TALLY, mailed=0, hard_bounces=0),))
    assert "ours not known" in dict(status_lines(quiet))["Bounces"]


def test_scripts_read_null_for_what_is_not_known() -> None:
    document = reputation_document(POLL)
    assert document == {
        "at": "2026-11-23T02:45:00Z",
        "problem": None,
        "aws_sent_in_a_day": 700,
        "heard_in_that_day": 690,
        "bounces": {
            "aws_percent": 6.1,
            "own_percent": 1.0,
            "own_count": 200,
            "own_of": 20_000,
            "own_days": 28,
            "review_percent": 5.0,
            "pause_percent": 10.0,
            "of_review_percent": 122.0,
        },
        "complaints": {
            "aws_percent": None,
            "own_percent": 0.03,
            "own_count": 3,
            "own_of": 10_000,
            "own_days": 28,
            "review_percent": 0.1,
            "pause_percent": 0.5,
            "of_review_percent": None,
        },
    }
    assert reputation_document(None) is None
