"""Plans as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.model.plan import (
    Change,
    Conflict,
    Difference,
    Plan,
    Verb,
    change_between,
    differences,
)

if TYPE_CHECKING:
    from sesauditd.model.plan import Document

VERBS: list[tuple[Document | None, Document | None, Verb | None]] = [
    (None, {"a": 1}, Verb.CREATE),
    ({"a": 1}, {"a": 2}, Verb.UPDATE),
    ({"a": 1}, None, Verb.DELETE),
    ({"a": 1}, {"a": 1}, None),
    (None, None, None),
]


@pytest.mark.parametrize(("before", "after", "verb"), VERBS, ids=str)
def test_a_change_is_told_by_what_is_there_before_and_after(
    before: Document | None, after: Document | None, verb: Verb | None
) -> None:
    change = change_between("it", before, after, "for this")
    assert (change and change.verb) == verb


def test_only_what_differs_is_named_by_its_path() -> None:
    before: Document = {"same": 1, "policy": {"x": {"a": 1, "b": [1]}, "gone": {"c": 3}}}
    after: Document = {"same": 1, "policy": {"x": {"a": 2, "b": [1]}}, "new": "n"}
    assert differences(before, after) == (
        Difference(path="policy.x.a", old=1, new=2),
        Difference(path="policy.gone", old={"c": 3}, new=None),
        Difference(path="new", old=None, new="n"),
    )


def test_a_list_is_one_value() -> None:
    assert differences({"a": [1, 2]}, {"a": [2]}) == (Difference(path="a", old=[1, 2], new=[2]),)


def test_a_mapping_in_the_place_of_something_else_is_a_difference_as_a_whole() -> None:
    (found,) = differences({"a": 1}, {"a": {"b": 2}})
    assert (found.path, found.old, found.new) == ("a", 1, {"b": 2})


CHANGE = Change(resource="it", verb=Verb.DELETE, before={}, after=None, why="")
CONFLICT = Conflict(resource="it", found="a", wanted="b", advice="c")


@pytest.mark.parametrize(
    ("plan", "empty"),
    [
        (Plan(), True),
        (Plan(remarks=("by the way",)), True),
        (Plan(changes=(CHANGE,)), False),
        (Plan(conflicts=(CONFLICT,)), False),
        (Plan(later=("tokens",)), False),
    ],
    ids=["nothing", "a remark", "a change", "a conflict", "something unknown"],
)
def test_a_plan_is_empty_if_nothing_is_left_to_do(plan: Plan, empty: bool) -> None:
    assert plan.is_empty is empty


def test_two_plans_are_one_in_order() -> None:
    both = Plan(changes=(CHANGE,), later=("x",)) + Plan(conflicts=(CONFLICT,), later=("y",))
    assert both == Plan(changes=(CHANGE,), conflicts=(CONFLICT,), later=("x", "y"))
