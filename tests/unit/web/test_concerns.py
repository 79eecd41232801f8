from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sesauditd.report.account import Account, Against
from sesauditd.report.figures import Overview, Span
from sesauditd.report.pages import Daemon, Trouble
from sesauditd.web.concerns import concerns, verdict
from sesauditd.web.values import Ranking, Start
from tests.support.dashboards import NOW

NOTHING = Against(
    count=0,
    size=100,
    percent=0.0,
    share_percent=0.0,
    budget_percent=0.0,
    of_room_percent=0.0,
)
WELL = Start(
    daemon=Daemon(alive=True, last_message_at=None, account=None, troubles=(), unsent=0),
    overview=Overview(
        newest_event_at=None,
        last_judged_week=None,
        quarantined=0,
        unattributed=0,
        journal_length=0,
    ),
    held=(),
    stopped=(),
    cases={},
    ranking=Ranking(
        at=NOW,
        standings=(),
        account=Account(
            span=Span.between(NOW, NOW),
            mailed=100,
            bounces=NOTHING,
            complaints=NOTHING,
            members=(),
            unattributed=0,
        ),
    ),
)


def said(start: Start) -> str:
    return verdict(concerns(start)).text


def test_where_nothing_is_wrong_all_is_well() -> None:
    assert concerns(WELL) == ()
    assert said(WELL) == "All is well"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        pytest.param({"quarantined": 3, "unattributed": 2}, "All is well", id="leftovers"),
        pytest.param({"pending": {"waiting": 1}}, "One thing waits for you", id="waiting"),
        pytest.param({"pending": {"failed": 2}}, "One thing is wrong", id="failed"),
        pytest.param(
            {"pending": {"failed": 1, "proposed": 4}},
            "One thing is wrong, and 1 more waits for you",
            id="both",
        ),
        pytest.param({"pending": {"requested": 4}}, "All is well", id="on its way"),
    ],
)
def test_what_the_sentence_says(changed: dict[str, Any], text: str) -> None:
    assert said(replace(WELL, overview=replace(WELL.overview, **changed))) == text


def test_a_daemon_that_is_not_there_is_the_first_concern() -> None:
    found = concerns(replace(WELL, daemon=replace(WELL.daemon, alive=False, unsent=1)))
    assert [one.title for one in found] == [
        "The daemon is not running.",
        "1 notice did not surely arrive:",
    ]


def test_a_rate_above_a_line_is_told_once() -> None:
    account = replace(WELL.ranking.account, bounces=replace(NOTHING, percent=6.0))
    high = replace(WELL, ranking=replace(WELL.ranking, account=account))
    assert [one.title for one in concerns(high)] == [
        "The account's bounces are above AWS's review line."
    ]
    trouble = Trouble(name="reputation_bounce", summary="AWS says 6 %", since="")
    told = replace(high, daemon=replace(WELL.daemon, troubles=(trouble,)))
    assert [one.text for one in concerns(told)] == ["AWS says 6 %"]


def test_who_explained_waits_for_an_answer() -> None:
    assert said(replace(WELL, cases={"explained": 2, "opened": 1})) == "One thing waits for you"
