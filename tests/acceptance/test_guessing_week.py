"""Guessed addresses as Monday sees them: who is terminated, who is asked, and who is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import feedback as ses
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

SPELLINGS = [
    "john.smith",
    "jsmith",
    "smithj",
    "j.smith",
    "john_smith",
    "smith.john",
    "johns",
    "s.john",
]
PEOPLE = [f"{first}.{last}" for first in ("ann", "bob", "eve") for last in ("hill", "lake", "moor")]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program.made(tmp_path, 'mode = "enforce"')
    made.adopt("a.example", "k", "--since", "2025-01-01")
    made.adopt("b.example", "k", "--since", "2025-01-01")
    return made


def tried(
    names: Sequence[str], *, mail: bool = True, domains: Sequence[str] = ("a.example",)
) -> list[ses.Event]:
    """Return mails to names of one company, hours apart, none of which exists."""
    events = []
    for number, name in enumerate(names):
        domain = domains[number % len(domains)]
        about: dict[str, Any] = {"domain": domain, "message": f"try-{number}"}
        if mail:
            events.append(ses.send(f"{name}@acme.example", ses.at(1, number), **about))
        events.append(ses.bounce(f"{name}@acme.example", ses.at(1, number, 1), **about))
    return events


def weekly(program: Program) -> list[tuple[str, str]]:
    found = program.verdicts()
    return [(one["rule"], one["domain"]) for one in found if one["lane"] == "weekly"]


def test_slow_guesses_that_no_quick_rule_sees_end_on_monday(program: Program) -> None:
    program.replay(tried(SPELLINGS))
    assert weekly(program) == [("guessing.terminate", "a.example")]
    (found,) = [one for one in program.verdicts() if one["lane"] == "weekly"]
    assert found["evidence"]["count"] == 8
    assert found["evidence"]["at"][0]["receiving_domain"] == "acme.example"


def test_guesses_over_two_domains_are_judged_together(program: Program) -> None:
    program.replay(tried(SPELLINGS, domains=("a.example", "b.example")))
    (found,) = [one for one in program.verdicts() if one["lane"] == "weekly"]
    assert (found["rule"], found["evidence"]["scope"]) == ("guessing.terminate", "customer")


def test_without_any_mail_seen_the_domain_is_disabled_at_most(program: Program) -> None:
    program.replay(tried(SPELLINGS, mail=False))
    assert weekly(program) == [("guessing.disable", "a.example")]


def test_many_unknown_at_a_new_company_are_asked_about(program: Program) -> None:
    program.replay(tried(PEOPLE))
    assert weekly(program) == [("guessing.disable", "a.example")]
    (found,) = [one for one in program.verdicts() if one["lane"] == "weekly"]
    assert found["reason"].startswith("week 2026-W47, addresses were probably guessed: 9 of 9")


@pytest.mark.parametrize(
    ("bounced_later", "rules"), [(False, []), (True, ["guessing.disable"])], ids=["yes", "accepted"]
)
def test_people_who_were_delivered_to_before_are_no_guesses(
    program: Program, bounced_later: bool, rules: list[str]
) -> None:
    long_ago = ses.at() - timedelta(days=20)
    told = []
    for number, name in enumerate(PEOPLE):
        about: dict[str, Any] = {"message": f"before-{number}"}
        told.append(ses.delivery(f"{name}@acme.example", long_ago, **about))
        if bounced_later:
            told.append(ses.bounce(f"{name}@acme.example", long_ago, **about))
    program.replay(told, "before.jsonl")
    program.replay(tried(PEOPLE))
    found = [rule for rule, _ in weekly(program) if rule.startswith("guessing.")]
    assert found == rules


def test_a_judged_week_is_not_judged_otherwise_when_a_fast_rule_is_moved_to_monday(
    tmp_path: Path,
) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text('[guessing.disable]\nlane = "weekly"\n')
    moved = Program.made(tmp_path, 'mode = "enforce"\nfile = "mine.toml"')
    moved.adopt("a.example", "k", "--since", "2025-01-01")
    moved.replay(tried(PEOPLE))
    assert moved.run("enforce", "--as-of", "2026-11-23T03:00:00Z").code == 4
    assert moved.run("enforce", "--as-of", "2026-11-30T03:00:00Z").code in {0, 4}
    found = moved.verdicts()
    assert [one["rule"] for one in found if one["lane"] == "weekly"] == ["guessing.disable"]
    assert [one["state"] for one in found if one["lane"] == "weekly"] == ["requested"]
