"""What would have been is laid beside what was: each hit once, beside its like."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.calendar import week_of
from sesauditd.model.history import Decisions
from sesauditd.model.limits import Lane
from sesauditd.model.restraint import CONFIRMED, TOO_MANY, restrained
from sesauditd.model.verdicts import Does, Rule
from sesauditd.model.whatif import Change, Difference, Hit, differences, hit_of
from tests.unit.model.builders import BLOG, SHOP, at, enforcing, verdict

WARN = (Rule.HARD_BOUNCE_WARN, Does.WARN)
DISABLE = (Rule.HARD_BOUNCE_DISABLE, Does.DISABLE)
SURGE = (Rule.HARD_BOUNCE_SURGE, Does.DISABLE)
END = (Rule.GUESSING_TERMINATE, Does.TERMINATE)
BLOCK = (Rule.COMPLAINT_BLOCK, Does.BLOCK)
DECIDED = {"kim": enforcing()}


def hit(
    kind: tuple[Rule, Does],
    when: datetime,
    *,
    domain: str = SHOP,
    lane: Lane = Lane.WEEKLY,
    until: datetime | None = None,
) -> Hit:
    incident = "block-1" if kind is BLOCK else "incident-1" if kind is SURGE else ""
    incident = incident or week_of(when).back(1).name
    named = replace(verdict(*kind, when, domain=domain, lane=lane, until=until), incident=incident)
    return hit_of(named)


def nobody(_customer: str) -> bool:
    return False


def changes(would: list[Hit], did: list[Hit]) -> list[Change]:
    return [one.change for one in differences(would, did)]


MONDAY = at(days=7)
THEN = at(days=3)
LATER = at(days=5)


@pytest.mark.parametrize(
    ("would", "did", "change"),
    [
        ([hit(WARN, MONDAY)], [hit(WARN, MONDAY)], Change.SAME),
        ([hit(WARN, MONDAY)], [], Change.NEW),
        ([], [hit(WARN, MONDAY)], Change.GONE),
        ([hit(DISABLE, MONDAY)], [hit(WARN, MONDAY)], Change.STRONGER),
        ([hit(WARN, MONDAY)], [hit(DISABLE, MONDAY)], Change.MILDER),
        ([hit(END, MONDAY, domain=BLOG)], [hit(DISABLE, MONDAY)], Change.STRONGER),
        ([hit(SURGE, THEN, lane=Lane.FAST)], [hit(DISABLE, MONDAY)], Change.SAME),
        ([hit(SURGE, THEN)], [hit(SURGE, LATER)], Change.MOVED),
        ([replace(hit(DISABLE, MONDAY), at=THEN)], [hit(DISABLE, MONDAY)], Change.MOVED),
        ([hit(BLOCK, THEN)], [hit(BLOCK, at(days=200))], Change.MOVED),
        ([hit(BLOCK, THEN)], [hit(BLOCK, THEN, until=LATER)], Change.STRONGER),
        ([hit(BLOCK, THEN, until=LATER)], [hit(BLOCK, THEN)], Change.MILDER),
        ([hit(BLOCK, THEN, until=MONDAY)], [hit(BLOCK, THEN, until=LATER)], Change.STRONGER),
        ([hit(BLOCK, THEN, until=LATER)], [hit(BLOCK, THEN, until=MONDAY)], Change.MILDER),
    ],
    ids=[
        "the same",
        "new",
        "gone",
        "a warning becomes a disable",
        "a disable becomes a warning",
        "a disable becomes the end of access",
        "another rule does as much that week",
        "a surge earlier",
        "a weekly rule at once",
        "a block much earlier that stands for good",
        "for good",
        "no longer for good",
        "for longer",
        "for less",
    ],
)
def test_one_hit_beside_its_like(would: list[Hit], did: list[Hit], change: Change) -> None:
    assert changes(would, did) == [change]


@pytest.mark.parametrize(
    ("would", "did"),
    [
        (hit(WARN, MONDAY), hit(WARN, at(days=14))),
        (hit(WARN, MONDAY), hit(WARN, MONDAY, domain=BLOG)),
        (hit(SURGE, THEN), hit(SURGE, at(days=11))),
        (hit(BLOCK, THEN, until=LATER), hit(BLOCK, at(days=6))),
        (hit(BLOCK, THEN), hit(WARN, MONDAY)),
    ],
    ids=["another week", "another domain", "another incident", "after the block", "a block apart"],
)
def test_what_is_not_alike_is_new_and_gone(would: Hit, did: Hit) -> None:
    assert sorted(changes([would], [did])) == [Change.GONE, Change.NEW]


def test_an_earlier_incident_does_not_shift_the_numbers_of_later_ones() -> None:
    first, second = at(days=1), at(days=20)
    would = [
        hit_of(verdict(*SURGE, first, incident="incident-1", lane=Lane.FAST)),
        hit_of(verdict(*SURGE, second, incident="incident-2", lane=Lane.FAST)),
    ]
    did = [hit_of(verdict(*SURGE, second, incident="incident-1", lane=Lane.FAST))]
    assert changes(would, did) == [Change.NEW, Change.SAME]


def test_the_end_of_access_stands_beside_each_warning_that_it_takes_up() -> None:
    would = [hit(END, MONDAY)]
    found = differences(would, [hit(WARN, MONDAY), hit(WARN, MONDAY, domain=BLOG)])
    assert [one.change for one in found] == [Change.STRONGER] * 2
    assert {one.would for one in found} == set(would)


def test_a_difference_has_a_side() -> None:
    with pytest.raises(ValueError, match="nothing and nothing"):
        _ = Difference(change=Change.SAME).shown


KINDS = st.sampled_from([WARN, DISABLE, SURGE, END, BLOCK])
HITS = st.lists(
    st.builds(
        lambda kind, day, domain: hit(kind, at(days=day), domain=domain),
        KINDS,
        st.integers(0, 40),
        st.sampled_from([SHOP, BLOG]),
    ),
    max_size=12,
    unique_by=lambda one: one.key,
)


@given(would=HITS, did=HITS)
def test_every_hit_is_shown_and_the_same_on_both_sides_is_no_difference(
    would: list[Hit], did: list[Hit]
) -> None:
    found = differences(would, did)
    assert {one.would for one in found if one.would} == set(would)
    assert {one.did for one in found if one.did} == set(did)
    assert set(changes(would, would)) <= {Change.SAME}


def test_what_goes_on_under_a_stop_would_not_have_been_sent() -> None:
    hits = [hit(WARN, LATER), hit(DISABLE, THEN), hit(BLOCK, at(days=40))]
    found = restrained(hits, DECIDED, 3, nobody)
    assert [one.stopped_since for one in found] == [None, THEN, THEN]


def test_a_reinstatement_lets_mail_go_again() -> None:
    decided = {"kim": enforcing(shop=[at(days=4)])}
    found = restrained([hit(DISABLE, THEN), hit(DISABLE, MONDAY)], decided, 3, nobody)
    assert [one.stopped_since for one in found] == [None, None]


def test_another_domain_goes_on_unless_access_ended() -> None:
    hits = [hit(DISABLE, THEN), hit(WARN, LATER, domain=BLOG), hit(END, MONDAY)]
    later = hit(WARN, at(days=14), domain=BLOG)
    found = restrained([*hits, later], DECIDED, 3, nobody)
    assert [one.stopped_since for one in found] == [None, None, None, MONDAY]


def test_terminations_that_wait_stop_nothing() -> None:
    found = restrained([hit(END, THEN), hit(WARN, MONDAY)], DECIDED, 3, lambda _customer: True)
    assert [one.waits for one in found] == [CONFIRMED, None]
    assert found[1].stopped_since is None


def test_a_run_stops_no_more_than_its_blast_radius() -> None:
    many = [
        replace(hit(DISABLE, MONDAY, domain=f"d{number}.example"), customer=f"c{number}")
        for number in range(5)
    ]
    decided = {one.customer: Decisions() for one in many}
    found = restrained(many, decided, 3, nobody)
    assert [one.waits for one in found].count(TOO_MANY) == 2
    apart = [
        replace(one, at=one.at + number * timedelta(days=7)) for number, one in enumerate(many)
    ]
    assert {one.waits for one in restrained(apart, decided, 3, nobody)} == {None}


def test_the_fast_lane_and_the_weekly_one_have_a_radius_each() -> None:
    lanes = [Lane.FAST, Lane.WEEKLY]
    hits = [
        replace(hit(DISABLE, MONDAY, domain=f"{lane}.example", lane=lane), customer=lane)
        for lane in lanes
    ]
    decided = {str(lane): Decisions() for lane in lanes}
    assert {one.waits for one in restrained(hits, decided, 1, nobody)} == {None}
