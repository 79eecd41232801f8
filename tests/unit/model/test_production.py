"""What AWS is told, and what it said."""

from __future__ import annotations

from typing import Any

import pytest

from sesauditd.errors import Refused
from sesauditd.model.production import Request, Review, Standing

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no address": ({"website": "host.example"}, "no address of a web site"),
    "with a blank": ({"website": "https://host.example/a b"}, "no address of a web site"),
    "too long": ({"website": f"https://host.example/{1000 * 'a'}"}, "longer than 1000"),
    "long description": ({"description": 5001 * "a"}, "longer than 5000"),
    "five contacts": ({"contacts": ("a@x.example",) * 5}, "at most 4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_aws_would_not_take_is_refused(name: str) -> None:
    given, why = WRONG[name]
    with pytest.raises(Refused, match=why):
        Request(**{"website": "https://host.example", **given})


@pytest.mark.parametrize("review", Review)
def test_every_state_of_a_review_is_said(review: Review) -> None:
    said = Standing(production=False, review=review, case="case-1").said
    assert said.startswith("The account is in AWS's sandbox")
    assert ("case-1" in said) is (review is not Review.NONE)
