"""The engine against resources that behave as AWS does on a bad day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Failed, Forbidden, Missing, Unavailable, Uncertain
from sesauditd.model.plan import Change, Conflict, Document, Kept
from sesauditd.onboard.engine import Engine, Moment, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.onboard.engine import Facts, Resource, Stage

ENGINE = Engine(patience_seconds=(0.0,) * 6)
CONFLICT = Conflict(resource="b", found="theirs", wanted="ours", advice="Ask them.")


@dataclass(slots=True)
class Thing:
    """Something at AWS: `stale` looks show what was there before the last change."""

    name: str
    goal: Document | None
    standing: Document | None = None
    why: str = "it is needed"
    stale: int = 0
    answers: list[Failed | None] = field(default_factory=list)
    """What comes back of each apply in turn: an error that lost it, or None."""
    busy: int = 0
    in_the_way: Conflict | None = None
    kept: Kept | None = None
    writes: int = 0
    looks: int = 0
    _shown: list[Document | None] = field(default_factory=list)

    async def observe(self) -> Document | None:
        self.looks += 1
        if self.busy:
            self.busy -= 1
            raise Unavailable("AWS has no time")
        return self._shown.pop() if self._shown else self.standing

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        return self.in_the_way or self.kept or self.goal

    async def apply(self, change: Change) -> None:
        self.writes += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or isinstance(answer, Uncertain):
            self._shown = [self.standing] * self.stale
            self.standing = change.after
        if answer is not None:
            raise answer


@dataclass(slots=True)
class Steps:
    """Keeps steps in memory."""

    kept: list[str] = field(default_factory=list)

    async def begin(self, change: Change) -> None:
        self.kept.append(f"begin {change.resource}")

    async def finish(self, change: Change) -> None:
        self.kept.append(f"finish {change.resource}")


def stages(*things: Thing) -> list[Stage]:
    def stage(thing: Thing) -> Stage:
        return lambda _facts: [thing]

    return [stage(thing) for thing in things]


async def test_a_plan_changes_nothing_and_names_all() -> None:
    a, b = Thing("a", {"x": 1}), Thing("b", {"x": 2}, standing={"x": 1})
    plan = await ENGINE.plan(stages(a, b))
    assert [(one.resource, str(one.verb)) for one in plan.changes] == [
        ("a", "create"),
        ("b", "update"),
    ]
    assert a.writes + b.writes == 0


async def test_each_change_is_begun_made_and_finished_in_order() -> None:
    steps, told = Steps(), list[str]()
    things = [Thing("a", {"x": 1}), Thing("b", None, standing={"x": 1}), Thing("c", {}, {})]

    def watch(change: Change, moment: Moment) -> None:
        told.append(f"{change.resource} {moment}")

    applied = await ENGINE.apply(stages(*things), steps=steps, on_change=watch)
    assert steps.kept == ["begin a", "finish a", "begin b", "finish b"]
    assert told == ["a begun", "a done", "b begun", "b done"]
    assert applied.facts == {"a": {"x": 1}, "b": None, "c": {}}


async def test_a_second_apply_writes_nothing() -> None:
    things = [Thing("a", {"x": 1}), Thing("b", {"x": 2})]
    await ENGINE.apply(stages(*things), steps=Steps())
    again = await ENGINE.apply(stages(*things), steps=Steps())
    assert again.changes == ()
    assert [one.writes for one in things] == [1, 1]


@pytest.mark.parametrize("given", [True, False], ids=["a plan is given", "no plan"])
async def test_nothing_is_written_while_anything_is_in_the_way(given: bool) -> None:
    things = [Thing("a", {"x": 1}), Thing("b", {"x": 2}, in_the_way=CONFLICT)]
    seen = await ENGINE.plan(stages(*things)) if given else None
    applied = await ENGINE.apply(stages(*things), steps=Steps(), seen=seen)
    assert applied.conflicts == (CONFLICT,)
    assert [one.writes for one in things] == [0, 0]


async def test_what_comes_into_the_way_after_the_plan_stops_its_stage_and_all_after_it() -> None:
    a, b, c = (Thing(name, {"x": 1}) for name in "abc")
    seen = await ENGINE.plan(stages(a, b, c))
    b.in_the_way = CONFLICT
    applied = await ENGINE.apply(stages(a, b, c), steps=Steps(), seen=seen)
    assert applied.conflicts == (CONFLICT,)
    assert [one.writes for one in (a, b, c)] == [1, 0, 0]


async def test_a_stage_may_wait_for_what_an_earlier_one_finds_out() -> None:
    identity = Thing("identity", {"token": "t"})

    def records(facts: Facts) -> Sequence[Resource] | Unknown:
        found = facts["identity"]
        if found is None:
            return Unknown(later=("a record of the token",))
        return [Thing(f"record {found['token']}", {"x": 1})]

    given: list[Stage] = [lambda _facts: [identity], records]
    plan = await ENGINE.plan(given)
    assert plan.later == ("a record of the token",)
    applied = await ENGINE.apply(given, steps=Steps())
    assert [one.resource for one in applied.changes] == ["identity", "record t"]
    assert applied.later == ()


async def test_what_is_fine_and_worth_a_remark_is_left() -> None:
    things = [Thing(name, {"x": 1}, kept=Kept(remark="theirs is fine")) for name in "ab"]
    plan = await ENGINE.plan(stages(*things))
    assert (plan.is_empty, plan.remarks) == (True, ("theirs is fine",))


async def test_what_is_written_is_looked_at_until_it_shows() -> None:
    thing = Thing("a", {"x": 1}, stale=4)
    await ENGINE.apply(stages(thing), steps=Steps())
    assert thing.writes == 1


async def test_what_never_shows_is_said_and_the_step_stays_begun() -> None:
    thing, steps = Thing("a", {"x": 1}, stale=99), Steps()
    with pytest.raises(Unavailable, match="does not show"):
        await ENGINE.apply(stages(thing), steps=steps)
    assert steps.kept == ["begin a"]


@pytest.mark.parametrize(
    ("answer", "writes"),
    [
        (Uncertain("the answer was lost"), 1),
        (Unavailable("AWS is busy"), 2),
        (Missing("what it needs is not there yet"), 2),
        (Failed("it exists already"), 2),
    ],
    ids=["lost", "busy", "too early", "exists"],
)
async def test_after_a_failure_it_is_looked_up_before_it_is_asked_again(
    answer: Failed, writes: int
) -> None:
    thing = Thing("a", {"x": 1}, answers=[answer])
    await ENGINE.apply(stages(thing), steps=Steps())
    assert (thing.writes, thing.standing) == (writes, {"x": 1})


async def test_what_fails_again_and_again_is_given_up_with_aws_s_own_words() -> None:
    answers: list[Failed | None] = [Unavailable(f"busy {turn}") for turn in range(20)]
    thing = Thing("a", {"x": 1}, answers=answers)
    with pytest.raises(Unavailable, match="busy"):
        await ENGINE.apply(stages(thing), steps=Steps())


async def test_a_refusal_ends_it_at_once_if_nothing_was_changed_before() -> None:
    thing = Thing("a", {"x": 1}, answers=[Forbidden("not allowed")])
    with pytest.raises(Forbidden):
        await ENGINE.apply(stages(thing), steps=Steps())
    assert thing.writes == 1


async def test_a_refusal_is_borne_for_a_while_after_another_change() -> None:
    policy = Thing("policy", {"x": 1})
    user = Thing("user", {"x": 1}, answers=[Forbidden("not yet"), Forbidden("not yet"), None])
    await ENGINE.apply(stages(policy, user), steps=Steps())
    assert user.writes == 3

    denied = Thing("user", {"x": 1}, answers=[Forbidden("never")] * 99)
    with pytest.raises(Forbidden):
        await ENGINE.apply(stages(Thing("policy", {"x": 1}), denied), steps=Steps())
    assert denied.writes < 10


async def test_aws_may_have_no_time_to_be_looked_at() -> None:
    thing = Thing("a", {"x": 1}, busy=3)
    plan = await ENGINE.plan(stages(thing))
    assert len(plan.changes) == 1

    with pytest.raises(Unavailable):
        await ENGINE.plan(stages(Thing("a", {"x": 1}, busy=99)))
