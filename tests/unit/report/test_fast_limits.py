"""How near any window came to the limits that are judged at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, Strike
from sesauditd.model.limits import (
    General,
    Guessing,
    GuessingDisable,
    HardBounce,
    HardBounceSurge,
    Limits,
)
from sesauditd.model.surge import judge_surges
from sesauditd.model.verdicts import Rule
from sesauditd.report.behaviour import distances_of
from sesauditd.report.distances import Basis, Nearness
from sesauditd.report.sizes import Sizes
from sesauditd.report.windows import stretches
from tests.unit.report.builders import (
    DOMAIN,
    MONDAY,
    WEEK,
    figures,
    history,
    sent,
    strike,
    struck,
)

if TYPE_CHECKING:
    from sesauditd.model.history import DomainsHistory

LIMITS = Limits(general=General(free_mail=("gmail.com",)))
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def near(
    known: DomainsHistory, rule: Rule, *, infected: tuple[tuple[str, datetime], ...] = ()
) -> Nearness:
    about = figures(known, infected=infected)
    found = distances_of(about, LIMITS, Sizes(known.reach.hourly))
    return next(one for one in found if one.rule is rule)


def ratio(known: DomainsHistory, rule: Rule) -> float:
    worst = near(known, rule).worst
    return 0.0 if worst is None else worst.ratio


@pytest.mark.parametrize(
    ("hits", "size", "since", "expected"),
    [
        pytest.param(50, 2000, None, 0.5, id="half-the-count"),
        pytest.param(100, 10_000, None, 1.0, id="at-count-and-rate"),
        pytest.param(100, 14_000, None, 0.714, id="the-rate-is-farther"),
        pytest.param(20, 100, WEEK - timedelta(days=10), 0.8, id="a-new-customer"),
        pytest.param(20, 100, WEEK - timedelta(days=40), 0.2, id="no-longer-new"),
    ],
)
def test_bounces_surge_by_count_and_rate(
    hits: int, size: int, since: datetime | None, expected: float
) -> None:
    known = history(struck(hits), [sent(size)], since=since)
    assert ratio(known, Rule.HARD_BOUNCE_SURGE) == pytest.approx(expected, rel=0.01)


def test_only_a_window_of_24_hours_counts_together() -> None:
    strikes = [*struck(10), *struck(10, WEEK + 24 * HOUR + 10 * MINUTE)]
    assert ratio(history(strikes, [sent(50)]), Rule.HARD_BOUNCE_SURGE) == pytest.approx(0.10)


def test_both_ends_of_a_window_are_included() -> None:
    strikes = [strike(WEEK), strike(WEEK + 24 * HOUR)]
    assert ratio(history(strikes, [sent(50)]), Rule.HARD_BOUNCE_SURGE) == pytest.approx(0.02)


def test_a_reinstatement_cuts_the_window_off() -> None:
    strikes = [*struck(10), *struck(4, WEEK + 3 * HOUR)]
    whole = history(strikes, [sent(50)], reinstated={DOMAIN: (WEEK + 2 * HOUR,)})
    worst = near(whole, Rule.HARD_BOUNCE_SURGE).worst
    assert worst is not None
    assert worst.count == 10


def test_complaints_surge_of_those_who_can_complain() -> None:
    complaints = struck(5, outcome=Outcome.COMPLAINT)
    hourly = [sent(100), sent(10_000, feeds_back=False)]
    worst = near(history(complaints, hourly), Rule.COMPLAINT_SURGE).worst
    assert worst is not None
    assert (worst.count, worst.size) == (5, 100)
    assert worst.ratio == pytest.approx(5 / 25)


@pytest.mark.parametrize(
    ("at", "others", "expected", "basis"),
    [
        pytest.param(8, 17, 1.0, Basis.AT_ONE_PROVIDER, id="fires"),
        pytest.param(20, 0, 0.8, Basis.RECIPIENTS, id="too-few-in-all"),
        pytest.param(4, 21, 0.5, Basis.AT_ONE_PROVIDER, id="too-few-at-one-place"),
    ],
)
def test_guessing_needs_many_and_many_at_one_place(
    at: int, others: int, expected: float, basis: Basis
) -> None:
    strikes = [
        *(strike(WEEK + one * MINUTE, f"a{one}@acme.example") for one in range(at)),
        *(strike(WEEK + one * MINUTE, f"b@o{one}.example") for one in range(others)),
    ]
    worst = near(history(strikes), Rule.GUESSING_DISABLE).worst
    assert worst is not None
    assert worst.ratio == pytest.approx(expected)
    assert worst.basis is basis


@pytest.mark.parametrize(
    ("place", "reached_before", "expected"),
    [
        pytest.param("gmail.com", None, 0.0, id="free-mail-is-no-place"),
        pytest.param("acme.example", 25 * HOUR, 0.0, id="delivered-to-a-day-before"),
        pytest.param("acme.example", 23 * HOUR, 1.2, id="delivered-to-only-just-before"),
    ],
)
def test_guessing_is_about_places_that_are_new(
    place: str, reached_before: timedelta | None, expected: float
) -> None:
    strikes = [strike(WEEK + one * MINUTE, f"a{one}@{place}") for one in range(30)]
    reached = {} if reached_before is None else {(DOMAIN, place): WEEK - reached_before}
    assert ratio(history(strikes, reached_at=reached), Rule.GUESSING_DISABLE) == pytest.approx(
        expected
    )


def test_one_virus_reaches_the_limit() -> None:
    found = near(history(), Rule.VIRUS_DISABLE, infected=((DOMAIN, WEEK),))
    assert found.worst is not None
    assert found.worst.ratio == 1
    assert found.newest == found.worst


def test_windows_before_the_span_are_not_the_worst() -> None:
    early = struck(50, MONDAY - timedelta(days=90, hours=5))
    assert near(history(early), Rule.HARD_BOUNCE_SURGE).worst is None


MOMENTS = st.lists(
    st.tuples(
        st.integers(0, 60 * 30),
        st.integers(0, 12),
        st.integers(0, 2),
        st.sampled_from(["a.example", "b.example"]),
    ),
    max_size=60,
)


def drawn(moments: list[tuple[int, int, int, str]]) -> list[Strike]:
    return [
        strike(WEEK + minute * MINUTE, f"p{name}@h{place}.example", domain=domain)
        for minute, name, place, domain in moments
    ]


@given(MOMENTS, st.integers(1, 60 * 24), st.integers(0, 60 * 30))
def test_sliding_counts_what_counting_each_window_counts(
    moments: list[tuple[int, int, int, str]], minutes: int, reinstated: int
) -> None:
    strikes = drawn(moments)
    decisions = Decisions(reinstated={"a.example": (WEEK + reinstated * MINUTE,)})
    length = minutes * MINUTE
    found = list(stretches(strikes, length, decisions, lambda one: one.receiving_domain))
    assert [one.end for one in found] == sorted({one.at for one in strikes})
    for stretch in found:
        inside = [
            one
            for one in strikes
            if decisions.window_start(one.domain, stretch.end - length, stretch.end)
            <= one.at
            <= stretch.end
        ]
        places = {one.receiving_domain for one in inside}
        assert stretch.count == len({one.counted_as for one in inside})
        assert set(stretch.starts) == {one.domain for one in inside}
        assert stretch.crowd == max(
            len({one.counted_as for one in inside if one.receiving_domain == place})
            for place in places
        )


@given(MOMENTS, st.sampled_from([10, 2000]))
def test_the_ratio_reaches_one_exactly_where_the_judge_surges(
    moments: list[tuple[int, int, int, str]], size: int
) -> None:
    tight = Limits(
        general=LIMITS.general,
        hard_bounce=_surging(count=6),
        guessing=_guessing(unknown_users=5, at_one_domain=2),
    )
    known = history(
        drawn(moments),
        [sent(size, WEEK + hour * HOUR, domain="a.example") for hour in range(0, 31, 3)],
        reached_at={("a.example", "h0.example"): WEEK - 30 * HOUR},
    )
    judged = {one.rule for one in judge_surges(known, tight)}
    found = distances_of(figures(known), tight, Sizes(known.reach.hourly))
    for rule in (Rule.HARD_BOUNCE_SURGE, Rule.GUESSING_DISABLE):
        worst = next(one.worst for one in found if one.rule is rule)
        assert (worst is not None and worst.ratio >= 1) == (rule in judged)


def _surging(count: int) -> HardBounce:
    return HardBounce(surge=HardBounceSurge(count=count, new_customer_count=count))


def _guessing(unknown_users: int, at_one_domain: int) -> Guessing:
    return Guessing(
        disable=GuessingDisable(unknown_users=unknown_users, at_one_domain=at_one_domain)
    )
