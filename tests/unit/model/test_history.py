"""What strikes say, how decisions cut windows, and how many were reached."""

from __future__ import annotations

from datetime import datetime

import pytest

from sesauditd.model.calendar import hour_of
from sesauditd.model.events import Outcome
from sesauditd.model.history import DENOMINATOR, Decisions, Hourly, Reach, hours_between
from tests.unit.model.builders import BLOG, SHOP, at, enforcing, hourly, infection, strike


@pytest.mark.parametrize(
    ("status", "diagnostic", "unknown"),
    [
        ("5.1.0", None, True),
        ("5.1.1", None, True),
        ("5.1.10", None, True),
        ("5.1.2", None, False),
        ("5.4.4", None, False),
        (None, None, False),
        (None, "550 User Unknown", True),
        ("5.7.1", "550 blocked", False),
        ("5.0.0", "smtp; 550 no such user here", True),
    ],
)
def test_a_bounce_says_whether_the_user_is_unknown(
    status: str | None, diagnostic: str | None, unknown: bool
) -> None:
    said = strike(at(), status=status, diagnostic=diagnostic, subtype="NoEmail")
    assert said.is_unknown_user is unknown


def test_only_a_hard_bounce_tells_of_an_unknown_user() -> None:
    assert not strike(at(), Outcome.SOFT_BOUNCE, status="5.1.1").is_unknown_user


def test_evidence_is_json_with_the_time_and_the_message() -> None:
    shown = strike(at(), message="m-1", status="5.1.1").as_evidence()
    assert (shown["at"], shown["message_id"]) == ("2026-11-02T00:00:00Z", "m-1")
    many = infection(at(), recipients=tuple(f"r{n}@x.example" for n in range(40)))
    shown_recipients = many.as_evidence()["recipients"]
    assert isinstance(shown_recipients, list)
    assert len(shown_recipients) == 20


DECISIONS = enforcing(shop=[at(days=1), at(days=3)])


def test_decisions_are_found_before_and_after_a_moment() -> None:
    assert DECISIONS.last_before(SHOP, at(days=1)) == at(days=1)
    assert DECISIONS.last_before(SHOP, at(hours=23)) is None
    assert DECISIONS.next_after(SHOP, at(days=1)) == at(days=3)
    assert DECISIONS.next_after(SHOP, at(days=3)) is None
    assert Decisions().last_before(SHOP, at()) is None


@pytest.mark.parametrize(
    ("domain", "end", "start"),
    [
        pytest.param(SHOP, at(days=5), at(days=3), id="cut by the newest"),
        pytest.param(SHOP, at(days=2), at(days=1), id="cut by the one before its end"),
        pytest.param(SHOP, at(hours=1), at(), id="reinstated later only"),
        pytest.param(BLOG, at(days=5), at(), id="another domain"),
    ],
)
def test_a_reinstatement_begins_a_window_anew(domain: str, end: datetime, start: datetime) -> None:
    assert DECISIONS.window_start(domain, at(), end) == start


WINDOW = {SHOP: at(hours=2)}
END = at(hours=4)


@pytest.mark.parametrize(
    ("row", "count"),
    [
        pytest.param(hourly(5, at(hours=2)), 5, id="its first hour"),
        pytest.param(hourly(5, at(hours=1)), 0, id="the hour before"),
        pytest.param(hourly(5, at(hours=4)), 5, id="its last hour"),
        pytest.param(hourly(5, at(hours=5)), 0, id="the hour after"),
        pytest.param(hourly(5, at(hours=-21)), 5, id="a day earlier"),
        pytest.param(hourly(5, at(hours=-23)), 0, id="before that"),
        pytest.param(hourly(5, at(hours=2), domain=BLOG), 0, id="another domain"),
    ],
)
def test_a_window_reaches_whole_hours_of_its_domains_or_a_day_earlier(
    row: Hourly, count: int
) -> None:
    assert Reach(hourly=[row]).different(WINDOW, END) == count


@pytest.mark.parametrize("outcome", list(Outcome))
def test_recipients_of_simulated_echoed_and_other_events_are_left_out(outcome: Outcome) -> None:
    reach = Reach(hourly=[hourly(5, at(hours=3), outcome=outcome)])
    assert reach.different(WINDOW, END) == (5 if outcome in DENOMINATOR else 0)
    assert reach.mail_seen(WINDOW, END) is (outcome in {Outcome.SENT, Outcome.DELIVERED})


def test_what_counts_is_what_was_sent_bounced_or_complained() -> None:
    left_out = {Outcome.SIMULATED, Outcome.ECHO, Outcome.VIRUS, Outcome.OTHER, Outcome.DELAYED}
    assert not DENOMINATOR & left_out


def test_a_recipient_of_several_hours_and_outcomes_is_one() -> None:
    rows = [hourly(5, at(hours=2)), hourly(7, at(hours=3), outcome=Outcome.DELIVERED)]
    assert Reach(hourly=rows).different(WINDOW, END) == 7


def test_silent_providers_are_left_out_of_complaint_rates_only() -> None:
    rows = [hourly(3, at(hours=2)), hourly(9, at(hours=2), feeds_back=False)]
    assert Reach(hourly=rows).different(WINDOW, END) == 9
    assert Reach(hourly=rows).different(WINDOW, END, feeding_back=True) == 3


def test_the_hours_of_a_window_hold_those_of_the_day_before() -> None:
    first, last = hours_between(at(hours=2), END)
    assert first <= hour_of(at(hours=-22))
    assert last == hour_of(END)
