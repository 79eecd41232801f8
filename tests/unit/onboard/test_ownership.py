"""Whose a resource is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.onboard.ownership import Ownership, tagged

if TYPE_CHECKING:
    from sesauditd.model.plan import Document

ABSENT: Document | None = None
OURS: Document = {"tag": "main"}
NOBODYS: Document = {"tag": None}
ANOTHERS: Document = {"tag": "second"}
FREE = [
    (ABSENT, False, set()),
    (OURS, False, set()),
    (NOBODYS, True, set()),
    (NOBODYS, False, {"it"}),
]
TAKEN = [
    (NOBODYS, False, {"something else"}, "without the tag sesauditd"),
    (ANOTHERS, False, set(), "tag sesauditd=second"),
    (ANOTHERS, True, {"it"}, "tag sesauditd=second"),
]


@pytest.mark.parametrize(
    ("found", "take_over", "begun"), FREE, ids=["absent", "ours", "taken over", "begun by us"]
)
def test_what_may_be_changed(found: Document | None, take_over: bool, begun: set[str]) -> None:
    ownership = Ownership(installation="main", take_over=take_over, begun=begun)
    assert ownership.conflict("it", found) is None


@pytest.mark.parametrize(
    ("found", "take_over", "begun", "says"), TAKEN, ids=["nobody's", "another's", "another's still"]
)
def test_what_may_not(found: Document, take_over: bool, begun: set[str], says: str) -> None:
    ownership = Ownership(installation="main", take_over=take_over, begun=begun)
    conflict = ownership.conflict("it", found)
    assert conflict is not None
    assert says in conflict.found
    assert conflict.wanted == "tag sesauditd=main"
    assert conflict.advice


def test_of_the_tags_only_ours_is_looked_at() -> None:
    found = tagged({"tags": {"sesauditd": "main", "cost": "5"}, "region": "x"})
    assert found == {"tag": "main", "region": "x"}
    assert tagged({"tags": {}}) == {"tag": None}
    assert tagged(None) is None
