"""Guessed addresses within the hour, and infected mail: when a domain goes off, and a customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import Case, Judged, judged, when
from tests.support.cli import MONDAY

if TYPE_CHECKING:
    from tests.support.cli import Cli

Story = Callable[[Sequence[str]], list[ses.Event]]

START = when(2, 10)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
GUESSING = frozenset({"guessing.disable"})
NOT_GUESSING: frozenset[str] = frozenset()


def guesses(
    company: int = 8,
    elsewhere: int = 17,
    *,
    within: timedelta = HOUR,
    at: str = "acme.example",
    **how: Any,
) -> Story:
    """Return unknown users at one company and one at each of many others."""
    addresses = [f"name{number}@{at}" for number in range(company)]
    addresses += [f"name@other{number}.example" for number in range(elsewhere)]
    step = within / (len(addresses) - 1)
    times = [START + number * step for number in range(len(addresses) - 1)]
    hit = [ses.bounced(one, **({"status": "5.1.1"} | how)) for one in addresses]
    return lambda domains: [
        ses.bounce(domains[number % len(domains)], [one], time)
        for number, (one, time) in enumerate(zip(hit, [*times, START + within], strict=True))
    ]


def before(ago: timedelta, *, then_bounced: bool = False) -> Story:
    """Return a delivery at the company so long before the first guess."""

    def story(domains: Sequence[str]) -> list[ses.Event]:
        message = ses.message_id()
        told = [ses.delivery(domains[0], "info@acme.example", START - ago, message=message)]
        if then_bounced:
            told.append(
                ses.bounce(
                    domains[0],
                    "info@acme.example",
                    START - ago + HOUR,
                    message=message,
                    mail_at=START - ago - 2 * SECOND,
                )
            )
        return told

    return story


def plus(*stories: Story) -> Story:
    """Return all that happens in the stories."""
    return lambda domains: [one for story in stories for one in story(domains)]


def repeated(domains: Sequence[str]) -> list[ses.Event]:
    return [
        ses.bounce(domains[0], f"name{number % 8}@acme.example", START + number * 2 * SECOND)
        for number in range(40)
    ]


def rows() -> Iterator[Case]:
    """Yield what looks like guessing by its plain counts, and what does not."""

    def row(
        name: str, events: Story, expected: frozenset[str] = GUESSING, domains: int = 1
    ) -> Case:
        return Case(name=name, events=events, expected=expected, domains=domains)

    yield row("25, 8 at one company", guesses())
    yield row("30, all at one company", guesses(30, 0))
    yield row("24, 8 at one company", guesses(8, 16), NOT_GUESSING)
    yield row("25, 7 at one company", guesses(7, 18), NOT_GUESSING)
    yield row("25 in 61 minutes", guesses(within=HOUR + SECOND), NOT_GUESSING)
    yield row("25 within a minute", guesses(within=timedelta(minutes=1)))
    yield row("30 at a free-mail provider", guesses(30, 0, at="gmail.com"), NOT_GUESSING)
    yield row("30 at yahoo", guesses(30, 0, at="yahoo.com"), NOT_GUESSING)
    yield row("8 addresses again and again", repeated, NOT_GUESSING)
    yield row("disabled mailboxes", guesses(30, 0, status="5.2.1"), NOT_GUESSING)
    yield row("status 5.1.10", guesses(status="5.1.10"))
    yield row(
        "only the diagnostic says so", guesses(status="5.0.0", diagnostic="smtp; 550 user unknown")
    )
    yield row("no status at all", guesses(status=None), NOT_GUESSING)
    yield row("reached 25 hours before", plus(guesses(), before(25 * HOUR)), NOT_GUESSING)
    yield row("reached 24 hours before", plus(guesses(), before(24 * HOUR)), NOT_GUESSING)
    yield row("reached 23 hours before", plus(guesses(), before(23 * HOUR)))
    yield row("accepted and bounced before", plus(guesses(), before(50 * HOUR, then_bounced=True)))
    yield row("over two domains together", guesses(), domains=2)


ROWS = tuple(rows())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Judged]:
    """Return what the program makes of all rows, in one database."""
    return judged(tmp_path_factory.mktemp("guessing"), ROWS)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ROWS])
def test_guessing_is_told_by_its_counts_within_the_hour(
    results: Mapping[str, Judged], case: Case
) -> None:
    found = [one for one in results[case.name].of("guessing.disable") if one["lane"] == "fast"]
    assert {one["rule"] for one in found} == case.expected
    assert {one["domain"] for one in found} == (
        set(results[case.name].domains) if case.expected else set()
    )
    for one in found:
        assert (one["lane"], one["action"]) == ("fast", "disable_domain")
        assert datetime.fromisoformat(one["window"]["end"]) <= START + HOUR


FIRST = when(-27, 9)
"""The first infected mail: four weeks before the judged week."""


def rules(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return rule, domain and state of the verdicts about viruses."""
    return sorted(
        (one["rule"], one["domain"], one["state"])
        for one in found
        if one["rule"].startswith("virus.")
    )


def test_forty_rejects_of_one_newsletter_are_one_incident(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [
        ses.reject("a.example", one, when(1, 9) + number * SECOND)
        for number, one in enumerate(ses.people(40))
    ]
    cli.replay(ses.lines(told[:20]))
    cli.replay(ses.lines(told))
    found = cli.verdicts()
    assert [(one["rule"], one["action"], one["lane"]) for one in found] == [
        ("virus.disable", "disable_domain", "fast")
    ]
    actions = cli.rows("actions")
    assert [one["action"] if "action" in one else one["kind"] for one in actions] == [
        "disable_domain"
    ]


def test_mail_in_flight_long_after_the_domain_went_off_is_the_same_incident(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [ses.reject("a.example", "x@mail.example", at) for at in (FIRST, when(1), when(5))]
    cli.replay(ses.lines(told))
    assert cli.verdicts() == []
    (first,) = cli.verdicts(FIRST + HOUR)
    assert first["rule"] == "virus.disable"


def test_each_further_domain_of_the_incident_is_disabled_too(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "k")
    cli.adopt("c.example", "k")
    told = [
        ses.reject("a.example", "x@mail.example", when(1)),
        ses.reject("b.example", "x@mail.example", when(3)),
        ses.reject("b.example", "y@mail.example", when(4)),
    ]
    cli.replay(ses.lines(told))
    assert [one[:2] for one in rules(cli.verdicts())] == [
        ("virus.disable", "a.example"),
        ("virus.disable", "b.example"),
    ]


def test_a_second_incident_after_the_reinstatement_terminates(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    early = cli.at(FIRST + HOUR)
    early.replay(ses.lines([ses.reject("a.example", "x@mail.example", FIRST)]))
    cli.at(FIRST + 2 * DAY).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", FIRST + 28 * DAY)]))
    found = cli.verdicts()
    (verdict,) = [one for one in found if one["rule"] == "virus.terminate"]
    assert (verdict["lane"], verdict["action"]) == ("fast", "terminate_customer")
    assert verdict["customer"] == "k"
    assert verdict["window"]["end"] == ses.stamp(FIRST + 28 * DAY).replace(".000", "")


def test_a_second_incident_after_a_year_does_not_terminate(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    long_ago = when(1) - 366 * DAY
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", long_ago)]))
    cli.at(long_ago + DAY).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", when(1))]))
    assert [one[:2] for one in rules(cli.verdicts())] == [("virus.disable", "a.example")]


def test_the_incident_lasts_until_all_its_domains_are_reinstated(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "k")
    cli.replay(
        ses.lines([ses.reject(one, "x@mail.example", FIRST) for one in ("a.example", "b.example")])
    )
    cli.at(FIRST + DAY).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    cli.replay(ses.lines([ses.reject("b.example", "x@mail.example", FIRST + 2 * DAY)]))
    assert [one["rule"] for one in cli.verdicts(FIRST + 3 * DAY)] == ["virus.disable"] * 2
    cli.at(FIRST + 4 * DAY).ok("reinstate", "b.example", "--explanation", "laptop cleaned")
    cli.replay(ses.lines([ses.reject("b.example", "x@mail.example", when(2))]))
    assert "virus.terminate" in [one["rule"] for one in cli.verdicts()]


def test_who_fed_the_contact_form_does_not_end_a_customers_access(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", FIRST)]))
    cli.at(FIRST + DAY).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    own = ["info@a.example", "owner@k-home.example"]
    cli.replay(ses.lines([ses.reject("a.example", one, when(2)) for one in own]))
    found = rules(cli.verdicts())
    assert ("virus.terminate", "a.example", "waiting") in found
    assert [one[:2] for one in found] == [
        ("virus.disable", "a.example"),
        ("virus.terminate", "a.example"),
    ]


def test_one_stranger_among_the_own_addresses_is_no_contact_form(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", FIRST)]))
    cli.at(FIRST + DAY).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    both = ["info@a.example", "stranger@mail.example"]
    cli.replay(ses.lines([ses.reject("a.example", one, when(2)) for one in both]))
    (verdict,) = [one for one in cli.verdicts() if one["rule"] == "virus.terminate"]
    assert verdict["state"] != "waiting"


def test_in_shadow_mode_an_incident_ends_a_week_after_its_last_reject(cli: Cli) -> None:
    cli.configure(mode="shadow")
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "calm")
    at = {"a.example": (FIRST, FIRST + 4 * DAY, FIRST + 28 * DAY), "b.example": ()}
    at["b.example"] = (when(1) - 12 * DAY, when(1) - 6 * DAY, when(1))
    cli.replay(
        ses.lines([ses.reject(one, "x@mail.example", time) for one in at for time in at[one]])
    )
    found = cli.verdicts(MONDAY)
    assert [(one["rule"], one["customer"], one["state"]) for one in found] == [
        ("virus.terminate", "k", "shadow")
    ]


def test_a_reject_for_another_reason_is_no_virus(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.reject("a.example", "x@mail.example", when(1), reason="Other")]))
    assert cli.verdicts() == []
