"""Plans as documents and as lines."""

from __future__ import annotations

from typing import Any

from sesauditd.model.plan import Change, Conflict, Plan, Verb
from sesauditd.onboard.rendering import document, lines

PLAN = Plan(
    changes=(
        Change(
            resource="SQS queue q",
            verb=Verb.CREATE,
            before=None,
            after={"kept_seconds": 60, "redrive": None, "policy": {"sns": {"Effect": "Allow"}}},
            why="the daemon reads it",
        ),
        Change(
            resource="SNS topic t",
            verb=Verb.UPDATE,
            before={"policy": {"ses": {"Action": "a"}, "theirs": {}}, "version": "1"},
            after={"policy": {"ses": {"Action": "b"}, "theirs": {}}, "version": "1"},
            why="SES publishes to it",
        ),
        Change(
            resource="IAM user u",
            verb=Verb.DELETE,
            before={"path": "/x/"},
            after=None,
            why="the domain has gone",
        ),
    ),
    later=("3 DKIM records of a.example",),
    remarks=("the apex SPF record is left alone",),
)


def test_a_person_reads_the_sign_and_both_values() -> None:
    assert list(lines(PLAN)) == [
        "+ SQS queue q: the daemon reads it",
        "    kept_seconds: 60",
        '    policy.sns: {"Effect": "Allow"}',
        "~ SNS topic t: SES publishes to it",
        "    policy.ses.Action: a -> b",
        "- IAM user u: the domain has gone",
        "    path: /x/",
        "? 3 DKIM records of a.example: known only after the changes above",
        "i the apex SPF record is left alone",
        "1 to make, 1 to change, 1 to remove, 1 to be known later.",
    ]


def test_what_is_in_the_way_comes_first_with_what_to_do() -> None:
    conflict = Conflict(resource="MX of a.example", found="10 a", wanted="10 b", advice="Ask.")
    told = list(lines(Plan(conflicts=(conflict,))))
    assert told[:4] == [
        "! MX of a.example: cannot be changed",
        "    there is: 10 a",
        "    wanted:   10 b",
        "    Ask.",
    ]
    assert told[-1] == "1 in the way: nothing is changed until that is settled."


def test_an_empty_plan_says_so() -> None:
    assert list(lines(Plan())) == ["Everything stands as it should."]


def test_a_value_that_is_not_there_is_told_from_an_empty_one() -> None:
    change = Change(
        resource="r", verb=Verb.UPDATE, before={"a": ""}, after={"a": "x", "b": 1}, why="w"
    )
    assert list(lines(Plan(changes=(change,))))[1:3] == ["    a:  -> x", "    b: (nothing) -> 1"]


def test_scripts_read_every_difference() -> None:
    found: dict[str, Any] = document(PLAN)
    assert found["pending"] is True
    assert found["later"] == ["3 DKIM records of a.example"]
    (_, update, _) = found["changes"]
    assert update["differences"] == [{"path": "policy.ses.Action", "old": "a", "new": "b"}]
