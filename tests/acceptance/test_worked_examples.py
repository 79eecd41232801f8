"""The worked examples of the policy (section 7), through adopt, replay and enforce."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import feedback as ses
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a program that enforces, with one customer and domain."""
    made = Program.made(tmp_path, 'mode = "enforce"')
    made.adopt("a.example", "k", "--since", "2025-01-01")
    return made


def recipients(count: int, place: str = "people.example") -> list[str]:
    """Return that many different addresses."""
    return [f"person{number}@{place}" for number in range(count)]


def sent(count: int, **about: Any) -> list[ses.Event]:
    """Return a Send to each of so many recipients."""
    return [ses.send(one, ses.at(1), **about) for one in recipients(count)]


def dead_among(dead: int, count: int) -> list[ses.Event]:
    """Return a week of `count` mails of which `dead` bounce hard."""
    return [*sent(count), *(ses.bounce(one, ses.at(1, 11)) for one in recipients(dead))]


def complaints_among(complaining: int, count: int) -> list[ses.Event]:
    """Return a week of `count` mails about which `complaining` people complain."""
    return [*sent(count), *(ses.complaint(one, ses.at(2)) for one in recipients(complaining))]


def test_1_a_hard_bounce_blocks_at_once_and_the_echo_counts_for_nobody(program: Program) -> None:
    program.adopt("b.example", "other")
    program.replay(
        [
            ses.bounce("a@x.example", ses.at(1)),
            ses.bounce(
                "a@x.example", ses.at(2), subtype="OnAccountSuppressionList", domain="b.example"
            ),
        ]
    )
    (verdict,) = program.verdicts()
    assert verdict["rule"] == "hard_bounce.block"
    assert verdict["action"] == "block_recipient"
    assert (verdict["customer"], verdict["recipient"]) == ("k", "a@x.example")
    assert verdict["lane"] == "fast"
    assert verdict["evidence"]["until"] is None


def test_2_a_delivery_between_ends_the_streak_and_a_fifth_in_a_row_blocks(
    program: Program,
) -> None:
    address = "full@x.example"
    softs = [ses.soft(address, ses.at(0, hour)) for hour in (1, 2, 3, 4)]
    more = [ses.soft(address, ses.at(1, hour)) for hour in (1, 2, 3, 4)]
    program.replay([*softs, ses.delivery(address, ses.at(0, 12)), *more])
    assert program.rules() == []
    program.replay([ses.soft(address, ses.at(1, 5))], "fifth.jsonl")
    (verdict,) = program.verdicts()
    assert verdict["rule"] == "soft_bounce.block"
    assert verdict["evidence"]["until"] == "2026-12-17T05:00:00Z"


@pytest.mark.parametrize("delivery_first", [True, False], ids=["delivery first", "bounce first"])
def test_3_an_out_of_office_answer_counts_for_nobody(
    program: Program, *, delivery_first: bool
) -> None:
    events = []
    for number in range(8):
        about = {"message": f"m{number}"}
        answered = ses.soft("ooo@x.example", ses.at(number % 7, 11), subtype="General", **about)
        arrived = ses.delivery("ooo@x.example", ses.at(number % 7, 10), **about)
        events += [arrived, answered] if delivery_first else [answered, arrived]
    for event in events:
        program.replay([event])
    assert program.rules() == []


def test_4_two_complaints_are_tolerated_and_a_third_blocks_for_that_customer_only(
    program: Program,
) -> None:
    program.replay([ses.complaint("b@y.example", ses.at(day)) for day in (0, 1)])
    assert program.rules() == []
    program.replay([ses.complaint("b@y.example", ses.at(2))], "third.jsonl")
    (verdict,) = program.verdicts()
    assert (verdict["rule"], verdict["customer"]) == ("complaint.block", "k")
    assert verdict["recipient"] == "b@y.example"


def test_5_a_complaint_that_names_twelve_is_one_complaint_and_nobodys(program: Program) -> None:
    people = recipients(12, "yahoo-like.example")
    program.replay([*sent(100), *(ses.complaint(people, ses.at(day)) for day in range(4))])
    (verdict,) = program.verdicts()
    assert verdict["rule"] == "complaint.warn"
    assert verdict["evidence"]["count"] == 4


def test_6_five_complainers_of_400_disable(program: Program) -> None:
    program.replay(complaints_among(5, 400))
    (verdict,) = program.verdicts()
    assert (verdict["rule"], verdict["action"]) == ("complaint.disable", "disable_domain")
    assert verdict["lane"] == "weekly"
    assert verdict["window"] == {"start": "2026-11-16T00:00:00Z", "end": "2026-11-23T00:00:00Z"}


def test_6_five_complainers_of_40_000_are_nothing(program: Program) -> None:
    program.replay(complaints_among(5, 40_000))
    assert program.rules() == []


def test_7_two_of_twenty_are_two_blocks_and_no_warning(program: Program) -> None:
    program.replay(dead_among(2, 20))
    assert program.rules() == ["hard_bounce.block"] * 2


@pytest.mark.parametrize(
    ("dead", "rule"), [(12, "hard_bounce.warn"), (13, "hard_bounce.disable")], ids=["12", "13"]
)
def test_7_twelve_of_a_hundred_warn_and_thirteen_disable(
    program: Program, dead: int, rule: str
) -> None:
    program.replay(dead_among(dead, 100))
    assert program.rules() == sorted(["hard_bounce.block"] * dead + [rule])


def test_8_an_infected_newsletter_is_one_incident_and_the_second_terminates(
    program: Program,
) -> None:
    now = datetime.now(UTC)
    first = now - timedelta(days=21)
    program.replay([ses.reject(one, first) for one in recipients(40)])
    week = (first + timedelta(minutes=5)).isoformat()
    assert [one["rule"] for one in program.verdicts(week)] == ["virus.disable"]
    program.run("reinstate", "a.example", "--explanation", "laptop cleaned")
    later = now + timedelta(minutes=1)
    program.replay([ses.reject("one@people.example", later)], "second.jsonl")
    after = program.verdicts((later + timedelta(minutes=5)).isoformat())
    assert [(one["rule"], one["action"]) for one in after] == [
        ("virus.terminate", "terminate_customer")
    ]


def guessed() -> list[str]:
    """Return thirty spellings of the names of five people of one company."""
    people = [("john", "doe"), ("mary", "poe"), ("bob", "stone"), ("ann", "lake"), ("tim", "hill")]
    return [
        f"{local}@acme.example"
        for first, last in people
        for local in (
            f"{first[0]}.{last}",
            f"{first[0]}{last}",
            f"{last}{first[0]}",
            f"{first}.{last}",
            f"{first}_{last}",
            f"{last}.{first}",
        )
    ]


def test_9_thirty_guesses_disable_within_the_hour_and_terminate_on_monday(program: Program) -> None:
    guesses = guessed()
    program.replay([ses.send(one, ses.at(1, 9, n)) for n, one in enumerate(guesses)])
    program.replay(
        [ses.bounce(one, ses.at(1, 9, n)) for n, one in enumerate(guesses)], "back.jsonl"
    )
    found = [one for one in program.verdicts() if one["rule"] != "hard_bounce.block"]
    assert [(one["rule"], one["lane"], one["action"]) for one in found] == [
        ("guessing.disable", "fast", "disable_domain"),
        ("guessing.terminate", "weekly", "terminate_customer"),
    ]
    reason = found[1]["reason"]
    assert "30 of 30 addresses tried at acme.example do not exist" in reason
    assert "6 spellings of one name (ann.lake, ann_lake, alake, a.lake" not in reason
    assert "6 spellings of one name (a.lake, alake, ann.lake, ann_lake" in reason


def test_10_an_old_list_of_sixty_is_disabled_not_terminated(program: Program) -> None:
    people = [f"person@company{number}.example" for number in range(60)]
    events = [ses.send(one, ses.at(1, minute=number)) for number, one in enumerate(people)]
    events += [ses.bounce(one, ses.at(1, 12, number)) for number, one in enumerate(people[:30])]
    program.replay(events)
    others = [one for one in program.verdicts() if one["rule"] != "hard_bounce.block"]
    assert [one["rule"] for one in others] == ["hard_bounce.disable"]


def test_11_three_missed_mondays_are_judged_in_order_each_once(program: Program) -> None:
    events = []
    for weeks in (0, 1, 2):
        early = timedelta(weeks=weeks)
        events += [ses.send(one, ses.at(1) - early) for one in recipients(400)]
        events += [ses.complaint(one, ses.at(2) - early) for one in recipients(5)]
    program.replay(events)
    assert program.run("enforce", "--as-of", "2026-11-23T03:00:00Z").code == 4
    for monday in ("2026-11-09", "2026-11-16", "2026-11-23"):
        weekly = [one for one in program.verdicts(f"{monday}T03:00:00Z") if one["lane"] == "weekly"]
        assert [one["rule"] for one in weekly] == ["complaint.disable"]
        assert weekly[0]["window"]["end"] == f"{monday}T00:00:00Z"
        assert weekly[0]["state"] == "requested"


def month() -> list[ses.Event]:
    """Return a mixed week in which several rules fire."""
    full = [ses.soft("full@x.example", ses.at(day, 8)) for day in range(5)]
    angry = [ses.complaint("angry@x.example", ses.at(day, 9)) for day in range(3)]
    away = [
        ses.soft("away@x.example", ses.at(1, 3), subtype="General", message="away"),
        ses.delivery("away@x.example", ses.at(1, 3), message="away"),
    ]
    virus = [ses.reject("v@x.example", ses.at(3))]
    return [*dead_among(13, 100), *full, *angry, *away, *virus]


def essence(program: Program) -> list[str]:
    """Return every verdict whole, without what depends on the moment of judging."""
    return [json.dumps(one, sort_keys=True) for one in program.verdicts()]


@pytest.mark.parametrize("seed", range(4))
def test_12_order_repetition_and_pieces_make_no_difference(tmp_path: Path, seed: int) -> None:
    events = month()
    straight = Program.made(tmp_path / "straight")
    straight.adopt()
    straight.replay(events)
    expected = essence(straight)
    assert len(expected) == 17
    mixed = Program.made(tmp_path / "mixed")
    mixed.adopt()
    shuffled = random.Random(seed).sample([*events, *events], 2 * len(events))
    for start in range(0, len(shuffled), 37):
        mixed.replay(shuffled[start : start + 37])
    assert essence(mixed) == expected
    assert mixed.replay(events)["recorded"] == 0


def test_a_killed_replay_is_finished_by_the_next(tmp_path: Path) -> None:
    events = month() * 3 + [ses.send(one, ses.at(2)) for one in recipients(6000)]
    whole = Program.made(tmp_path / "whole")
    whole.adopt()
    whole.replay(events)
    killed = Program.made(tmp_path / "killed")
    killed.adopt()
    path = killed.file(events)
    command = [sys.executable, "-m", "sesauditd", "replay", str(path)]
    running = subprocess.Popen(command, env=killed.environment)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.6)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    killed.replay(events)
    assert essence(killed) == essence(whole)


def test_a_domain_that_is_adopted_late_is_judged_the_same(tmp_path: Path) -> None:
    early, late = Program.made(tmp_path / "early"), Program.made(tmp_path / "late")
    events = month()
    early.adopt()
    early.replay(events)
    late.replay(events)
    assert late.verdicts() == []
    late.adopt()
    assert essence(late) == essence(early)
