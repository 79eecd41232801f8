"""Surges within 24 hours and guessing within the hour, at, below and above each limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, DomainsHistory, Hourly, Strike
from sesauditd.model.limits import (
    Guessing,
    GuessingDisable,
    HardBounce,
    HardBounceSurge,
    Limits,
)
from sesauditd.model.surge import could_surge, judge_surges, least_to_surge, longest_span
from sesauditd.model.verdicts import Rule, Verdict
from tests.unit.model.builders import (
    BLOG,
    LIMITS,
    SHOP,
    at,
    domains,
    enforcing,
    hourly,
    strike,
    strikes,
)

COMPLAINT = Outcome.COMPLAINT
GENERAL = "5.2.1"
"""A hard bounce that does not say that the user is unknown."""
bounces = partial(strikes, status=GENERAL)


def judged(history: DomainsHistory) -> tuple[Verdict, ...]:
    return judge_surges(history, LIMITS)


def rules(history: DomainsHistory) -> list[Rule]:
    return [one.rule for one in judged(history)]


@pytest.mark.parametrize(
    ("count", "sent", "fires"),
    [
        pytest.param(99, 99, False, id="one less"),
        pytest.param(100, 100, True, id="the count"),
        pytest.param(100, 10_000, True, id="the count at one percent"),
        pytest.param(100, 10_200, False, id="the count below one percent"),
        pytest.param(104, 10_200, True, id="above both"),
    ],
)
def test_a_bounce_surge_needs_its_count_and_its_rate(count: int, sent: int, fires: bool) -> None:
    found = rules(domains(bounces(count), hourly(sent)))
    assert found == [Rule.HARD_BOUNCE_SURGE] * fires


@pytest.mark.parametrize(
    ("since", "count", "fires"),
    [
        pytest.param(at(days=-1), 24, False, id="new: one less"),
        pytest.param(at(days=-1), 25, True, id="new: the count"),
        pytest.param(at(days=-29.9), 25, True, id="not yet 30 days"),
        pytest.param(at(days=-30), 25, False, id="30 days are not new"),
        pytest.param(None, 25, False, id="adopted without a date"),
    ],
)
def test_a_new_customer_surges_at_twenty_five(
    since: datetime | None, count: int, fires: bool
) -> None:
    found = rules(domains(bounces(count), hourly(100), since=since))
    assert found == [Rule.HARD_BOUNCE_SURGE] * fires


@pytest.mark.parametrize(
    ("count", "sent", "fires"),
    [(24, 100, False), (25, 100, True), (25, 10_000, True), (25, 30_000, False)],
)
def test_a_complaint_surge_needs_its_count_and_its_rate(count: int, sent: int, fires: bool) -> None:
    found = rules(domains(strikes(count, COMPLAINT), hourly(sent)))
    assert found == [Rule.COMPLAINT_SURGE] * fires


def test_providers_without_feedback_do_not_dilute_complaints() -> None:
    rows = [hourly(100), hourly(60_000, feeds_back=False)]
    assert rules(domains(strikes(25, COMPLAINT), *rows)) == [Rule.COMPLAINT_SURGE]


def test_one_recipient_is_one_however_often_struck() -> None:
    same = [strike(at(minutes=minute), status=GENERAL) for minute in range(200)]
    assert rules(domains(same)) == []


def test_a_broken_name_server_counts_once() -> None:
    broken = [
        strike(
            at(minutes=number),
            recipient=f"r{number}@x.example",
            counted_as="x.example",
            status="5.4.4",
        )
        for number in range(200)
    ]
    assert rules(domains(broken)) == []


@pytest.mark.parametrize(("apart", "fires"), [(24, True), (24.01, False)])
def test_both_ends_of_a_window_are_included(apart: float, fires: bool) -> None:
    late = strike(at(hours=apart), recipient="late@x.example", status=GENERAL)
    early = bounces(99, apart=timedelta())
    assert rules(domains([*early, late])) == [Rule.HARD_BOUNCE_SURGE] * fires


@pytest.mark.parametrize(
    ("decisions", "second", "fires"),
    [
        pytest.param(Decisions(), at(days=7), 1, id="shadow: still the first incident"),
        pytest.param(Decisions(), at(days=7, hours=1), 2, id="shadow: a week is over"),
        pytest.param(enforcing(), at(days=6), 1, id="enforce: not reinstated"),
        pytest.param(enforcing(), at(days=90), 2, id="enforce: went on, so was never stopped"),
        pytest.param(enforcing(shop=[at(days=5)]), at(days=6), 2, id="enforce: reinstated"),
    ],
)
def test_one_incident_is_one_verdict(decisions: Decisions, second: datetime, fires: int) -> None:
    struck = [*bounces(100), *bounces(100, start=second)]
    found = judged(domains(struck, decisions=decisions))
    assert [one.incident for one in found] == [f"incident-{n + 1}" for n in range(fires)]


@pytest.mark.parametrize(("after", "fires"), [(99, 1), (100, 2)])
def test_a_reinstatement_cuts_the_window(after: int, fires: int) -> None:
    struck = [*bounces(100), *bounces(after, start=at(hours=2))]
    decisions = enforcing(shop=[at(hours=1)])
    assert len(judged(domains(struck, decisions=decisions))) == fires


def test_two_domains_surge_together_and_each_is_disabled() -> None:
    struck = [*bounces(50), *bounces(50, domain=BLOG, place="y{}.example")]
    found = judged(domains(struck))
    assert [one.domain for one in found] == [BLOG, SHOP]
    assert {one.evidence["scope"] for one in found} == {"customer"}


@pytest.mark.parametrize(("beside", "fires"), [(0, True), (9_800, True), (10_200, False)], ids=str)
def test_several_domains_surge_by_all_of_the_customers_mail(beside: int, fires: bool) -> None:
    struck = [*bounces(50), *bounces(50, domain=BLOG, place="y{}.example")]
    found = rules(domains(struck, hourly(beside, domain="quiet.example")))
    assert found == [Rule.HARD_BOUNCE_SURGE] * 2 * fires


def guesses(there: int, elsewhere: int, place: str = "acme.example") -> list[Strike]:
    return [
        *strikes(there, place=place),
        *strikes(elsewhere, start=at(minutes=1), place="y{}.example"),
    ]


@pytest.mark.parametrize(
    ("struck", "fires"),
    [
        pytest.param(guesses(8, 17), True, id="25 of them 8 at one place"),
        pytest.param(guesses(7, 18), False, id="7 at one place"),
        pytest.param(guesses(8, 16), False, id="24 in all"),
        pytest.param(guesses(25, 0, "gmail.com"), False, id="free mail"),
        pytest.param(guesses(25, 0, "gmial.com"), False, id="a slip of the finger for it"),
        pytest.param(guesses(25, 0, "gmail.con"), False, id="another slip"),
        pytest.param(strikes(25, place="acme.example", status=GENERAL), False, id="known users"),
        pytest.param(
            strikes(25, place="acme.example", apart=timedelta(minutes=2.5)), True, id="in the hour"
        ),
        pytest.param(
            strikes(25, place="acme.example", apart=timedelta(minutes=2.6)), False, id="slower"
        ),
    ],
)
def test_guessing_disables_at_its_limits(struck: Sequence[Strike], fires: bool) -> None:
    assert rules(domains(struck)) == [Rule.GUESSING_DISABLE] * fires


@pytest.mark.parametrize(
    ("first", "fires"),
    [(at(hours=-24), False), (at(hours=-23), True), (at(hours=-25), False), (None, True)],
)
def test_guessing_is_about_places_never_delivered_to(first: datetime | None, fires: bool) -> None:
    reached = {(SHOP, "acme.example"): first} if first else {}
    found = rules(domains(guesses(25, 0), reached_at=reached))
    assert found == [Rule.GUESSING_DISABLE] * fires


def test_a_place_that_another_domain_of_the_customer_reached_is_no_stranger() -> None:
    reached = {(BLOG, "acme.example"): at(hours=-24), (SHOP, "other.example"): at(hours=-90)}
    assert rules(domains(guesses(25, 0), reached_at=reached)) == []


def test_too_few_strikes_cannot_surge() -> None:
    assert least_to_surge(LIMITS) == 25
    assert not could_surge(strikes(24), LIMITS)
    assert could_surge(strikes(25), LIMITS)
    assert could_surge(strikes(25, COMPLAINT), LIMITS)


ROWS: list[Hourly] = [hourly(50)]


@given(st.integers(0, 130), st.integers(0, 30), st.integers(0, 90), st.data())
def test_the_order_of_strikes_changes_nothing(
    bounced: int, complained: int, gap: int, data: st.DataObject
) -> None:
    half = bounced // 2
    struck = [
        *bounces(half),
        *bounces(bounced - half, domain=BLOG, start=at(minutes=gap), place="y{}.example"),
        *strikes(complained, COMPLAINT, place="z{}.example"),
    ]
    data.draw(st.randoms()).shuffle(shuffled := list(struck))
    found = judged(domains(struck, *ROWS))
    assert found == judged(domains(shuffled, *ROWS))
    for one in found:
        assert any(one.window.start <= each.at <= one.window.end for each in struck)


def test_nothing_happened_and_nothing_is_judged() -> None:
    assert judged(domains([], hourly(1000))) == ()


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from([SHOP, BLOG])), max_size=60),
    st.lists(st.integers(0, 400), max_size=2),
    st.integers(0, 400),
)
def test_windows_judged_before_need_not_be_judged_again(
    struck: list[tuple[int, str]], reinstated: list[int], split: int
) -> None:
    decisions = enforcing(shop=[at(hours=hour) for hour in sorted(reinstated)])
    found = [
        strike(at(hours=hour), recipient=f"r{number}@x.example", domain=domain, status=GENERAL)
        for number, (hour, domain) in enumerate(struck)
    ]
    rule = HardBounceSurge(within_hours=30, count=6, new_customer_count=6)
    limits = Limits(hard_bounce=HardBounce(surge=rule))
    since = at(hours=split)
    whole = judge_surges(domains(found, decisions=decisions), limits)
    before = [one for one in whole if one.window.end < since]
    near = [one for one in found if one.at >= since - longest_span(limits)]
    later = judge_surges(domains(near, decisions=decisions), limits, since=since, before=before)
    assert sorted((*before, *later), key=str) == sorted(whole, key=str)


@pytest.mark.parametrize(
    ("reinstated", "incidents"),
    [
        pytest.param([], ["incident-1"], id="it goes on"),
        pytest.param([at(hours=5.5)], ["incident-1", "incident-2"], id="reinstated between"),
    ],
)
def test_a_surge_that_was_judged_before_goes_on_as_the_same_incident(
    reinstated: list[datetime], incidents: list[str]
) -> None:
    found = [
        strike(at(hours=hour), recipient=f"r{hour}@x.example", status=GENERAL) for hour in range(12)
    ]
    rule = HardBounceSurge(within_hours=30, count=6, new_customer_count=6)
    limits = Limits(hard_bounce=HardBounce(surge=rule))
    history = domains(found, decisions=enforcing(shop=reinstated))
    before = judge_surges(domains(found[:6], decisions=history.decisions), limits)
    later = judge_surges(history, limits, since=at(hours=6), before=before)
    assert [one.incident for one in (*before, *later)] == incidents


def test_the_longest_window_is_that_of_any_rule() -> None:
    assert longest_span(LIMITS) == timedelta(hours=24)
    rare = Limits(hard_bounce=HardBounce(surge=HardBounceSurge(within_hours=72)))
    assert longest_span(rare) == timedelta(hours=72)
    slow = Limits(guessing=Guessing(disable=GuessingDisable(within_minutes=6000)))
    assert longest_span(slow) == timedelta(minutes=6000)


def test_four_times_the_bounces_take_about_four_times_as_long() -> None:
    few, many = (_fastest(bounces) for bounces in (5_000, 20_000))
    assert many < 8 * few


def _fastest(bounces: int) -> float:
    """Return the CPU seconds of judging a week of bounces that never surge: the best of three."""
    reached = {(SHOP, f"p{n}.example"): at(days=-9) for n in range(500)}
    struck = [
        strike(at(minutes=n / 20), recipient=f"r{n}@p{n % 500}.example", status="5.1.1")
        for n in range(bounces)
    ]
    limits = Limits(hard_bounce=HardBounce(surge=HardBounceSurge(rate_percent=100.5)))
    history = domains(struck, reached_at=reached)
    return min(_seconds(history, limits) for _ in range(3))


def _seconds(history: DomainsHistory, limits: Limits) -> float:
    begun = process_time()
    assert judge_surges(history, limits) == ()
    return process_time() - begun


def test_mail_to_providers_without_feedback_stands_beside_bounces() -> None:
    rows = [hourly(100), hourly(12_000, feeds_back=False)]
    assert rules(domains(bounces(100), *rows)) == []
