"""What follows from a week of guessed addresses, at each turn of the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sesauditd.model.arrivals import Arrival
from sesauditd.model.guessed_week import judge_guesses, suspected_places
from sesauditd.model.verdicts import Does, Rule, Verdict
from tests.unit.model.builders import BLOG, LIMITS, SHOP, WEEK, at, domains, hourly, strike

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesauditd.model.history import Strike

ACME = "acme.example"
JOHN = ["john.smith", "jsmith", "smithj", "j.smith", "john_smith", "smith.john", "johns", "john"]
PEOPLE = [
    "lena.vogt",
    "tom.krause",
    "ines.adler",
    "paul.winter",
    "rita.seidel",
    "max.horn",
    "uwe.lorenz",
]
DISABLE, TERMINATE = Rule.GUESSING_DISABLE, Rule.GUESSING_TERMINATE
SEEN = (hourly(50), hourly(50, domain=BLOG))


def guessed(
    local_parts: Sequence[str], domain: str = SHOP, status: str = "5.1.1", place: str = ACME
) -> list[Strike]:
    return [
        strike(at(days=2, minutes=n), recipient=f"{one}@{place}", domain=domain, status=status)
        for n, one in enumerate(local_parts)
    ]


def judged(
    struck: Sequence[Strike],
    *arrivals: Arrival,
    confirm: bool = False,
    seen: bool = True,
    reached: tuple[str, datetime] | None = None,
) -> tuple[Verdict, ...]:
    known = {} if reached is None else {(reached[0], ACME): reached[1]}
    history = domains(struck, *(SEEN if seen else ()), reached_at=known)
    return judge_guesses(replace(history, arrivals=arrivals), WEEK, LIMITS, confirm=confirm)


def told(found: Sequence[Verdict]) -> list[tuple[Rule, str]]:
    return [(one.rule, one.domain) for one in found]


def test_who_is_surely_guessing_loses_access() -> None:
    (one,) = judged(guessed(JOHN))
    assert (one.rule, one.does, one.domain) == (TERMINATE, Does.TERMINATE, SHOP)
    assert one.reason.startswith(f"week {WEEK.name}, addresses were guessed: ")
    assert one.evidence["count"] == len(JOHN)
    assert one.evidence["scope"] == "domain"
    assert (one.window.start, one.window.end) == (WEEK.start, WEEK.end)


def test_where_an_operator_confirms_the_domain_stops_meanwhile() -> None:
    assert told(judged(guessed(JOHN), confirm=True)) == [(TERMINATE, SHOP), (DISABLE, SHOP)]


def test_of_unseen_mail_nobody_loses_access() -> None:
    assert told(judged(guessed(JOHN), seen=False)) == [(DISABLE, SHOP)]


def test_four_spellings_are_asked_about() -> None:
    (one,) = judged(guessed(JOHN[:5]))
    assert (one.rule, one.does) == (DISABLE, Does.DISABLE)
    assert "addresses were probably guessed" in one.reason


@pytest.mark.parametrize(
    "struck",
    [
        pytest.param([], id="no strike"),
        pytest.param(guessed(JOHN[:3]), id="three"),
        pytest.param(guessed(JOHN, status="5.7.1"), id="of users that exist"),
        pytest.param(guessed(PEOPLE), id="of different people"),
    ],
)
def test_what_is_no_guess_has_no_verdict(struck: Sequence[Strike]) -> None:
    assert judged(struck) == ()


def test_only_unknown_users_make_a_place_suspected() -> None:
    assert suspected_places(guessed(JOHN)) == {ACME}
    assert suspected_places(guessed(JOHN, status="5.7.1")) == frozenset()


def test_evidence_is_of_the_places_that_are_told_of() -> None:
    elsewhere = guessed(["info"], place="other.example")
    (one,) = judged([*guessed(JOHN), *elsewhere])
    assert one.evidence["count"] == len(JOHN)


def test_what_two_domains_share_is_judged_over_both() -> None:
    halves = [*guessed(JOHN[:4]), *guessed(JOHN[4:], BLOG)]
    (one,) = judged(halves)
    assert one.rule is TERMINATE
    assert "over 2 domains: addresses were guessed" in one.reason
    assert one.evidence["scope"] == "customer"
    assert told(judged(halves, confirm=True)) == [
        (TERMINATE, one.domain),
        (DISABLE, BLOG),
        (DISABLE, SHOP),
    ]


@pytest.mark.parametrize(
    ("domain", "when", "counts"),
    [
        pytest.param(SHOP, at(days=-1), True, id="its own, before"),
        pytest.param(BLOG, at(days=-1), True, id="another's, before the week"),
        pytest.param(BLOG, at(), False, id="another's, in the week's first moment"),
    ],
)
def test_whom_the_customer_knew_before_is_no_guess(
    domain: str, when: datetime, *, counts: bool
) -> None:
    known = [
        Arrival(domain=domain, recipient=f"{one}@{ACME}", at=when, delivered=True) for one in JOHN
    ]
    assert bool(judged(guessed(JOHN), *known)) is not counts


def test_a_place_that_any_domain_reached_long_ago_is_no_first_contact() -> None:
    def score(reached: tuple[str, datetime] | None) -> object:
        return [one.evidence["score"] for one in judged(guessed(JOHN), reached=reached)]

    stranger = score(None)
    assert score((SHOP, at(days=-9))) != stranger
    assert score((BLOG, at(days=-9))) != stranger
    assert score((BLOG, at())) == stranger


@pytest.mark.parametrize(
    ("count", "sure_at", "ask_at", "rule"),
    [
        pytest.param(8, 1.0, 0.5, TERMINATE, id="just sure"),
        pytest.param(5, 0.8, 0.75, DISABLE, id="just asked about"),
        pytest.param(5, 0.8, 0.7501, None, id="just below"),
    ],
)
def test_a_score_at_its_limit_is_enough(
    count: int, sure_at: float, ask_at: float, rule: Rule | None
) -> None:
    terminating = replace(LIMITS.guessing.terminate, sure_at=sure_at, ask_at=ask_at)
    limits = replace(LIMITS, guessing=replace(LIMITS.guessing, terminate=terminating))
    found = judge_guesses(domains(guessed(JOHN[:count]), *SEEN), WEEK, limits)
    assert [one.rule for one in found] == ([rule] if rule else [])
