"""Policy documents, compared statement by statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.onboard.policies import canonical, policy_of, statements_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = {"Sid": "a", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:x"}
SAME: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
    ({**PLAIN, "Action": ["sqs:SendMessage"]}, PLAIN),
    (dict(reversed(PLAIN.items())), PLAIN),
    ({**PLAIN, "Resource": ["arn:y", "arn:x"]}, {**PLAIN, "Resource": ["arn:x", "arn:y"]}),
    (
        {**PLAIN, "Principal": {"AWS": ["arn:u"]}},
        {**PLAIN, "Principal": {"AWS": "arn:u"}},
    ),
    (
        {**PLAIN, "Condition": {"ArnLike": {"aws:SourceArn": ["b", "a"]}}},
        {**PLAIN, "Condition": {"ArnLike": {"aws:SourceArn": ["a", "b"]}}},
    ),
]


@pytest.mark.parametrize(
    ("one", "other"), SAME, ids=["one action", "order", "resources", "principal", "condition"]
)
def test_aws_may_write_the_same_in_another_way(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    "change",
    [{"Effect": "Deny"}, {"Action": "*"}, {"Principal": "*"}, {"Condition": {}}],
    ids=lambda change: next(iter(change)),
)
def test_what_says_something_else_is_not_equal(change: Mapping[str, Any]) -> None:
    assert canonical({**PLAIN, **change}) != canonical(PLAIN)


def test_statements_go_by_their_sid_and_those_without_one_by_their_place() -> None:
    nameless = {key: value for key, value in PLAIN.items() if key != "Sid"}
    given = [nameless, PLAIN, PLAIN]
    found = statements_of(json.dumps({"Version": "2012-10-17", "Statement": given}))
    assert list(found) == ["(1)", "a", "a (3)"]
    assert policy_of(found)["Statement"] == [canonical(one) for one in given]


def test_one_statement_may_stand_without_a_list() -> None:
    assert list(statements_of({"Statement": PLAIN})) == ["a"]


@pytest.mark.parametrize("nothing", [None, "", {}], ids=["none", "empty", "no statement"])
def test_no_policy_has_no_statements(nothing: Any) -> None:
    assert statements_of(nothing) == {}


def test_a_text_is_read_back_as_what_was_written() -> None:
    statements = {"a": canonical(PLAIN)}
    assert statements_of(text_of(statements)) == statements


@pytest.mark.parametrize("broken", ["[1]", '{"Statement": ["x"]}', "{"])
def test_what_is_no_policy_is_refused(broken: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        statements_of(broken)
