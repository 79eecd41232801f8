from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sesauditd.report.account import Account, Against
from sesauditd.report.figures import Overview, Span
from sesauditd.report.pages import Daemon, Standing
from sesauditd.web.concerns import told
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
        standings=(
            Standing(
                customer="k",
                mode="enforce",
                score=None,
                domains=1,
                mailed=1,
                hard_bounces=0,
                complaints=0,
            ),
        ),
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
    return told(start)[0].text


def titles(start: Start) -> list[str]:
    return [one.task.what for one in told(start)[1]]


def test_where_nothing_is_wrong_all_is_well() -> None:
    assert told(WELL)[1] == ()
    assert said(WELL) == "All is well"


@pytest.mark.parametrize(
    ("changed", "tone", "links"),
    [
        pytest.param({"quarantined": 3}, "good", ["/quarantine"], id="leftovers"),
        pytest.param({"pending": {"waiting": 1}}, "warn", ["/actions?state=waiting"], id="waiting"),
        pytest.param({"pending": {"failed": 2}}, "bad", ["/actions?state=failed"], id="failed"),
        pytest.param(
            {"pending": {"unknown": 1, "proposed": 4}},
            "bad",
            ["/actions?state=unknown", "/actions?state=proposed"],
            id="both",
        ),
        pytest.param({"pending": {"requested": 4}}, "good", [], id="on its way"),
    ],
)
def test_each_concern_leads_to_its_page(
    changed: dict[str, Any], tone: str, links: list[str]
) -> None:
    sentence, found = told(replace(WELL, overview=replace(WELL.overview, **changed)))
    assert sentence.tone == tone
    assert [one.link for one in found] == links


def test_the_sentence_is_the_one_of_the_terminal() -> None:
    busy = replace(WELL, overview=replace(WELL.overview, pending={"failed": 1, "proposed": 4}))
    assert said(busy) == "One thing is wrong, and one thing waits for you"
    assert said(replace(WELL, cases={"explained": 2, "opened": 1})) == "One thing waits for you"


def test_a_daemon_that_is_not_there_is_the_first_concern() -> None:
    daemon = replace(WELL.daemon, alive=False, unsent=1)
    assert titles(replace(WELL, daemon=daemon)) == [
        "The daemon is not running",
        "1 notice did not surely arrive",
    ]
