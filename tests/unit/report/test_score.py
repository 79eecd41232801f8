"""Score and grade: policy.md section 6, to the letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.actions import State
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report.behaviour import behaviour, disables, graded
from sesauditd.report.distances import Basis, Distance, Nearness
from sesauditd.report.score import grade, score
from tests.unit.report.builders import (
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


def test_the_score_alone_is_that_of_the_report() -> None:
    known = figures(history(struck(3), [sent(60)]), counted=(counted(60),), verdicts=(verdict(),))
    whole = behaviour(known, LIMITS)
    assert whole.score is not None
    assert whole.score.value == 70.0
    assert graded(known, LIMITS) == whole.score
