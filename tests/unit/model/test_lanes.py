"""Shortcuts of the lanes deny only what the judge denies, and each rule has one lane."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model import lanes
from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, Strike
from sesauditd.model.limits import (
    Complaint,
    ComplaintBlock,
    ComplaintSurge,
    Disabling,
    Guessing,
    GuessingDisable,
    HardBounce,
    HardBounceSurge,
    Lane,
    Limits,
    Volume,
)
from sesauditd.model.surge import judge_surges
from sesauditd.model.verdicts import Does, Rule
from sesauditd.model.weekly import judge_week
from tests.unit.model.builders import (
    BLOG,
    LIMITS,
    SHOP,
    WEEK,
    at,
    domains,
    enforcing,
    hourly,
    strike,
    strikes,
    verdict,
)

EASY = Limits(
    hard_bounce=HardBounce(
        warn=Volume(small_below=20, small_count=3, rate_percent=4.0, count=2),
        disable=Disabling(small_below=20, small_count=5, rate_percent=8.0, count=4),
        surge=HardBounceSurge(within_hours=2, count=6, new_customer_count=4),
    ),
    complaint=Complaint(
        warn=Volume(small_below=20, small_count=3, rate_percent=0.08, count=2),
        surge=ComplaintSurge(within_hours=3, count=4),
    ),
    guessing=Guessing(disable=GuessingDisable(unknown_users=5, at_one_domain=3)),
)
STRUCK = st.lists(
    st.builds(
        lambda hour, who, outcome, domain: strike(
            at(hours=hour),
            outcome,
            recipient=f"p{who}@x{who % 2}.example",
            domain=domain,
            status="5.1.1",
        ),
        st.integers(0, 30),
        st.integers(0, 9),
        st.sampled_from([Outcome.HARD_BOUNCE, Outcome.COMPLAINT, Outcome.SOFT_BOUNCE]),
        st.sampled_from([SHOP, BLOG]),
    ),
    max_size=16,
)


@given(struck=STRUCK, sent=st.sampled_from([5, 60]))
def test_what_a_shortcut_denies_no_rule_says(struck: list[Strike], sent: int) -> None:
    earlier = [verdict(Rule.COMPLAINT_WARN, Does.WARN, at(days=-7))]
    history = domains(struck, hourly(sent), decisions=enforcing(shop=[at(hours=12)]))
    if not lanes.may_judge(struck, WEEK, EASY, earlier):
        assert judge_week(history, WEEK, EASY, earlier) == ()
    if not lanes.may_surge(struck, EASY):
        assert judge_surges(history, EASY) == ()


@pytest.mark.parametrize(
    ("count", "apart", "may"),
    [(100, timedelta(minutes=1), True), (24, timedelta(seconds=1), False)],
    ids=["a hundred in a day", "too few"],
)
def test_a_surge_may_be_where_strikes_stand_close(
    count: int, apart: timedelta, may: object
) -> None:
    assert lanes.may_surge(strikes(count, apart=apart), LIMITS) is may


def test_many_strikes_far_apart_are_no_surge() -> None:
    assert not lanes.may_surge(strikes(200, apart=timedelta(hours=2)), LIMITS)


def test_one_complaint_beside_a_surge_of_the_week_may_end_access() -> None:
    surge = verdict(Rule.COMPLAINT_SURGE, Does.DISABLE, at(days=2), lane=Lane.FAST)
    struck = [strike(at(days=3), Outcome.COMPLAINT)]
    assert lanes.may_judge(struck, WEEK, LIMITS, [surge])
    assert not lanes.may_judge(struck, WEEK, LIMITS, [])
    assert not lanes.may_judge([], WEEK, LIMITS, [surge])


def test_a_rule_is_judged_in_its_own_lane_alone() -> None:
    limits = Limits(complaint=Complaint(block=ComplaintBlock(lane=Lane.WEEKLY, complaints=1)))
    assert lanes.has_moved(limits)
    assert not lanes.has_moved(LIMITS)
    history = domains(strikes(100), hourly(100), decisions=Decisions())
    fast = lanes.surges(history, limits, Lane.FAST)
    assert {one.rule for one in fast} == {Rule.HARD_BOUNCE_SURGE}
    assert lanes.surges(history, limits, Lane.WEEKLY) == []


@pytest.mark.parametrize(
    ("days", "lane", "kept"),
    [
        (-7, Lane.WEEKLY, True),
        (7, Lane.WEEKLY, False),
        (9, Lane.FAST, True),
        (-801, Lane.FAST, False),
    ],
    ids=["a week earlier", "this Monday's own", "a later fast one", "too long ago"],
)
def test_a_week_looks_at_what_stood_before_it(days: int, lane: Lane, kept: object) -> None:
    one = verdict(Rule.COMPLAINT_DISABLE, Does.DISABLE, at(days=days), lane=lane)
    assert (lanes.before_week(WEEK, [one]) == [one]) is kept


def test_a_week_does_not_look_at_blocks() -> None:
    block = verdict(Rule.COMPLAINT_BLOCK, Does.BLOCK, at(days=-3), lane=Lane.FAST)
    assert lanes.before_week(WEEK, [block]) == []


FAST_COMPLAINTS = Limits(
    complaint=Complaint(disable=replace(LIMITS.complaint.disable, lane=Lane.FAST))
)


def complained(*counts: int) -> list[Strike]:
    """Return so many complaints of different people on Monday, Tuesday and so on."""
    return [
        one
        for day, count in enumerate(counts)
        for one in strikes(
            count, Outcome.COMPLAINT, start=at(days=day), place=f"day{day}x{{}}.example"
        )
    ]


def so_far(struck: list[Strike], decisions: Decisions) -> list[tuple[str, str]]:
    history = domains(struck, hourly(400), decisions=decisions)
    found = lanes.week_so_far(history, WEEK, FAST_COMPLAINTS, [])
    return [(one.incident, str(one.evidence["count"])) for one in found]


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        pytest.param((5,), [("2026-W45", "5")], id="as it was when reinstated"),
        pytest.param((5, 0, 1), [("2026-W45", "5")], id="one more after it"),
        pytest.param((5, 0, 4), [("2026-W45", "5")], id="not enough again"),
        pytest.param((5, 0, 5), [("2026-W45", "5"), ("2026-W45-2", "5")], id="enough again"),
        pytest.param((4, 0, 4), [], id="never enough at once"),
        pytest.param((4, 0, 5), [("2026-W45-2", "5")], id="only after it"),
    ],
)
def test_a_weekly_rule_on_the_fast_lane_survives_the_reinstatement_from_it(
    counts: tuple[int, ...], found: list[tuple[str, str]]
) -> None:
    assert so_far(complained(*counts), enforcing(shop=[at(days=1, hours=1)])) == found


def test_a_reinstatement_of_another_domain_ends_no_stretch() -> None:
    decisions = enforcing(blog=[at(days=1, hours=1)])
    assert so_far(complained(5, 0, 5), decisions) == [("2026-W45", "10")]


def test_a_termination_on_monday_does_not_lift_what_the_fast_lane_stopped() -> None:
    assert so_far(complained(20), enforcing()) == [("2026-W45", "20")]


def test_a_surge_as_long_as_its_window_may_be_one() -> None:
    struck = strikes(100, apart=timedelta())
    last = strike(at(hours=24), recipient="late@x.example")
    assert lanes.may_surge([*struck[:99], last], LIMITS)


@pytest.mark.parametrize("outcome", [Outcome.HARD_BOUNCE, Outcome.COMPLAINT])
def test_a_week_with_just_as_many_strikes_as_a_rule_needs_is_judged(outcome: Outcome) -> None:
    warn = Volume(small_below=20, small_count=2, rate_percent=4.0, count=2)
    limits = Limits(
        hard_bounce=replace(EASY.hard_bounce, warn=warn),
        complaint=replace(EASY.complaint, warn=warn),
    )
    struck = strikes(2, outcome, status="5.2.1")
    assert judge_week(domains(struck, hourly(5), decisions=enforcing()), WEEK, limits, [])
    assert lanes.may_judge(struck, WEEK, limits, [])
    assert not lanes.may_judge(struck[:1], WEEK, limits, [])


def test_a_weekly_rule_on_the_fast_lane_is_noticed() -> None:
    bounces = Limits(
        hard_bounce=HardBounce(disable=replace(LIMITS.hard_bounce.disable, lane=Lane.FAST))
    )
    assert [lanes.has_fast_weeks(one) for one in (FAST_COMPLAINTS, bounces, LIMITS)] == [
        True,
        True,
        False,
    ]
