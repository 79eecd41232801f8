"""The weekly rules at, below and above each limit, and which verdict is the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, DomainsHistory, Strike
from sesauditd.model.limits import Lane
from sesauditd.model.statistics import wilson_lower
from sesauditd.model.verdicts import Does, Rule, Verdict
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

COMPLAINT = Outcome.COMPLAINT
B_WARN, B_DISABLE = Rule.HARD_BOUNCE_WARN, Rule.HARD_BOUNCE_DISABLE
C_WARN, C_DISABLE = Rule.COMPLAINT_WARN, Rule.COMPLAINT_DISABLE
C_TERMINATE = Rule.COMPLAINT_TERMINATE


def judged(history: DomainsHistory, earlier: Sequence[Verdict] = ()) -> tuple[Verdict, ...]:
    return judge_week(history, WEEK, LIMITS, earlier)


def rules(history: DomainsHistory, earlier: Sequence[Verdict] = ()) -> list[Rule]:
    return [one.rule for one in judged(history, earlier)]


@pytest.mark.parametrize(
    ("count", "sent", "rule"),
    [
        (7, 99, None),
        (8, 99, B_WARN),
        (14, 99, B_WARN),
        (15, 99, B_DISABLE),
        (2, 20, None),
        (7, 100, None),
        (8, 100, B_WARN),
        (12, 100, B_WARN),
        (13, 100, B_DISABLE),
        (15, 200, B_WARN),
        (99, 1300, B_WARN),
        (450, 10_000, B_WARN),
        (420, 10_000, None),
        (900, 10_000, B_DISABLE),
        (4, 100, None),
    ],
)
def test_bounces_of_a_week_by_count_or_by_bound(count: int, sent: int, rule: Rule | None) -> None:
    assert rules(domains(strikes(count), hourly(sent))) == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("count", "sent", "rule"),
    [
        (2, 999, None),
        (3, 999, C_WARN),
        (4, 999, C_WARN),
        (5, 999, C_DISABLE),
        (14, 999, C_DISABLE),
        (15, 999, C_TERMINATE),
        (1, 1000, None),
        (2, 1000, C_WARN),
        (2, 2500, C_WARN),
        (2, 2600, None),
        (4, 1000, C_WARN),
        (5, 1000, C_DISABLE),
        (5, 1666, C_DISABLE),
        (5, 1667, C_WARN),
        (14, 1000, C_DISABLE),
        (15, 1000, C_TERMINATE),
        (15, 1500, C_TERMINATE),
        (15, 1501, C_DISABLE),
    ],
)
def test_complaints_of_a_week_by_count_or_by_rate(count: int, sent: int, rule: Rule | None) -> None:
    found = rules(domains(strikes(count, COMPLAINT), hourly(sent)))
    assert found == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("count", "sent", "rule"), [(15, 10_000, C_WARN), (5, 40_000, None), (7, 10_000, None)]
)
def test_a_large_sender_is_judged_by_rate(count: int, sent: int, rule: Rule | None) -> None:
    found = rules(domains(strikes(count, COMPLAINT), hourly(sent)))
    assert found == ([rule] if rule else [])


def test_a_customer_whose_mail_was_not_seen_is_disabled_at_most() -> None:
    assert rules(domains(strikes(20, COMPLAINT))) == [C_DISABLE]
    assert rules(domains(strikes(20, COMPLAINT), hourly(20, outcome=COMPLAINT))) == [C_DISABLE]
    delivered = hourly(1, outcome=Outcome.DELIVERED)
    assert rules(domains(strikes(20, COMPLAINT), delivered)) == [C_TERMINATE]


def test_a_week_holds_its_monday_and_not_the_next() -> None:
    edge = timedelta(microseconds=1)
    inside = [strike(WEEK.start, recipient="a@x.example"), *strikes(6)]
    last = strike(WEEK.end - edge, recipient="z@x.example")
    beyond = strike(WEEK.end, recipient="z@x.example")
    before = strike(WEEK.start - edge, recipient="z@x.example")
    assert rules(domains([*inside, last], hourly(50))) == [B_WARN]
    assert rules(domains([*inside, beyond, before], hourly(50))) == []


def test_a_reinstatement_cuts_off_the_week() -> None:
    struck = [*strikes(10), *strikes(7, start=at(days=2))]
    again = [*strikes(10), *strikes(8, start=at(days=2))]
    decisions = enforcing(shop=[at(days=1)])
    assert rules(domains(struck, hourly(50), decisions=decisions)) == []
    found = judged(domains(again, hourly(50), decisions=decisions))
    assert [one.rule for one in found] == [B_WARN]
    assert found[0].window.start == at(days=1)


def test_a_broken_name_server_is_not_fifteen_dead_addresses() -> None:
    broken = [
        strike(at(minutes=n), recipient=f"r{n}@x.example", counted_as="x.example", status="5.4.4")
        for n in range(40)
    ]
    assert rules(domains(broken, hourly(50))) == []
    assert rules(domains([*broken, *strikes(7, place="y{}.example")], hourly(50))) == [B_WARN]


def warned(*weeks: int, rule: Rule = B_WARN, domain: str = SHOP) -> list[Verdict]:
    return [
        verdict(
            rule,
            Does.WARN,
            WEEK.back(week).end,
            domain=domain,
            incident=WEEK.back(week).name,
        )
        for week in weeks
    ]


@pytest.mark.parametrize(
    ("earlier", "rule"),
    [
        pytest.param(warned(1), B_WARN, id="the second"),
        pytest.param(warned(2, 1), B_DISABLE, id="the third"),
        pytest.param(warned(7, 3), B_DISABLE, id="the third in eight weeks"),
        pytest.param(warned(8, 3), B_WARN, id="the third in nine weeks"),
        pytest.param(warned(2, 1, rule=C_WARN), B_WARN, id="of another rule"),
        pytest.param(warned(2, 1, domain=BLOG), B_WARN, id="of another domain"),
        pytest.param(warned(1, 0), B_WARN, id="this week's own is not earlier"),
    ],
)
def test_the_third_warning_in_eight_weeks_disables(earlier: list[Verdict], rule: Rule) -> None:
    assert rules(domains(strikes(8), hourly(50)), earlier) == [rule]


@pytest.mark.parametrize(
    ("count", "sent", "said", "limit"),
    [
        (
            13,
            100,
            "13 of 100 recipients did not exist (13.0 %, at least 8.4 %",
            "the limit is 10 of them and 8 %",
        ),
        (
            15,
            99,
            "15 of 99 recipients did not exist (15.2 %, at least 10.2 %",
            "the limit is 15 of them, below 100 recipients",
        ),
    ],
)
def test_a_reason_names_the_figures_and_the_limit_that_counted(
    count: int, sent: int, said: str, limit: str
) -> None:
    (one,) = judged(domains(strikes(count), hourly(sent)))
    assert one.reason == f"week {WEEK.name}, {said} when chance is allowed for); {limit}"
    assert one.evidence["rate_percent"] == round(100 * wilson_lower(count, sent, 1.645), 4)


def test_a_reason_names_how_many_warnings_and_domains_there_were() -> None:
    (third,) = judged(domains(strikes(8), hourly(50)), warned(2, 1))
    assert third.reason.endswith("; this would be warning number 3 in 8 weeks")
    assert "over" not in third.reason
    struck = [*strikes(4), *strikes(4, domain=BLOG, place="y{}.example")]
    for one in judged(domains(struck, hourly(20), hourly(20, domain=BLOG))):
        assert one.reason.startswith(f"week {WEEK.name}, over 2 domains: 8 of ")


def test_the_third_complaint_warning_disables_too() -> None:
    history = domains(strikes(3, COMPLAINT), hourly(500))
    assert rules(history, warned(2, 1, rule=C_WARN)) == [C_DISABLE]


@pytest.mark.parametrize(
    ("end", "domain", "lane", "found"),
    [
        pytest.param(at(days=2), SHOP, Lane.FAST, [], id="a fast disable of the week"),
        pytest.param(at(days=-2), SHOP, Lane.FAST, [B_WARN], id="of another week"),
        pytest.param(at(days=2), BLOG, Lane.FAST, [B_WARN], id="of another domain"),
        pytest.param(at(days=2), SHOP, Lane.WEEKLY, [B_WARN], id="not of the fast lane"),
        pytest.param(at(), SHOP, Lane.FAST, [], id="of the week's first moment"),
        pytest.param(at(days=7), SHOP, Lane.FAST, [B_WARN], id="of the next week's first moment"),
    ],
)
def test_a_standing_fast_disable_absorbs_a_warning(
    end: datetime, domain: str, lane: Lane, found: list[Rule]
) -> None:
    fast = verdict(Rule.VIRUS_DISABLE, Does.DISABLE, end, domain=domain, lane=lane)
    assert rules(domains(strikes(8), hourly(50)), [fast]) == found


def test_a_weekly_disable_stays_beside_a_fast_one() -> None:
    fast = verdict(Rule.HARD_BOUNCE_SURGE, Does.DISABLE, at(days=2), lane=Lane.FAST)
    assert rules(domains(strikes(15), hourly(50)), [fast]) == [B_DISABLE]


def test_a_disable_absorbs_the_warning_of_another_rule() -> None:
    struck = [*strikes(15), *strikes(3, COMPLAINT, place="y{}.example")]
    assert rules(domains(struck, hourly(50))) == [B_DISABLE]


def test_among_equals_every_rule_is_kept() -> None:
    struck = [*strikes(15), *strikes(5, COMPLAINT, place="y{}.example")]
    assert rules(domains(struck, hourly(50))) == [B_DISABLE, C_DISABLE]


def test_a_termination_absorbs_everything_of_the_customer() -> None:
    struck = [
        *strikes(15, COMPLAINT),
        *strikes(15, domain=BLOG, place="y{}.example"),
    ]
    history = domains(struck, hourly(50), hourly(50, domain=BLOG))
    assert rules(history) == [C_TERMINATE]


def test_domains_are_judged_alone_and_together() -> None:
    struck = [*strikes(4), *strikes(4, domain=BLOG, place="y{}.example")]
    found = judged(domains(struck, hourly(20), hourly(20, domain=BLOG)))
    assert [(one.rule, one.domain) for one in found] == [(B_WARN, BLOG), (B_WARN, SHOP)]
    assert {one.evidence["scope"] for one in found} == {"customer"}


QUIET = "quiet.example"


def test_together_means_with_the_mail_of_domains_without_a_share() -> None:
    struck = [*strikes(4), *strikes(4, domain=BLOG, place="y{}.example")]
    sent = [hourly(20), hourly(20, domain=BLOG), hourly(1000, domain=QUIET)]
    assert rules(domains(struck, *sent[:2])) == [B_WARN] * 2
    assert rules(domains(struck, *sent)) == []
    # Its mail alone shows nothing about those who bounced.
    complained = [*strikes(8, COMPLAINT), *strikes(8, COMPLAINT, domain=BLOG, place="y{}.example")]
    unseen = hourly(20, domain=QUIET)
    assert set(rules(domains(complained, hourly(20), hourly(20, domain=BLOG)))) == {C_TERMINATE}
    assert set(rules(domains(complained, unseen))) == {C_DISABLE}


def test_the_mail_of_a_domain_without_a_share_changes_nothing_for_a_single_other_one() -> None:
    struck = strikes(14)
    assert rules(domains(struck, hourly(90), hourly(110, domain=QUIET))) == [B_WARN]


def test_a_domain_without_a_share_is_spared() -> None:
    found = judged(domains(strikes(15), hourly(20), hourly(20, domain=BLOG)))
    assert [one.domain for one in found] == [SHOP]


def test_the_sending_of_the_day_before_the_week_may_be_the_larger() -> None:
    assert rules(domains(strikes(8), hourly(50, at(days=-1)))) == [B_WARN]
    assert rules(domains(strikes(8), hourly(1000, at(days=-1)))) == []
    assert rules(domains(strikes(8), hourly(1000, at(days=-1.1)))) == [B_WARN]


def offended(rule: Rule, end: datetime, *, lane: Lane = Lane.WEEKLY) -> Verdict:
    return verdict(rule, Does.DISABLE, end, lane=lane)


OFFENCE = domains(strikes(5, COMPLAINT), hourly(500)).strikes


@pytest.mark.parametrize(
    ("old", "reinstated", "rule"),
    [
        pytest.param(C_DISABLE, [at(days=-20)], C_TERMINATE, id="soon after a reinstatement"),
        pytest.param(Rule.COMPLAINT_SURGE, [at(days=-20)], C_TERMINATE, id="from a surge"),
        pytest.param(C_DISABLE, [at(days=-83)], C_TERMINATE, id="90 days before the week's end"),
        pytest.param(C_DISABLE, [at(days=-83.1)], C_DISABLE, id="longer ago"),
        pytest.param(C_DISABLE, [], C_DISABLE, id="never reinstated"),
        pytest.param(B_DISABLE, [at(days=-20)], C_DISABLE, id="from something else"),
    ],
)
def test_a_second_complaint_disable_after_a_reinstatement_terminates(
    old: Rule, reinstated: list[datetime], rule: Rule
) -> None:
    history = domains(OFFENCE, hourly(500), decisions=enforcing(shop=reinstated))
    assert rules(history, [offended(old, at(days=-90))]) == [rule]


def test_a_second_offence_of_unseen_mail_disables_at_most() -> None:
    history = domains(OFFENCE, decisions=enforcing(shop=[at(days=-20)]))
    assert rules(history, [offended(C_DISABLE, at(days=-90))]) == [C_DISABLE]


def test_a_surge_soon_after_a_reinstatement_terminates_on_monday() -> None:
    old = offended(C_DISABLE, at(days=-30))
    surge = offended(Rule.COMPLAINT_SURGE, at(days=1), lane=Lane.FAST)
    struck = strikes(1, COMPLAINT)
    history = domains(struck, hourly(500), decisions=enforcing(shop=[at(days=-20)]))
    assert rules(history, [old]) == []
    assert rules(history, [old, surge]) == [C_TERMINATE]


STRUCK = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(-1, 8),
        st.sampled_from([Outcome.HARD_BOUNCE, COMPLAINT, Outcome.SOFT_BOUNCE]),
        st.sampled_from([SHOP, BLOG]),
    ),
    max_size=40,
    unique_by=lambda one: one[:2],
).map(
    lambda rows: [
        strike(at(days=day, minutes=who), outcome, recipient=f"r{who}@x.example", domain=domain)
        for who, day, outcome, domain in rows
    ]
)


@given(STRUCK, st.booleans(), st.data())
def test_the_order_of_strikes_changes_no_week(
    struck: list[Strike], cut: bool, data: st.DataObject
) -> None:
    decisions = enforcing(shop=[at(days=3)]) if cut else Decisions()
    shuffled = data.draw(st.permutations(struck))
    found = judged(domains(struck, hourly(60), decisions=decisions))
    assert found == judged(domains(shuffled, hourly(60), decisions=decisions))
    for one in found:
        assert any(one.window.start <= each.at < WEEK.end for each in struck)


def test_a_week_without_strikes_has_no_verdict() -> None:
    assert judged(domains([], hourly(1000))) == ()
    assert judged(domains(strikes(50, Outcome.SOFT_BOUNCE), hourly(50))) == ()


def test_a_termination_that_is_confirmed_leaves_the_disables_standing() -> None:
    history = domains(strikes(15, COMPLAINT), hourly(400))
    found = judge_week(history, WEEK, LIMITS, (), confirm=True)
    assert [one.rule for one in found] == [C_TERMINATE, C_DISABLE]
    assert rules(history) == [C_TERMINATE]
