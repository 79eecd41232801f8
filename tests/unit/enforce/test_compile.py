"""Policies say what the table of blocks says, and nothing that a stranger wrote into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.enforce.compile import (
    MANAGED_LIMIT,
    deny_everything,
    deny_identities,
    deny_recipients,
    is_odd,
    size_of,
)
from sesauditd.model.execution import Denied


def denied(*addresses: str) -> list[Denied]:
    return [Denied(recipient=one.lower(), spellings=frozenset({one})) for one in addresses]


def test_the_policy_is_the_one_of_the_field_guide() -> None:
    assert deny_recipients(denied("Bob@X.com")).document == {
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
    document = deny_recipients(denied("Bob@X.com"), ignore_case=False).document
    assert document is not None
    (statement,) = document["Statement"]
    assert statement["Condition"] == {
        "ForAnyValue:StringEquals": {"ses:Recipients": ["Bob@X.com", "bob@x.com"]}
    }


def test_nobody_denied_is_no_policy_at_all() -> None:
    compiled = deny_recipients([])
    assert (compiled.document, compiled.size, compiled.fits) == (None, 0, True)


@pytest.mark.parametrize(
    "address",
    ["*@x.com", "b?b@x.com", "${aws:username}@x.com", "b\u0142@x.com", "b\tb@x.com", ""],
    ids=["star", "question mark", "variable", "beyond latin", "tab", "empty"],
)
def test_an_odd_address_is_refused_and_the_others_stay(address: str) -> None:
    compiled = deny_recipients([*denied("bob@x.com"), *denied(address)])
    assert compiled.odd == {address.lower()}
    assert compiled.document == deny_recipients(denied("bob@x.com")).document


@pytest.mark.parametrize("address", ["b\xf6b@x.com", '"b b"@x.com', "b$b@x.com", "b{b}@x.com"])
def test_a_strange_address_is_not_an_odd_one(address: str) -> None:
    assert not is_odd(address)


def test_a_policy_holds_as_many_addresses_as_the_field_guide_counted() -> None:
    long = [f"{number:04d}-{'x' * 9}@sample.org" for number in range(300)]
    assert {len(one) for one in long} == {25}
    fitting = max(count for count in range(300) if deny_recipients(denied(*long[:count])).fits)
    assert 190 <= fitting <= 221


def test_white_space_is_not_counted() -> None:
    assert size_of({"a b": "c  d"}) == len('{"ab":"cd"}')


@given(st.lists(st.emails(), max_size=20))
def test_the_order_of_blocks_does_not_matter(addresses: list[str]) -> None:
    there, back = deny_recipients(denied(*addresses)), deny_recipients(denied(*addresses[::-1]))
    assert there == back
    assert there.size <= MANAGED_LIMIT or not there.fits


def test_stops_deny_ses_altogether() -> None:
    (statement,) = deny_identities(["arn:x"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ses:*", ["arn:x"])
    (statement,) = deny_everything()["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ses:*", ["*"])
