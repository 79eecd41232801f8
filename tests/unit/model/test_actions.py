"""What becomes of a verdict, and how many go ahead without an operator."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.actions import (
    Circumstances,
    Lever,
    State,
    Weighty,
    action_id,
    deny_unless_own,
    fate_of,
    lever_of,
    newest_evidence,
    within_blast_radius,
)
from sesauditd.model.events import Outcome
from sesauditd.model.history import RecipientHistory, Strike
from sesauditd.model.limits import BlastRadius
from sesauditd.model.standing import judge_recipient
from sesauditd.model.verdicts import Does, Rule, Verdict
from tests.unit.model.builders import LIMITS, at, strike, verdict

NOW = at(days=1)
USUAL = Circumstances(
    mode="enforce",
    confirm_terminations=False,
    from_replay=False,
    now=NOW,
    stale_after=timedelta(days=28),
    overtaken=False,
)
SHADOW = replace(USUAL, mode="shadow")
CONFIRM = replace(USUAL, confirm_terminations=True)
REPLAY = replace(USUAL, from_replay=True)
OVERTAKEN = replace(USUAL, overtaken=True)


def late(**span: float) -> Circumstances:
    return replace(USUAL, now=at() + timedelta(**span))


BLOCK = verdict(Rule.HARD_BOUNCE_BLOCK, Does.BLOCK, at(), until=at(days=30))
DISABLE = verdict(Rule.HARD_BOUNCE_DISABLE, Does.DISABLE, at())
TERMINATE = verdict(Rule.COMPLAINT_TERMINATE, Does.TERMINATE, at())
HELD = verdict(Rule.VIRUS_TERMINATE, Does.TERMINATE, at(), waits="a fed form")


@pytest.mark.parametrize(
    ("judged", "about", "state"),
    [
        pytest.param(DISABLE, USUAL, State.REQUESTED, id="goes ahead"),
        pytest.param(DISABLE, SHADOW, State.SHADOW, id="shadow"),
        pytest.param(BLOCK, late(days=29), State.PROPOSED, id="a block still to last, stale"),
        pytest.param(BLOCK, late(days=30), State.EXPIRED, id="a block that ends now"),
        pytest.param(BLOCK, late(days=31), State.EXPIRED, id="a block that is over"),
        pytest.param(DISABLE, OVERTAKEN, State.SUPERSEDED, id="an operator has decided"),
        pytest.param(HELD, USUAL, State.WAITING, id="a fed form waits"),
        pytest.param(HELD, SHADOW, State.SHADOW, id="nothing waits in shadow"),
        pytest.param(TERMINATE, USUAL, State.REQUESTED, id="automatic termination"),
        pytest.param(TERMINATE, CONFIRM, State.WAITING, id="confirmed termination"),
        pytest.param(DISABLE, CONFIRM, State.REQUESTED, id="disables need no confirmation"),
        pytest.param(DISABLE, REPLAY, State.PROPOSED, id="replayed"),
        pytest.param(DISABLE, late(days=28), State.REQUESTED, id="evidence of 28 days"),
        pytest.param(DISABLE, late(days=28, seconds=1), State.PROPOSED, id="older evidence"),
    ],
)
def test_a_verdict_begins_in_the_state_its_circumstances_give(
    judged: Verdict, about: Circumstances, state: State
) -> None:
    assert fate_of(judged, about).state is state


def test_only_what_goes_ahead_needs_no_reason() -> None:
    assert fate_of(DISABLE, USUAL).why is None
    assert fate_of(HELD, USUAL).why == "a fed form"


def test_the_newest_evidence_of_a_week_is_not_its_end() -> None:
    told = verdict(
        Rule.HARD_BOUNCE_WARN, Does.WARN, at(days=7), evidence={"newest_at": at().isoformat()}
    )
    assert newest_evidence(told) == at()
    assert newest_evidence(DISABLE) == at()


@pytest.mark.parametrize(
    ("struck", "lever"),
    [
        pytest.param([strike(at(), status="5.1.1")], Lever.ACCOUNT_LIST, id="5.1.x"),
        pytest.param([strike(at())], Lever.ACCOUNT_LIST, id="no status"),
        pytest.param([strike(at(), status="5.7.1")], Lever.IAM_DENY, id="for a time"),
        pytest.param(
            [strike(at(days=-40), status="5.7.1"), strike(at(), status="5.7.1")],
            Lever.IAM_DENY,
            id="for good the second time",
        ),
        pytest.param(
            [strike(at(days=-40), subtype="Suppressed"), strike(at(), subtype="Suppressed")],
            Lever.IAM_DENY,
            id="twice on the global list, with no status",
        ),
        pytest.param(
            [strike(at(days=-3), status="5.7.1"), strike(at(), status="5.1.1")],
            Lever.ACCOUNT_LIST,
            id="found dead while a block stands",
        ),
        pytest.param(
            [strike(at(days=day), Outcome.COMPLAINT) for day in range(3)],
            Lever.IAM_DENY,
            id="complainer",
        ),
    ],
)
def test_only_a_dead_mailbox_is_blocked_for_every_customer(
    struck: list[Strike], lever: Lever
) -> None:
    history = RecipientHistory(customer="kim", recipient="a@x.example", strikes=tuple(struck))
    assert lever_of(judge_recipient(history, LIMITS)[-1]) is lever


@pytest.mark.parametrize(
    ("recipient", "lever"),
    [
        ("owner@private.example", Lever.OWNER_TOLD),
        ("anybody@shop.example", Lever.OWNER_TOLD),
        ("other@private.example", Lever.IAM_DENY),
    ],
)
def test_nobody_is_denied_who_belongs_to_the_customer(recipient: str, lever: Lever) -> None:
    assert deny_unless_own(recipient, {"owner@private.example", "shop.example"}) is lever


def test_an_action_has_the_same_name_whenever_it_is_derived() -> None:
    named = action_id("warn", "kim", "cause", 1)
    assert named == action_id("warn", "kim", "cause", 1)
    assert (
        len({named, action_id("warn", "kim", "cause", 2), action_id("x", "kim", "cause", 1)}) == 3
    )


@pytest.mark.parametrize(
    ("customers", "cap"), [(0, 3), (20, 3), (60, 3), (79, 3), (80, 4), (200, 10)]
)
def test_the_cap_is_three_or_five_percent(customers: int, cap: int) -> None:
    assert BlastRadius().cap(customers) == cap


def weighty(name: str, when: datetime, *, fixed: bool = False) -> Weighty:
    return Weighty(id=name, at=when, fixed=fixed)


@pytest.mark.parametrize(
    ("competing", "chosen"),
    [
        pytest.param([], "", id="none"),
        pytest.param([weighty(n, at()) for n in "abc"], "abc", id="as many as the cap"),
        pytest.param([weighty(n, at()) for n in "dcba"], "abc", id="the first by name"),
        pytest.param(
            [weighty(n, at(hours=h)) for n, h in zip("dcba", range(4), strict=True)],
            "dcb",
            id="the earliest",
        ),
        pytest.param(
            [*(weighty(n, at()) for n in "abc"), weighty("d", at(hours=24))],
            "abc",
            id="exactly a day later is the same day",
        ),
        pytest.param(
            [*(weighty(n, at()) for n in "abc"), weighty("d", at(hours=24, minutes=1))],
            "abcd",
            id="more than a day later",
        ),
        pytest.param(
            [*(weighty(n, at(), fixed=True) for n in "xyz"), weighty("a", at(hours=1))],
            "",
            id="what went ahead takes its place",
        ),
        pytest.param(
            [*(weighty(n, at(hours=20), fixed=True) for n in "xyz"), weighty("a", at())],
            "",
            id="also what went ahead later",
        ),
        pytest.param(
            [weighty("x", at(), fixed=True), weighty("a", at()), weighty("b", at())],
            "ab",
            id="what went ahead takes one place, and is not chosen again",
        ),
    ],
)
def test_no_day_holds_more_than_the_cap(competing: list[Weighty], chosen: str) -> None:
    assert within_blast_radius(competing, 3) == frozenset(chosen)


COMPETING = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 100)), max_size=15, unique_by=lambda one: one[0]
).map(lambda rows: [weighty(f"{name:02}", at(hours=hour)) for name, hour in rows])


@given(COMPETING, st.data())
def test_the_choice_is_one_of_the_set_and_holds_every_day_to_the_cap(
    competing: list[Weighty], data: st.DataObject
) -> None:
    chosen = within_blast_radius(competing, 3)
    assert chosen == within_blast_radius(data.draw(st.permutations(competing)), 3)
    times = [one.at for one in competing if one.id in chosen]
    for start in times:
        assert sum(start <= each <= start + timedelta(hours=24) for each in times) <= 3
