"""What the morning's screen says first: what is wrong, then what waits, then what to tidy up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sesauditd.model.actions import State
from sesauditd.model.verdicts import Does
from sesauditd.report.account import Account, Against
from sesauditd.report.figures import Overview, Span
from sesauditd.report.morning import Morning, Urgency, approvable, headline, tasks
from sesauditd.report.pages import Daemon, Standing, Status, Trouble
from tests.unit.report.builders import WEEK, action

WELL = Overview(
    newest_event_at=WEEK,
    last_judged_week="2026-W47",
    quarantined=0,
    unattributed=0,
    journal_length=9,
)
MEMBER = Standing(
    customer="k", mode="enforce", score=None, domains=1, mailed=1, hard_bounces=0, complaints=0
)
NOTHING = Against(
    count=0, size=1000, percent=0.0, share_percent=0.0, budget_percent=0.0, of_room_percent=0.0
)
ACCOUNT = Account(
    span=Span.between(WEEK, WEEK),
    mailed=100,
    bounces=NOTHING,
    complaints=NOTHING,
    members=(),
    unattributed=0,
)


def daemon(**more: Any) -> Daemon:
    facts: dict[str, Any] = {
        "alive": True,
        "last_message_at": WEEK,
        "account": None,
        "troubles": (),
        "unsent": 0,
    }
    return Daemon(**(facts | more))


def status(**more: Any) -> Morning:
    facts: dict[str, Any] = {
        "mode": "enforce",
        "daemon": daemon(),
        "overview": WELL,
        "pending": (),
        "shown_only": (),
        "domains": (),
        "customers": (MEMBER,),
        "present": 1,
        "account": ACCOUNT,
        "cases": {},
    }
    return Status(**(facts | more)).morning


def overview(**more: Any) -> Overview:
    return Overview(**({name: getattr(WELL, name) for name in WELL.__slots__} | more))


def test_a_quiet_morning_is_one_sentence() -> None:
    assert tasks(status()) == ()
    assert headline(()) == "All is well."


def test_what_is_most_urgent_stands_first() -> None:
    found = tasks(
        status(
            daemon=daemon(
                alive=False,
                unsent=1,
                troubles=(Trouble(name="x", summary="the queue is gone", since=""),),
            ),
            overview=overview(quarantined=2, unattributed=1, pending={"waiting": 1, "failed": 1}),
            pending=(action(state=State.WAITING, id="abc"),),
        )
    )
    assert [one.line for one in found] == [
        "The daemon is not running: sesauditd run",
        "the queue is gone",
        "1 action was not done, AWS refused: sesauditd actions",
        "1 action waits for your approval: sesauditd actions approve abc",
        "1 notice did not surely arrive: sesauditd notices",
        "2 messages could not be read: sesauditd quarantine list",
        "1 event of no registered domain: sesauditd events --unattributed",
    ]
    assert headline(found) == "3 things are wrong, and 2 things wait for you."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"present": 0}, "One thing waits for you."),
        ({"daemon": daemon(alive=False)}, "One thing is wrong."),
        (
            {"overview": overview(quarantined=1)},
            "All is well, but for what is to be tidied up.",
        ),
    ],
)
def test_the_headline_counts(more: dict[str, Any], said: str) -> None:
    assert headline(tasks(status(**more))) == said


def test_a_new_installation_needs_a_customer_before_a_daemon() -> None:
    empty = status(
        present=0,
        daemon=daemon(alive=False, last_message_at=None),
        overview=overview(newest_event_at=None),
    )
    (only,) = tasks(empty)
    assert (only.urgency, only.command.split()[:2]) == (Urgency.WAITS, ["sesauditd", "adopt"])


def test_something_weighty_is_approved_before_a_block() -> None:
    block = action(Does.BLOCK, State.PROPOSED, id="block")
    assert approvable((block,)) == block
    stop = action(Does.DISABLE, State.WAITING, id="stop")
    assert approvable((block, stop)) == stop


@pytest.mark.parametrize(
    ("percent", "line"), [(4.9, None), (5.0, "review"), (9.9, "review"), (10.0, "pause")]
)
def test_bounces_above_a_line_of_aws_are_wrong(percent: float, line: str | None) -> None:
    high = replace(ACCOUNT, bounces=replace(NOTHING, percent=percent))
    said = [f"The account's bounces are above AWS's {line} line"] if line else []
    assert [one.what for one in tasks(status(account=high))] == said


def test_of_few_mails_a_rate_says_nothing() -> None:
    few = replace(NOTHING, percent=13.3, size=999)
    assert tasks(status(account=replace(ACCOUNT, bounces=few, complaints=few))) == ()


@pytest.mark.parametrize("alarm", ["reputation_complaint", "own_complaint"])
def test_what_an_alarm_said_of_a_rate_is_not_said_twice(alarm: str) -> None:
    high = replace(ACCOUNT, complaints=replace(NOTHING, percent=0.2))
    told = daemon(troubles=(Trouble(name=alarm, summary="complaints: 0.2 %", since=""),))
    assert [one.what for one in tasks(status(account=high, daemon=told))] == ["complaints: 0.2 %"]
    other = daemon(troubles=(Trouble(name="own_bounce", summary="bounces: 6 %", since=""),))
    assert len(tasks(status(account=high, daemon=other))) == 2


def test_who_explained_waits_for_an_answer() -> None:
    (only,) = tasks(status(cases={"explained": 2, "opened": 1}))
    assert only.line == "2 customers have explained: sesauditd cases"
    assert only.urgency is Urgency.WAITS
