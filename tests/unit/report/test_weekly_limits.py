"""How near a week came to the limits that are judged on weeks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.calendar import Week, week_of
from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule
from sesauditd.model.weekly import judge_week
from sesauditd.report.behaviour import Figures, distances_of
from sesauditd.report.distances import Basis, Distance, Nearness
from sesauditd.report.sizes import Sizes
from tests.unit.report.builders import (
    MONDAY,
    WEEK,
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


def near(known: Figures, rule: Rule) -> Nearness:
    found = distances_of(known, LIMITS, Sizes(known.history.reach.hourly))
    return next(one for one in found if one.rule is rule)


def newest(known: Figures, rule: Rule) -> Distance:
    found = near(known, rule).newest
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("outcome", "hits", "size", "ratio"),
    [
        pytest.param(Outcome.HARD_BOUNCE, 2, 20, 2 / 15, id="two-of-twenty"),
        pytest.param(Outcome.HARD_BOUNCE, 14, 99, 14 / 15, id="one-below-the-count"),
        pytest.param(Outcome.HARD_BOUNCE, 15, 99, 1.0, id="at-the-count"),
        pytest.param(Outcome.HARD_BOUNCE, 12, 100, 0.954, id="twelve-of-a-hundred-warns"),
        pytest.param(Outcome.HARD_BOUNCE, 13, 100, 1.054, id="thirteen-of-a-hundred-disables"),
        pytest.param(Outcome.HARD_BOUNCE, 9, 100, 0.664, id="the-rate-is-farther-than-the-count"),
        pytest.param(Outcome.COMPLAINT, 5, 400, 1.0, id="five-of-four-hundred-complain"),
        pytest.param(Outcome.COMPLAINT, 4, 999, 0.8, id="four-of-a-small-sender"),
        pytest.param(Outcome.COMPLAINT, 5, 10_000, 0.05 / 0.3, id="five-of-ten-thousand"),
        pytest.param(Outcome.COMPLAINT, 3, 1000, 0.6, id="the-count-is-farther-than-the-rate"),
    ],
)
def test_the_ratio_is_what_was_observed_of_the_limit(
    outcome: Outcome, hits: int, size: int, ratio: float
) -> None:
    known = figures(history(struck(hits, outcome=outcome), [sent(size)]))
    rule = Rule.HARD_BOUNCE_DISABLE if outcome is Outcome.HARD_BOUNCE else Rule.COMPLAINT_DISABLE
    found = newest(known, rule)
    assert found.ratio == pytest.approx(ratio, abs=1e-3)
    assert (found.count, found.size) == (hits, size)


def test_one_address_that_bounces_ten_times_counts_once() -> None:
    strikes = [strike(WEEK + one * DAY / 2, "same@there.example") for one in range(10)]
    found = newest(figures(history(strikes, [sent(50)])), Rule.HARD_BOUNCE_DISABLE)
    assert found.count == 1


def test_the_worst_week_is_kept_beside_the_newest() -> None:
    before = WEEK - 21 * DAY
    strikes = [*struck(12, before), *struck(3)]
    found = near(figures(history(strikes, [sent(50, before), sent(50)])), Rule.HARD_BOUNCE_DISABLE)
    assert found.newest is not None
    assert found.worst is not None
    assert (found.newest.count, found.worst.count) == (3, 12)
    assert week_of(found.worst.start).start == week_of(before).start


def test_the_week_that_still_runs_can_be_the_worst_but_not_the_newest_full_one() -> None:
    found = near(figures(history(struck(4, MONDAY - DAY / 24))), Rule.HARD_BOUNCE_DISABLE)
    assert found.newest is None
    assert found.worst is not None
    assert found.worst.count == 4


def test_a_week_begins_at_the_reinstatement_in_it() -> None:
    strikes = [*struck(10), *struck(3, WEEK + 3 * DAY)]
    known = history(strikes, [sent(50)], reinstated={"shop.example": (WEEK + 2 * DAY,)})
    found = newest(figures(known), Rule.HARD_BOUNCE_DISABLE)
    assert found.count == 3
    assert found.start == WEEK + 2 * DAY


def test_domains_of_a_customer_are_looked_at_together_too() -> None:
    strikes = [*struck(8), *struck(8, domain="other.example")]
    known = figures(
        history(strikes, [sent(40), sent(40, domain="other.example")]),
        domains=("shop.example", "other.example"),
    )
    found = newest(known, Rule.HARD_BOUNCE_DISABLE)
    assert (found.scope, found.count, found.size) == ("k", 16, 80)


def test_several_domains_are_measured_by_all_of_the_customers_mail() -> None:
    names = ("shop.example", "other.example", "quiet.example")
    known = figures(
        history(
            [*struck(8), *struck(8, domain="other.example")],
            [sent(40), sent(40, domain="other.example"), sent(90, domain="quiet.example")],
        ),
        domains=names,
    )
    found = newest(known, Rule.HARD_BOUNCE_DISABLE)
    assert (found.scope, found.count, found.size) == ("k", 16, 170)


@pytest.mark.parametrize(
    ("weeks_ago", "now", "count"),
    [
        pytest.param([], 8, 1, id="the-first-warning-is-this-week's"),
        pytest.param([1], 8, 2, id="and-one-before"),
        pytest.param([1, 2], 8, 3, id="a-third-one-disables"),
        pytest.param([1, 2], 7, 2, id="no-warning-this-week"),
        pytest.param([8, 9], 8, 1, id="older-than-eight-weeks"),
        pytest.param([7], 8, 2, id="just-within-eight-weeks"),
    ],
)
def test_warnings_add_up_over_eight_weeks(weeks_ago: list[int], now: int, count: int) -> None:
    warned = [
        verdict(Rule.HARD_BOUNCE_WARN, WEEK - (one - 1) * 7 * DAY, Does.WARN) for one in weeks_ago
    ]
    known = figures(history(struck(now), [sent(60)]), verdicts=tuple(warned))
    found = distances_of(known, LIMITS, Sizes(known.history.reach.hourly))
    assert found[0].newest is not None
    counted_warnings = max(one.count for one in _warnings(known) if one.end == WEEK + 7 * DAY)
    assert counted_warnings == count


def _warnings(known: Figures) -> list[Distance]:
    from sesauditd.report.weekly_limits import weekly_distances

    sizes = Sizes(known.history.reach.hourly)
    found = weekly_distances(known.history, known.verdicts, LIMITS, sizes, [Week(WEEK)])
    return [one for one in found if one.basis is Basis.WARNINGS]


def test_a_withdrawn_warning_does_not_count() -> None:
    gone = verdict(Rule.HARD_BOUNCE_WARN, WEEK, Does.WARN, withdrawn_at=MONDAY)
    assert _warnings(figures(history(), verdicts=(gone,))) == []


def test_nothing_counted_is_no_distance() -> None:
    found = near(figures(counted=(counted(100),)), Rule.HARD_BOUNCE_DISABLE)
    assert found == Nearness(rule=Rule.HARD_BOUNCE_DISABLE, newest=None, worst=None)


@given(
    hits=st.integers(1, 40),
    size=st.sampled_from([20, 60, 99, 100, 150, 500, 999, 1000, 3000]),
    outcome=st.sampled_from([Outcome.HARD_BOUNCE, Outcome.COMPLAINT]),
)
def test_the_ratio_reaches_one_exactly_where_the_judge_disables(
    hits: int, size: int, outcome: Outcome
) -> None:
    # A mailbox that is closed is no unknown user, and nothing for the guessing detector.
    whole = history(struck(hits, outcome=outcome, status="5.2.1"), [sent(size)])
    judged = {
        one.rule for one in judge_week(whole, Week(WEEK), LIMITS, []) if one.does is not Does.WARN
    }
    for rule in (Rule.HARD_BOUNCE_DISABLE, Rule.COMPLAINT_DISABLE):
        found = near(figures(whole), rule).newest
        assert (found is not None and found.ratio >= 1) == (
            rule in judged
            or (rule is Rule.COMPLAINT_DISABLE and Rule.COMPLAINT_TERMINATE in judged)
        )
