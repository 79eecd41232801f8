"""Score and grade: policy.md section 6, to the letter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesauditd.model.actions import State
from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report.behaviour import behaviour, disables
from sesauditd.report.distances import Basis, Distance, Nearness
from sesauditd.report.grading import Grading
from sesauditd.report.score import grade, score
from tests.unit.report.builders import (
    DOMAIN,
    MONDAY,
    WEEK,
    action,
    counted,
    figures,
    history,
    sent,
    struck,
    verdict,
)

if TYPE_CHECKING:
    from sesauditd.report.behaviour import Figures
    from sesauditd.report.score import Score

LIMITS = Limits()
LONG_AGO = MONDAY - timedelta(days=91)


def nearness(count: int, limit: int, rule: Rule = Rule.HARD_BOUNCE_DISABLE) -> Nearness:
    worst = Distance(
        rule=rule,
        basis=Basis.RECIPIENTS,
        scope="shop.example",
        start=WEEK,
        end=WEEK + timedelta(days=7),
        count=count,
        count_limit=limit,
    )
    return Nearness(rule=rule, newest=None, worst=worst)


@pytest.mark.parametrize(
    ("count", "limit", "disabled", "value", "letter"),
    [
        pytest.param(0, 10, 0, 100.0, "A", id="spotless"),
        pytest.param(1, 10, 0, 90.0, "A", id="just-an-a"),
        pytest.param(11, 100, 0, 89.0, "B", id="just-no-a"),
        pytest.param(1, 4, 0, 75.0, "B", id="just-a-b"),
        pytest.param(13, 50, 0, 74.0, "C", id="just-no-b"),
        pytest.param(1, 2, 0, 50.0, "C", id="just-a-c"),
        pytest.param(51, 100, 0, 49.0, "D", id="just-no-c"),
        pytest.param(3, 4, 0, 25.0, "D", id="just-a-d"),
        pytest.param(19, 25, 0, 24.0, "E", id="just-no-d"),
        pytest.param(9, 10, 0, 10.0, "E", id="binary-fractions-cost-nothing"),
        pytest.param(1, 1, 0, 0.0, "E", id="at-the-limit"),
        pytest.param(500, 1, 0, 0.0, "E", id="far-over-the-limit"),
        pytest.param(0, 10, 1, 90.0, "A", id="one-disable"),
        pytest.param(2, 10, 2, 60.0, "C", id="two-disables-and-a-fifth"),
        pytest.param(9, 10, 2, 0.0, "E", id="never-below-zero"),
        pytest.param(2, 15, 0, 86.6, "B", id="cut-not-rounded"),
        pytest.param(1001, 10_000, 0, 89.9, "B", id="rounding-would-show-a-ninety"),
    ],
)
def test_a_score_is_what_is_left_to_the_nearest_limit_less_ten_a_disable(
    count: int, limit: int, disabled: int, value: float, letter: str
) -> None:
    found = score([nearness(count, limit)], mails=20, disables=disabled)
    assert found is not None
    assert (found.value, found.grade) == (value, letter)


def test_the_nearest_of_all_limits_counts() -> None:
    several = [
        nearness(1, 10),
        nearness(6, 10, Rule.COMPLAINT_DISABLE),
        nearness(3, 10, Rule.HARD_BOUNCE_SURGE),
        Nearness(rule=Rule.VIRUS_DISABLE, newest=None, worst=None),
    ]
    found = score(several, mails=1000, disables=0)
    assert found is not None
    assert (found.value, found.nearest_percent) == (40.0, 60.0)


@pytest.mark.parametrize(("mails", "told"), [(0, False), (19, False), (20, True)])
def test_fewer_than_twenty_mails_say_nothing(mails: int, told: bool) -> None:
    assert (score([], mails=mails, disables=3) is not None) is told


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 12))
def test_the_grade_is_that_of_the_number_that_is_shown(
    count: int, limit: int, disabled: int
) -> None:
    found = score([nearness(count, limit)], mails=20, disables=disabled)
    assert found is not None
    assert 0 <= found.value <= 100
    assert found.grade == grade(found.value)


@pytest.mark.parametrize(
    ("verdicts", "actions", "number"),
    [
        pytest.param([verdict()], [], 1, id="a-verdict"),
        pytest.param([verdict(end=LONG_AGO)], [], 0, id="over-ninety-days-ago"),
        pytest.param([verdict(withdrawn_at=MONDAY)], [], 0, id="withdrawn"),
        pytest.param([verdict(does=Does.WARN)], [], 0, id="a-warning"),
        pytest.param([verdict(does=Does.TERMINATE)], [], 0, id="a-termination"),
        pytest.param(
            [verdict(action="one"), verdict(action="one", rule=Rule.COMPLAINT_DISABLE)],
            [],
            1,
            id="two-rules-one-action",
        ),
        pytest.param([verdict(action="one"), verdict(action="two")], [], 2, id="two-actions"),
        pytest.param([], [action()], 1, id="an-operators"),
        pytest.param([], [action(state=State.CANCELLED)], 0, id="cancelled"),
        pytest.param([], [action(requested_at=LONG_AGO)], 0, id="long-ago"),
        pytest.param([], [action(kind=Does.TERMINATE)], 0, id="an-operators-termination"),
        pytest.param(
            [verdict(action="one")], [action(id="one", cause="key")], 1, id="a-verdicts-own-action"
        ),
    ],
)
def test_disables_are_counted_once_each(
    verdicts: list[object], actions: list[object], number: int
) -> None:
    known = figures(verdicts=tuple(verdicts), actions=tuple(actions))
    assert disables(known) == number


def graded(known: Figures) -> tuple[Score | None, int]:
    """Return the score, with what it asks for looked up, and how many windows it asked for."""
    grading, looked_up = Grading.of(known, LIMITS), 0
    while windows := grading.wanted():
        grading.tell({one: one.different(known.history.reach) for one in windows})
        looked_up += len(windows)
    return grading.score(), looked_up


def test_the_score_alone_is_that_of_the_report() -> None:
    known = figures(history(struck(3), [sent(60)]), counted=(counted(60),), verdicts=(verdict(),))
    whole = behaviour(known, LIMITS)
    assert whole.score is not None
    assert whole.score.value == 70.0
    assert graded(known) == (whole.score, 0)


def test_only_the_weeks_that_may_be_the_nearest_are_looked_at() -> None:
    weeks = [WEEK - number * timedelta(days=7) for number in range(6)]
    strikes = [one for week in weeks for one in struck(12 if week == WEEK else 1, week)]
    known = figures(
        history(strikes, [sent(200, week) for week in weeks]),
        counted=tuple(counted(200, day=week.date()) for week in weeks),
    )
    assert graded(known) == (behaviour(known, LIMITS).score, 1)


@pytest.mark.parametrize(("size", "looked_at"), [(99, 0), (100, 1)])
def test_of_small_senders_the_count_alone_makes_the_score(size: int, looked_at: int) -> None:
    known = figures(history(struck(3), [sent(size)]), counted=(counted(size),))
    assert graded(known) == (behaviour(known, LIMITS).score, looked_at)


@pytest.mark.parametrize("size", [1_500, 9_000, 9_999, 20_000])
def test_a_surge_of_few_is_not_looked_up_where_its_rate_cannot_be_low(size: int) -> None:
    known = figures(history(struck(90), [sent(size)]), counted=(counted(size),))
    whole = behaviour(known, LIMITS).score
    assert whole is not None
    assert whole.value < 100
    assert graded(known)[0] == whole


def test_who_mails_too_little_is_not_looked_at() -> None:
    known = figures(history(struck(3), [sent(19)]), counted=(counted(19),))
    assert graded(known) == (None, 0)


@given(
    parts=st.lists(
        st.tuples(
            st.integers(0, 13 * 7 * 24),
            st.sampled_from([DOMAIN, "other.example"]),
            st.sampled_from([Outcome.HARD_BOUNCE, Outcome.COMPLAINT]),
            st.sampled_from([1, 2, 7, 16, 40]),
            st.sampled_from([0, 1, 60, 120, 1200]),
        ),
        min_size=1,
        max_size=8,
    ),
    warned=st.lists(st.integers(1, 12), max_size=2),
    reinstated=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_the_score_alone_is_that_of_the_report_whatever_happened(
    parts: list[tuple[int, str, Outcome, int, int]], warned: list[int], *, reinstated: bool
) -> None:
    hours = [
        (MONDAY - timedelta(hours=back), domain, outcome, hits, size)
        for back, domain, outcome, hits, size in parts
    ]
    known = figures(
        history(
            [
                one
                for at, domain, outcome, hits, _ in hours
                for one in struck(hits, at, outcome, domain=domain)
            ],
            [sent(size, at, domain=domain) for at, domain, _, _, size in hours],
            reinstated={DOMAIN: (hours[0][0],)} if reinstated else {},
        ),
        counted=tuple(
            counted(size, day=at.date(), domain=domain) for at, domain, _, _, size in hours
        ),
        verdicts=tuple(
            verdict(Rule.HARD_BOUNCE_WARN, WEEK - (one - 1) * timedelta(days=7), Does.WARN)
            for one in warned
        ),
        domains=(DOMAIN, "other.example"),
    )
    assert graded(known)[0] == behaviour(known, LIMITS).score
