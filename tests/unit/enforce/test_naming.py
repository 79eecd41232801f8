"""Names on AWS are what IAM takes, and different for different things."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.enforcing import NAMES

TAKEN = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


def test_plain_names_stay_readable() -> None:
    assert NAMES.block_policy_arn("bakery") == (
        "arn:aws:iam::123456789012:policy/sesaudit/block-bakery-1"
    )
    assert NAMES.disable_policy("shop.example") == "sesaudit-disable-shop.example"
    assert NAMES.terminate_policy == "sesaudit-terminate"


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_any_customer_has_a_name_of_its_own_that_iam_takes(one: str, other: str) -> None:
    names = [NAMES.block_policy(each) for each in (one, other)]
    assert all(TAKEN.fullmatch(each) for each in names)
    assert (names[0] == names[1]) == (one == other)


def test_a_long_domain_is_shortened_and_told_apart() -> None:
    start = ".".join(["a" * 60] * 3)
    one, other = NAMES.disable_policy(f"{start}.example"), NAMES.disable_policy(f"{start}.sample")
    assert len(one) == len(other) == 128
    assert one != other


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    there = replace(NAMES, region=region)
    assert there.identities("a.example")[0] == (
        f"arn:{partition}:ses:{region}:123456789012:identity/a.example"
    )
    assert there.block_policy_arn("k").startswith(f"arn:{partition}:iam::")
