"""Reports as programs read them: keys that stay, values that JSON knows."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.report.account import account
from sesauditd.report.behaviour import Figures, behaviour
from sesauditd.report.document import STRIKES_LISTED, behaviour_document, report_document
from sesauditd.report.pages import Report
from tests.unit.report.builders import (
    SPAN,
    WEEK,
    block,
    counted,
    figures,
    history,
    sent,
    strike,
    struck,
    verdict,
)

LIMITS = Limits()


def some() -> Figures:
    return figures(
        history([*struck(9), *struck(2, outcome=Outcome.COMPLAINT)], [sent(60)], since=WEEK),
        counted=(counted(60), counted(9, Outcome.HARD_BOUNCE)),
        verdicts=(verdict(evidence={"count": 9}),),
        blocks=(block(),),
    )


def test_a_behaviour_has_these_keys_in_this_order() -> None:
    document = behaviour_document(behaviour(some(), LIMITS))
    assert list(document) == [
        "kind",
        "name",
        "customer",
        "customer_since",
        "domains",
        "since",
        "until",
        "score",
        "grade",
        "nearest_limit_percent",
        "disables_in_90_days",
        "mailed",
        "recipients",
        "outcomes",
        "rates",
        "weeks",
        "providers",
        "statuses",
        "limits",
        "blocks",
        "verdicts",
        "strikes",
    ]


def test_a_document_is_plain_json() -> None:
    whole = behaviour(some(), LIMITS)
    document = behaviour_document(whole)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["since"] == "2026-08-25T00:00:00Z"
    assert document["until"] == "2026-11-23T03:00:00Z"
    assert (document["score"], document["grade"]) == (30.0, "D")


def test_distances_say_what_was_observed_and_what_is_allowed() -> None:
    limits = behaviour_document(behaviour(some(), LIMITS))["limits"]
    assert isinstance(limits, list)
    assert [one["rule"] for one in limits] == [
        "hard_bounce.disable",
        "hard_bounce.surge",
        "guessing.disable",
        "complaint.disable",
        "complaint.surge",
        "virus.disable",
    ]
    assert limits[0]["newest_week"] == {
        "ratio": 0.6,
        "scope": "shop.example",
        "basis": "recipients",
        "count": 9,
        "count_limit": 15,
        "percent": None,
        "percent_limit": None,
        "n": 60,
        "window": {"start": "2026-11-16T00:00:00Z", "end": "2026-11-23T00:00:00Z"},
    }
    assert limits[5] == {"rule": "virus.disable", "newest_week": None, "worst": None}


def test_no_score_is_null() -> None:
    document = behaviour_document(behaviour(figures(), LIMITS))
    assert (document["score"], document["grade"]) == (None, None)
    assert document["customer_since"] is None


def test_strikes_are_counted_and_the_newest_listed() -> None:
    strikes = [strike(WEEK + timedelta(minutes=one)) for one in range(STRIKES_LISTED + 5)]
    document = behaviour_document(behaviour(figures(history(strikes)), LIMITS))["strikes"]
    assert isinstance(document, dict)
    assert document["total"] == STRIKES_LISTED + 5
    assert len(document["newest"]) == STRIKES_LISTED
    assert document["newest"][0]["event"] == strikes[-1].event


def test_the_order_in_which_figures_come_changes_nothing() -> None:
    known = figures(
        history(
            [*struck(20), *struck(5, WEEK - timedelta(days=9)), *struck(3, domain="other.example")],
            [sent(60), sent(50, WEEK - timedelta(days=9)), sent(9, domain="other.example")],
        ),
        domains=("other.example", "shop.example"),
        counted=(counted(60), counted(50), counted(20, Outcome.HARD_BOUNCE)),
        verdicts=(verdict(), verdict(), verdict()),
    )
    expected = behaviour_document(behaviour(known, LIMITS))
    chance = random.Random(7)
    for _ in range(5):
        strikes, hourly = list(known.history.strikes), list(known.history.reach.hourly)
        rows, verdicts = list(known.counted), list(known.verdicts)
        for each in (strikes, hourly, rows, verdicts):
            chance.shuffle(each)
        shuffled = replace(
            known,
            history=history(strikes, hourly),
            counted=tuple(rows),
            verdicts=tuple(verdicts),
        )
        assert behaviour_document(behaviour(shuffled, LIMITS)) == expected


def test_a_report_has_the_same_keys_whatever_it_is_about() -> None:
    whole = behaviour(some(), LIMITS)
    page = account(SPAN, {"k": some().counted}, {"k": whole.score}, unattributed=2)
    about_all = report_document(Report(span=SPAN, account=page, customers=(whole,)))
    about_one = report_document(Report(span=SPAN, domains=(whole,)))
    keys = ["since", "until", "account", "customers", "domains"]
    assert (list(about_all), list(about_one)) == (keys, keys)
    assert about_one["account"] is None
    bounces = {
        "count": 9,
        "of": 60,
        "percent": 15.0,
        "share_percent": 100.0,
        "budget_percent": 300.0,
        "of_room_percent": None,
        "review_percent": 5.0,
        "pause_percent": 10.0,
        "standing": "pause",
    }
    complaints = {
        "count": 0,
        "of": 60,
        "percent": 0.0,
        "share_percent": 0.0,
        "budget_percent": 0.0,
        "of_room_percent": 0.0,
        "review_percent": 0.1,
        "pause_percent": 0.5,
        "standing": "below",
    }
    assert about_all["account"] == {
        "mailed": 60,
        "bounces": bounces,
        "complaints": complaints,
        "unattributed_events": 2,
        "reputation": None,
        "customers": [
            {
                "customer": "k",
                "mailed": 60,
                "score": 30.0,
                "grade": "D",
                "bounces": bounces,
                "complaints": complaints,
            }
        ],
    }
