"""The behaviour report as a value: sums, rates, weeks, causes, and one domain out of several."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.calendar import hour_of
from sesauditd.model.events import Outcome
from sesauditd.model.history import Hourly
from sesauditd.model.limits import Limits
from sesauditd.model.statistics import sketch
from sesauditd.report import counts
from sesauditd.report.behaviour import behaviour, looks_back_to, narrowed
from sesauditd.report.causes import NO_STATUS, by_provider, by_status
from sesauditd.report.figures import Span
from tests.unit.report.builders import (
    DOMAIN,
    MONDAY,
    SPAN,
    WEEK,
    block,
    counted,
    figures,
    history,
    sent,
    strike,
    struck,
    verdict,
)

LIMITS = Limits()
DAY = timedelta(days=1)


def test_an_empty_customer_has_an_empty_report() -> None:
    found = behaviour(figures(), LIMITS)
    assert (found.mailed, found.recipients, found.score) == (0, 0, None)
    assert set(found.outcomes.values()) == {0}
    assert found.rates.hard_bounce == counts.rate(0, 0, 1.645)
    assert len(found.weeks) == 14
    assert (found.providers, found.statuses, found.strikes) == ((), (), ())
    assert all(one.newest is None and one.worst is None for one in found.limits)


def test_a_span_begins_with_its_day() -> None:
    assert SPAN.start == MONDAY.replace(hour=0) - 90 * DAY
    assert SPAN.holds(MONDAY)
    assert not SPAN.holds(MONDAY + timedelta(seconds=1))
    with pytest.raises(ValueError, match="time zone"):
        Span.between(MONDAY.replace(tzinfo=None), MONDAY)


@pytest.mark.parametrize(
    ("days", "monday"),
    [
        pytest.param(1, WEEK, id="a-day-looks-at-the-newest-full-week-too"),
        pytest.param(10, WEEK - 7 * DAY, id="weeks-are-looked-at-whole"),
    ],
)
def test_figures_reach_back_to_a_monday(days: int, monday: object) -> None:
    assert looks_back_to(Span.between(MONDAY - days * DAY, MONDAY)) == monday


def test_outcomes_are_summed_within_the_span() -> None:
    rows = (
        counted(10, day=SPAN.start.date()),
        counted(7, day=(SPAN.start - DAY).date()),
        counted(5, Outcome.COMPLAINT),
        counted(2, Outcome.COMPLAINT, feeds_back=False),
    )
    found = behaviour(figures(counted=rows), LIMITS)
    assert found.outcomes[Outcome.SENT] == 10
    assert found.outcomes[Outcome.COMPLAINT] == 7


@pytest.mark.parametrize(
    ("sums", "mailed"),
    [
        pytest.param({Outcome.SENT: 9, Outcome.DELIVERED: 8}, 9, id="sends"),
        pytest.param(
            {Outcome.DELIVERED: 8, Outcome.HARD_BOUNCE: 1, Outcome.REFUSED_CONTENT: 2},
            11,
            id="no-sends-but-what-became-of-them",
        ),
        pytest.param(
            {Outcome.DELIVERED: 8, Outcome.AUTO_REPLY: 5, Outcome.COMPLAINT: 1},
            8,
            id="answers-come-after-the-delivery",
        ),
        pytest.param({Outcome.ECHO: 4, Outcome.SIMULATED: 5}, 0, id="nothing-was-sent"),
    ],
)
def test_mails_are_told_by_sends_or_by_what_became_of_them(
    sums: dict[Outcome, int], mailed: int
) -> None:
    assert counts.mailed(sums) == mailed


def test_rates_are_of_different_recipients() -> None:
    strikes = [
        *struck(3),
        strike(WEEK, "twice@there.example"),
        strike(WEEK + DAY, "twice@there.example"),
        strike(WEEK, outcome=Outcome.COMPLAINT),
        strike(WEEK, outcome=Outcome.SOFT_BOUNCE),
    ]
    found = behaviour(
        figures(history(strikes, [sent(100), sent(60, WEEK + DAY, feeds_back=False)])), LIMITS
    )
    assert (found.rates.hard_bounce.hits, found.rates.hard_bounce.size) == (4, 100)
    assert (found.rates.complaint.hits, found.rates.complaint.size) == (1, 100)
    assert found.rates.soft_bounce.hits == 1
    assert found.recipients == 100


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_rate_lies_in_its_interval(hits: int, size: int) -> None:
    found = counts.rate(hits, size, 1.645)
    assert 0 <= found.low_percent <= found.percent + 1e-9
    assert found.percent - 1e-9 <= max(found.high_percent, found.percent) <= 100
    assert found.hits <= found.size


def test_weeks_without_mail_are_weeks_too() -> None:
    rows = (
        counted(4),
        counted(1, Outcome.HARD_BOUNCE),
        counted(9, day=(WEEK - 14 * DAY).date()),
    )
    span = Span.between(MONDAY - 20 * DAY, MONDAY)
    weeks = counts.by_week(rows, span)
    assert [(one.week, one.mailed, one.hard_bounces) for one in weeks] == [
        ("2026-W45", 9, 0),
        ("2026-W46", 0, 0),
        ("2026-W47", 4, 1),
        ("2026-W48", 0, 0),
    ]


def test_causes_are_named_by_who_refused_and_by_what_they_said() -> None:
    strikes = [
        strike(WEEK, "a@x.example", diagnostic="550 first"),
        strike(WEEK + DAY, "a@x.example", diagnostic="550 newest"),
        strike(WEEK, "b@y.example", status=None),
        strike(WEEK, "c@y.example", Outcome.COMPLAINT, status=None),
        strike(WEEK, "d@y.example", Outcome.SOFT_BOUNCE, status="4.2.2"),
    ]
    providers = by_provider(strikes)
    assert [(one.name, one.strikes, one.recipients) for one in providers] == [
        ("y.example", 3, 3),
        ("x.example", 2, 1),
    ]
    statuses = by_status(strikes)
    assert [(one.name, one.hard_bounces, one.soft_bounces) for one in statuses] == [
        ("5.1.1", 2, 0),
        ("4.2.2", 0, 1),
        (NO_STATUS, 1, 0),
    ]
    assert statuses[0].example == "550 newest"


def test_strikes_and_verdicts_come_newest_first_and_from_the_span() -> None:
    outside = SPAN.start - timedelta(hours=1)
    known = figures(
        history([strike(WEEK), strike(WEEK + DAY), strike(outside)]),
        verdicts=(verdict(end=WEEK), verdict(end=WEEK + 7 * DAY), verdict(end=outside)),
    )
    found = behaviour(known, LIMITS)
    assert [one.at for one in found.strikes] == [WEEK + DAY, WEEK]
    assert [one.window_end for one in found.verdicts] == [WEEK + 7 * DAY, WEEK]


def test_one_domain_is_told_from_the_customers_others() -> None:
    other = "other.example"
    known = figures(
        history([*struck(2), *struck(3, domain=other)], [sent(30), sent(70, domain=other)]),
        domains=(DOMAIN, other),
        counted=(counted(30), counted(70, domain=other)),
        verdicts=(verdict(), verdict(domain=other)),
        blocks=(block(), block(domain=other)),
        infected=((other, WEEK),),
    )
    found = behaviour(narrowed(known, other), LIMITS)
    assert (found.name, found.customer, found.domains) == (other, "k", (other,))
    assert (found.mailed, found.recipients, len(found.strikes)) == (70, 70, 3)
    assert (len(found.verdicts), len(found.blocks)) == (1, 1)
    assert found.score is not None
    assert found.score.value == 0
    alone = behaviour(narrowed(known, DOMAIN), LIMITS)
    assert (alone.mailed, len(alone.strikes)) == (30, 2)
    assert alone.score is not None
    assert alone.score.value == 76.6


def test_recipients_of_several_hours_and_outcomes_count_once() -> None:
    same = [f"s{one}@{DOMAIN}" for one in range(10)]
    delivered = Hourly(
        domain=DOMAIN,
        hour=hour_of(WEEK + DAY),
        outcome=Outcome.DELIVERED,
        feeds_back=True,
        sketch=sketch(same),
    )
    echo = Hourly(
        domain=DOMAIN,
        hour=hour_of(WEEK),
        outcome=Outcome.ECHO,
        feeds_back=True,
        sketch=sketch(["never@mailed.example"]),
    )
    found = behaviour(figures(history(hourly=[sent(10), delivered, echo])), LIMITS)
    assert found.recipients == 10
