"""Policies say what the table of blocks says, and nothing that a stranger wrote into them."""

from __future__ import annotations

from typing import Any

import pytest

from sesauditd.enforce.compile import (
    denied_by,
    deny_everything,
    deny_identities,
    deny_recipients,
    size_of,
)
from sesauditd.model.execution import Denied


def denied(*addresses: str) -> list[Denied]:
    return [Denied(recipient=one.lower(), spellings=frozenset({one})) for one in addresses]


def test_the_policy_is_the_one_of_the_field_guide() -> None:
    assert deny_recipients(denied("Bob@X.com")) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "sesauditd",
                "Effect": "Deny",
                "Action": "ses:Send*",
                "Resource": ["*"],
                "Condition": {
                    "ForAnyValue:StringEqualsIgnoreCase": {"ses:Recipients": ["bob@x.com"]}
                },
            }
        ],
    }


def test_where_case_counts_every_spelling_is_listed() -> None:
    (statement,) = deny_recipients(denied("Bob@X.com"), ignore_case=False)["Statement"]
    assert statement["Condition"] == {
        "ForAnyValue:StringEquals": {"ses:Recipients": ["Bob@X.com", "bob@x.com"]}
    }


def test_an_odd_spelling_of_an_address_is_left_out() -> None:
    one = Denied(recipient="bob@x.com", spellings=frozenset({"B*b@x.com", "Bob@x.com"}))
    named = denied_by(deny_recipients([one], ignore_case=False))
    assert named == frozenset({"bob@x.com", "Bob@x.com"})


def test_white_space_is_not_counted() -> None:
    assert size_of({"a b": "c  d"}) == len('{"ab":"cd"}')


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Statement": []},
        {"Statement": [{"Effect": "Deny"}]},
        {"Statement": [{"Condition": {"a": {}, "b": {}}}]},
        {"Statement": {"Condition": 3}},
    ],
)
def test_a_policy_of_others_names_nobody(document: Any) -> None:
    assert denied_by(document) is None


def test_iam_may_show_one_address_without_its_list() -> None:
    statement = {"Condition": {"ForAnyValue:StringEquals": {"ses:Recipients": "a@x.com"}}}
    assert denied_by({"Statement": [statement]}) == frozenset({"a@x.com"})


def test_stops_deny_ses_altogether() -> None:
    (statement,) = deny_identities(["arn:x"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ses:*", ["arn:x"])
    (statement,) = deny_everything()["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ses:*", ["*"])
