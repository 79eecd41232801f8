"""When one recipient is blocked for one customer, until when, and when again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.calendar import iso
from sesauditd.model.events import Outcome
from sesauditd.model.history import RecipientHistory, Strike
from sesauditd.model.standing import judge_recipient, standing_of
from sesauditd.model.verdicts import Rule, Verdict
from tests.unit.model.builders import BLOG, LIMITS, at, strike

SOFT, HARD, COMPLAINT = Outcome.SOFT_BOUNCE, Outcome.HARD_BOUNCE, Outcome.COMPLAINT
MONTH = timedelta(days=30)


def history(
    struck: Sequence[Strike],
    deliveries: Sequence[datetime] = (),
    lifts: Sequence[datetime] = (),
) -> RecipientHistory:
    return RecipientHistory(
        customer="kim",
        recipient="a@x.example",
        strikes=tuple(struck),
        deliveries=tuple(deliveries),
        lifts=tuple(lifts),
    )


def judged(
    struck: Sequence[Strike],
    deliveries: Sequence[datetime] = (),
    lifts: Sequence[datetime] = (),
) -> tuple[Verdict, ...]:
    return judge_recipient(history(struck, deliveries, lifts), LIMITS)


def days(outcome: Outcome, *when: float, **parts: str) -> list[Strike]:
    return [strike(at(days=day), outcome, status=parts.get("status")) for day in when]


def untils(verdicts: Sequence[Verdict]) -> list[datetime | None]:
    return [one.until for one in verdicts]


@pytest.mark.parametrize(
    ("struck", "deliveries", "blocks"),
    [
        pytest.param(days(SOFT, 0, 1, 2, 3), [], 0, id="four"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 4), [], 1, id="five"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 4, 5, 6), [], 1, id="more are one incident"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 30), [], 1, id="five in exactly 30 days"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 30.01), [], 0, id="five in a little more"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 4), [at(days=2.5)], 0, id="a delivery between"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 4), [at(days=-1)], 1, id="a delivery before"),
        pytest.param(days(SOFT, 0, 1, 2, 3, 4), [at(days=5)], 1, id="a delivery after"),
        pytest.param(
            days(SOFT, 0, 1, 2, 3, 5, 6, 7, 8), [at(days=4)], 0, id="four, a delivery, four"
        ),
        pytest.param(
            days(SOFT, 0, 1, 2, 3, 5, 6, 7, 8, 9), [at(days=4)], 1, id="then a fifth in a row"
        ),
    ],
)
def test_soft_bounces_in_a_row_block(
    struck: list[Strike], deliveries: list[datetime], blocks: int
) -> None:
    assert [one.rule for one in judged(struck, deliveries)] == [Rule.SOFT_BOUNCE_BLOCK] * blocks


def test_a_soft_block_ends_thirty_days_after_the_last_bounce() -> None:
    assert untils(judged(days(SOFT, 0, 1, 2, 3, 4))) == [at(days=34)]


def test_the_second_soft_block_is_for_good() -> None:
    again = days(SOFT, 0, 1, 2, 3, 4, 40, 41, 42, 43, 44)
    assert untils(judged(again)) == [at(days=34), None]


@pytest.mark.parametrize("outcome", [SOFT, COMPLAINT])
def test_one_message_counts_once(outcome: Outcome) -> None:
    same = [strike(at(days=day), outcome, message="one") for day in range(6)]
    assert judged(same) == ()


@pytest.mark.parametrize(
    ("status", "subtype", "for_good"),
    [
        ("5.1.1", "General", True),
        ("5.1.10", "General", True),
        (None, "General", True),
        ("5.4.4", "General", False),
        ("5.7.1", "General", False),
        ("5.2.1", "General", False),
        ("5.10.1", "General", False),
        (None, "Suppressed", False),
        ("5.1.1", "Suppressed", False),
    ],
)
def test_a_hard_bounce_blocks_for_good_only_where_the_mailbox_is_gone(
    status: str | None, subtype: str, for_good: bool
) -> None:
    found = judged([strike(at(), HARD, status=status, subtype=subtype)])
    assert untils(found) == [None if for_good else at(days=30)]


def test_the_second_passing_hard_bounce_is_for_good() -> None:
    found = judged(days(HARD, 0, 10, 30, 30.1, status="5.7.1"))
    assert untils(found) == [at(days=30), None]


def test_a_dead_mailbox_makes_a_standing_block_last() -> None:
    struck = [strike(at(), status="5.7.1"), strike(at(days=3), status="5.1.1")]
    assert untils(judged(struck)) == [None]


@pytest.mark.parametrize(
    ("when", "blocks"),
    [
        pytest.param((0, 1), 0, id="two"),
        pytest.param((0, 1, 2), 1, id="three"),
        pytest.param((0, 1, 365), 1, id="three in exactly a year"),
        pytest.param((0, 1, 365.01), 0, id="three in a little more"),
        pytest.param((0, 1, 2, 3), 1, id="four"),
    ],
)
def test_the_third_complaint_in_a_year_blocks_for_good(
    when: tuple[float, ...], blocks: int
) -> None:
    assert untils(judged(days(COMPLAINT, *when))) == [None] * blocks


def test_complaints_count_over_all_domains_of_the_customer() -> None:
    struck = [*days(COMPLAINT, 0, 1), strike(at(days=2), COMPLAINT, domain=BLOG)]
    assert len(judged(struck)) == 1


def test_what_cannot_block_does_not_count() -> None:
    guessed = [strike(at(days=day), COMPLAINT, blockable=False) for day in range(5)]
    assert judged(guessed) == ()
    assert standing_of(history(guessed)).complaints == 0


@pytest.mark.parametrize(
    ("lift", "blocks"),
    [
        pytest.param(at(days=3), 2, id="lifted before the fourth"),
        pytest.param(at(days=5), 1, id="lifted after the last"),
    ],
)
def test_a_lifted_block_is_set_again_only_by_a_later_event(lift: datetime, blocks: int) -> None:
    assert len(judged(days(COMPLAINT, 0, 1, 2, 4), lifts=[lift])) == blocks
    assert len(judged(days(HARD, 0, 4, status="5.1.1"), lifts=[lift])) == blocks


def test_a_lift_in_the_moment_of_the_bounce_lifts_it() -> None:
    assert len(judged(days(HARD, 0, 4, status="5.1.1"), lifts=[at(days=0)])) == 2


def test_after_a_lift_the_next_passing_block_is_for_good() -> None:
    found = judged(days(HARD, 0, 4, status="5.7.1"), lifts=[at(days=2)])
    assert untils(found) == [at(days=30), None]
    assert [one.incident for one in found] == ["block-1", "block-2"]


def test_a_listing_shows_streak_and_counts() -> None:
    struck = [*days(SOFT, 0, 1, 3), *days(HARD, 4), *days(COMPLAINT, 5, 6)]
    shown = standing_of(history(struck, [at(days=2)]))
    assert (shown.soft_streak, shown.hard_bounces, shown.complaints) == (1, 1, 2)
    assert standing_of(history(struck)).soft_streak == 3


STRUCK = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from([SOFT, HARD, COMPLAINT]),
        st.sampled_from(["5.1.1", "5.7.1", None]),
        st.booleans(),
    ),
    max_size=14,
    unique_by=lambda one: one[0],
).map(
    lambda rows: [
        strike(at(days=day), outcome, status=status, blockable=blockable)
        for day, outcome, status, blockable in rows
    ]
)
MOMENTS = st.lists(st.integers(0, 60).map(lambda day: at(days=day, hours=1)), max_size=3)


@given(STRUCK, MOMENTS, MOMENTS, st.data())
def test_the_order_of_arrival_changes_no_block(
    struck: list[Strike], deliveries: list[datetime], lifts: list[datetime], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(struck))
    assert judged(struck, deliveries, lifts) == judged(shuffled, deliveries[::-1], lifts[::-1])


@given(STRUCK, MOMENTS)
def test_every_block_rests_on_strikes_in_its_window(
    struck: list[Strike], lifts: list[datetime]
) -> None:
    for one in judged(struck, lifts=lifts):
        assert any(one.window.start <= each.at <= one.window.end for each in struck)
        assert one.until is None or one.until == one.window.end + MONTH


@pytest.mark.parametrize(
    ("struck", "blocks"),
    [
        pytest.param(days(SOFT, 0, 1, 2, 3, 4), [at(days=34)], id="nothing after"),
        pytest.param(
            days(SOFT, 0, 1, 2, 3, 4, 11), [at(days=34), at(days=41)], id="it goes on: the first"
        ),
        pytest.param(
            days(SOFT, 0, 1, 2, 3, 4, 11, 50, 51, 52, 53, 54),
            [at(days=34), at(days=41), None],
            id="then the second is for good",
        ),
        pytest.param(days(COMPLAINT, 0, 1, 2, 3, 11, 12), [None, None], id="a complainer goes on"),
        pytest.param(days(HARD, 0, 11, status="5.1.1"), [None, None], id="a dead mailbox, too"),
    ],
)
def test_what_goes_on_after_shadow_mode_is_blocked_as_if_for_the_first_time(
    struck: list[Strike], blocks: list[datetime | None]
) -> None:
    seen = replace(history(struck), shadows=((at(days=-1), at(days=10)),))
    assert untils(judge_recipient(seen, LIMITS)) == blocks


def test_a_standing_block_knows_when_it_was_deserved_last() -> None:
    (found,) = judged(days(COMPLAINT, 0, 1, 2, 3, 9))
    assert found.window.end == at(days=2)
    assert found.evidence["newest_at"] == iso(at(days=9))


def test_a_bounce_in_the_last_moment_of_a_block_is_still_the_same_incident() -> None:
    bounced = days(HARD, 0, 30, status="5.7.1")
    assert untils(judged(bounced)) == [at(days=30)]
    later = days(HARD, 0, 30.001, status="5.7.1")
    assert untils(judged(later)) == [at(days=30), None]


@pytest.mark.parametrize(
    ("status", "said", "gone"),
    [
        ("5.1.1", "came back as undeliverable with status 5.1.1 on 2026-11-02", True),
        (None, "came back as undeliverable on 2026-11-02", True),
        ("5.7.1", "came back as undeliverable with status 5.7.1 on 2026-11-02", False),
    ],
)
def test_a_block_says_what_came_back_and_whether_the_mailbox_is_gone(
    status: str | None, said: str, gone: bool
) -> None:
    (one,) = judged([strike(at(), HARD, status=status)])
    assert one.reason == f"mail to a@x.example {said}"
    assert one.evidence["mailbox_gone"] is gone


def test_five_soft_bounces_say_nothing_of_the_mailbox() -> None:
    (one,) = judged(days(SOFT, 0, 1, 2, 3, 4))
    assert one.evidence["mailbox_gone"] is False
