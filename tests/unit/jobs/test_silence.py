"""A pipe is dead when mail leaves and nothing is heard of it, not when nobody writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sesauditd.jobs.silence import Traffic, followed, is_dead
from tests.unit.jobs.fakes import NOW

LIMIT = timedelta(hours=6)
LOOK = timedelta(minutes=5)


def watched(counts: Sequence[float], last_message: datetime | None = None) -> Traffic:
    """Return the traffic after looks five minutes apart, the first at noon."""
    traffic: Traffic | None = None
    for number, sent in enumerate(counts):
        traffic = followed(
            traffic, sent_24h=sent, last_message=last_message, now=NOW + number * LOOK
        )
    assert traffic is not None
    return traffic


def dead(counts: Sequence[float], last_message: datetime | None = None) -> bool:
    return is_dead(watched(counts, last_message), last_message, LIMIT)


def hours(count: float) -> int:
    """Return how many looks fit into so many hours."""
    return int(timedelta(hours=count) / LOOK)


def test_mail_without_an_echo_for_six_hours_is_a_dead_pipe() -> None:
    assert dead([100] * hours(1) + [120] * hours(5.1), NOW)


def test_five_hours_of_silence_are_not() -> None:
    assert not dead([100] * hours(1) + [120] * hours(4), NOW)


def test_silence_without_mail_is_peace() -> None:
    assert not dead([0] * hours(48), NOW)


def test_old_mail_in_a_sliding_count_is_no_new_mail() -> None:
    falling = [100.0 - number for number in range(hours(8))]
    assert not dead(falling, NOW)


def test_a_count_that_lags_behind_the_last_message_proves_nothing() -> None:
    assert not dead([100, 101, 101] + [101] * hours(8), NOW)


def test_a_day_of_silence_with_mail_in_it_is_dead_even_if_the_count_stands_still() -> None:
    assert not dead([100] * hours(24), NOW)
    assert dead([100] * (hours(24.25) + 1), NOW)


def test_a_pipe_that_never_spoke_is_dead_too() -> None:
    assert dead([0] * hours(1) + [20] * hours(6))


def test_a_message_after_the_mail_ends_it() -> None:
    later = NOW + timedelta(hours=7)
    traffic = watched([100] * hours(1) + [120] * hours(6), NOW)
    assert traffic.unheard_since is not None
    after = followed(traffic, sent_24h=120, last_message=later, now=later)
    assert after.unheard_since is None
    assert not is_dead(after, later, LIMIT)


def test_a_daemon_that_was_down_does_not_take_its_own_silence_for_the_pipes() -> None:
    before = watched([100] * 3, NOW)
    back = NOW + timedelta(days=3)
    after = followed(before, sent_24h=500, last_message=NOW, now=back)
    assert after.watched_since == back
    assert not is_dead(after, NOW, LIMIT)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    after = followed(watched([100] * 3, NOW), sent_24h=100, last_message=NOW, now=NOW - LOOK)
    assert after.watched_since == NOW - LOOK


@given(
    counts=st.lists(st.integers(0, 10_000), min_size=1, max_size=30),
    heard=st.none() | st.integers(-60, 200),
)
def test_traffic_survives_being_kept(counts: list[int], heard: int | None) -> None:
    last = None if heard is None else NOW + timedelta(minutes=heard)
    traffic = watched([float(one) for one in counts], last)
    assert Traffic.from_facts(traffic.facts) == traffic
