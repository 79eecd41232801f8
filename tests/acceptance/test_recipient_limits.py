"""Who is blocked and until when: dead mailboxes, soft-bounce streaks, third complaints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import BLOCK, WEEK, Case, Judged, judged, when

if TYPE_CHECKING:
    from tests.support.cli import Cli

Story = Callable[[Sequence[str]], list[ses.Event]]

SOFT = frozenset({"soft_bounce.block"})
HARD = frozenset({"hard_bounce.block"})
COMPLAINT = frozenset({"complaint.block"})
NOBODY: frozenset[str] = frozenset()
ANN = "ann@mail.example"
BOB = "bob@mail.example"
LAST = when(3, 12)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def row(name: str, events: Story, expected: frozenset[str] = NOBODY, domains: int = 1) -> Case:
    """Return a row: the rules that block somebody."""
    return Case(name=name, events=events, expected=expected, domains=domains)


def softs(*at: datetime, to: str = ANN) -> Story:
    """Return a soft bounce at each time, each of another message."""
    return lambda domains: [ses.soft(domains[0], to, one) for one in at]


def plus(*stories: Story) -> Story:
    """Return all that happens in the stories."""
    return lambda domains: [one for story in stories for one in story(domains)]


def daily(count: int, last: datetime = LAST) -> list[datetime]:
    """Return the last days' times, the last one as given."""
    return [last - number * DAY for number in reversed(range(count))]


def soft_rows() -> Iterator[Case]:
    """Yield streaks of soft bounces of one address."""
    month_before = LAST - 30 * DAY
    four = daily(4)
    yield row("four", softs(*four))
    yield row("five", softs(*daily(5)), SOFT)
    yield row("five full mailboxes", full_mailbox, SOFT)
    yield row("five in exactly 30 days", softs(month_before, *four), SOFT)
    yield row("five in 30 days and a second", softs(month_before - SECOND, *four))
    yield row("six, the last five within 30 days", softs(month_before - 9 * DAY, *daily(5)), SOFT)
    yield row("four and a repeated message", repeated_message)
    yield row("a delivery after the second", plus(softs(*daily(5)), delivered(when(1))))
    yield row("a delivery a second before the first", before_the_first, SOFT)
    yield row("a delivery a second after the last", plus(softs(*daily(5)), after_the_last), SOFT)
    yield row("a send and a delay between", plus(softs(*daily(5)), neither_delivered), SOFT)
    yield row("somebody else was reached", plus(softs(*daily(5)), bob_delivered), SOFT)
    yield row("two domains, three and two", two_domains, SOFT, 2)
    yield row("two domains, a delivery on the other", two_domains_reached, NOBODY, 2)
    yield row("spelt in five ways", five_spellings, SOFT)
    for subtype in ("MessageTooLarge", "ContentRejected", "AttachmentRejected"):
        yield row(f"six {subtype}", refused(subtype))
    yield row("four and a refused message", plus(softs(*four), refused("ContentRejected", 1)))
    yield row("six undetermined", undetermined)
    yield row("six out of office, delivery before", out_of_office(-SECOND))
    yield row("six out of office, delivery after", out_of_office(SECOND))
    yield row("four and one out of office", plus(softs(*four), out_of_office(SECOND, 1)))
    yield row("five, and the message reached another", reached_another, SOFT)
    yield row("both flavours", both_flavours, SOFT)
    yield row("behind a forwarder", forwarded_softly, SOFT)


def full_mailbox(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.soft(domains[0], ANN, at, subtype="MailboxFull") for at in daily(5)]


def repeated_message(domains: Sequence[str]) -> list[ses.Event]:
    first = ses.soft(domains[0], ANN, LAST - 3 * DAY, message=ses.message_id("rep"))
    again = ses.soft(
        domains[0], ANN, LAST - 2.5 * DAY, message=ses.message_id("rep"), mail_at=LAST - 3 * DAY
    )
    return [first, again, *softs(*daily(3))(domains)]


def delivered(at: datetime) -> Story:
    return lambda domains: [ses.delivery(domains[0], ANN, at)]


def before_the_first(domains: Sequence[str]) -> list[ses.Event]:
    return [*delivered(daily(5)[0] - SECOND)(domains), *softs(*daily(5))(domains)]


def after_the_last(domains: Sequence[str]) -> list[ses.Event]:
    return delivered(LAST + SECOND)(domains)


def neither_delivered(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.send(domains[0], ANN, when(1)), ses.delay(domains[0], ANN, when(1, 1))]


def bob_delivered(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.delivery(domains[0], BOB, when(1))]


def two_domains(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.soft(domains[number % 2], ANN, at) for number, at in enumerate(daily(5))]


def two_domains_reached(domains: Sequence[str]) -> list[ses.Event]:
    on_one = [ses.soft(domains[0], ANN, at) for at in daily(5)]
    return [*on_one, ses.delivery(domains[1], ANN, when(1))]


def five_spellings(domains: Sequence[str]) -> list[ses.Event]:
    spelt = (
        ANN,
        ANN.upper(),
        "Ann <ann@mail.example>",
        "<ANN@Mail.Example>",
        '"Ann, of the shop" <ann@MAIL.example>',
    )
    return [
        ses.soft(domains[0], one, at, destination=[ANN])
        for one, at in zip(spelt, daily(5), strict=True)
    ]


def refused(subtype: str, count: int = 6) -> Story:
    return lambda domains: [
        ses.soft(domains[0], ANN, at - timedelta(hours=1), subtype=subtype) for at in daily(count)
    ]


def undetermined(domains: Sequence[str]) -> list[ses.Event]:
    return [
        ses.bounce(domains[0], ANN, at, kind="Undetermined", subtype="Undetermined")
        for at in daily(6)
    ]


def out_of_office(delivered_after: timedelta, count: int = 6) -> Story:
    def story(domains: Sequence[str]) -> list[ses.Event]:
        found = []
        for at in daily(count):
            message, sent = ses.message_id(), at - timedelta(minutes=5)
            found += [
                ses.soft(domains[0], ANN, at, message=message, mail_at=sent),
                ses.delivery(domains[0], ANN, at + delivered_after, message=message, mail_at=sent),
            ]
        return found

    return story


def reached_another(domains: Sequence[str]) -> list[ses.Event]:
    found = []
    for at in daily(5):
        shared: dict[str, Any] = {
            "message": ses.message_id(),
            "mail_at": at,
            "destination": [ANN, BOB],
        }
        found += [ses.soft(domains[0], ANN, at, **shared)]
        found += [ses.delivery(domains[0], BOB, at, **shared)]
    return found


def both_flavours(domains: Sequence[str]) -> list[ses.Event]:
    flavours: tuple[ses.Flavour, ...] = ("publishing", "identity")
    return [
        ses.soft(domains[0], ANN, at, flavour=flavours[number % 2])
        for number, at in enumerate(daily(5))
    ]


def forwarded_softly(domains: Sequence[str]) -> list[ses.Event]:
    return [
        ses.soft(domains[0], f"x{number}@elsewhere.example", at, destination=[ANN])
        for number, at in enumerate(daily(5))
    ]


def hard_rows() -> Iterator[Case]:
    """Yield bounces that mean a dead mailbox, and such that do not."""
    yield row("plain", dead(ses.bounced(ANN)), HARD)
    yield row("identity notification", dead_by_identity, HARD)
    yield row("no status", dead(ses.bounced(ANN, None)), HARD)
    yield row("no such host, Transient", transient("5.4.4"), HARD)
    yield row("another 5.4 status, Transient", transient("5.4.1"))
    yield row("delayed action", dead(ses.bounced(ANN, "5.1.1", action="delayed")))
    yield row("temporary status", dead(ses.bounced(ANN, "4.4.7")))
    yield row("failed and delayed mixed", dead(ses.bounced(ANN), ses.bounced(BOB, "4.4.7")), HARD)
    yield row("to the simulator", dead(ses.bounced("bounce@simulator.amazonses.com")))
    yield row("forwarded, one destination", forwarded([BOB]), HARD)
    yield row("forwarded, two destinations", forwarded([BOB, "carl@mail.example"]))
    yield row("named twice", dead(ses.bounced(ANN), ses.bounced(ANN.upper())), HARD)
    for subtype in ("OnAccountSuppressionList", "OnTenantSuppressionList", "UnsubscribedRecipient"):
        yield row(subtype, dead(ses.bounced(ANN), subtype=subtype))


def dead(*hit: ses.Event, subtype: str = "General") -> Story:
    return lambda domains: [ses.bounce(domains[0], hit, when(2), subtype=subtype)]


def dead_by_identity(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.bounce(domains[0], ANN, when(2), flavour="identity")]


def transient(status: str) -> Story:
    return lambda domains: [ses.bounce(domains[0], ANN, when(2), kind="Transient", status=status)]


def forwarded(destination: Sequence[str]) -> Story:
    return lambda domains: [
        ses.bounce(domains[0], "behind@elsewhere.example", when(2), destination=destination)
    ]


def complaint_rows() -> Iterator[Case]:
    """Yield complaints of one recipient."""
    year_before = LAST - 365 * DAY
    yield row("two complaints", complains(LAST - DAY, LAST))
    yield row("three complaints", complains(*daily(3)), COMPLAINT)
    yield row("three in exactly 365 days", complains(year_before, *daily(2)), COMPLAINT)
    yield row("three in 365 days and a second", complains(year_before - SECOND, *daily(2)))
    yield row("three about one message", about_one_message)
    yield row("three over two domains", complaints_on_two, COMPLAINT, 2)
    yield row("two and an ambiguous one", plus(complains(*daily(2)), ambiguous))
    yield row("two and not spam", plus(complains(*daily(2)), odd(kind="not-spam")))
    yield row("two and a machine's", plus(complains(*daily(2)), odd(kind="auth-failure")))
    yield row(
        "two and an echo", plus(complains(*daily(2)), odd(subtype="OnAccountSuppressionList"))
    )
    yield row("two and one without a type", plus(complains(*daily(2)), odd(kind=None)), COMPLAINT)
    yield row("three, spelt differently", complaints_spelt, COMPLAINT)
    yield row(
        "three, another was reached between",
        plus(complains(*daily(3)), delivered(when(2))),
        COMPLAINT,
    )


def complains(*at: datetime) -> Story:
    return lambda domains: [ses.complaint(domains[0], ANN, one) for one in at]


def about_one_message(domains: Sequence[str]) -> list[ses.Event]:
    message = ses.message_id(f"hated {domains[0]}")
    sent = LAST - 5 * DAY
    return [ses.complaint(domains[0], ANN, at, message=message, mail_at=sent) for at in daily(3)]


def complaints_on_two(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.complaint(domains[number % 2], ANN, at) for number, at in enumerate(daily(3))]


def ambiguous(domains: Sequence[str]) -> list[ses.Event]:
    return [ses.complaint(domains[0], [ANN, BOB], when(1))]


def odd(kind: str | None = "abuse", subtype: str | None = None) -> Story:
    return lambda domains: [ses.complaint(domains[0], ANN, when(1), kind=kind, subtype=subtype)]


def complaints_spelt(domains: Sequence[str]) -> list[ses.Event]:
    spelt = (ANN, "Ann <ANN@mail.example>", "ann@MAIL.EXAMPLE")
    return [ses.complaint(domains[0], one, at) for one, at in zip(spelt, daily(3), strict=True)]


ROWS = (*soft_rows(), *hard_rows(), *complaint_rows())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Judged]:
    """Return what the program makes of all rows, in one database."""
    return judged(tmp_path_factory.mktemp("recipients"), ROWS)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ROWS])
def test_a_recipient_is_blocked_when_the_policy_says(
    results: Mapping[str, Judged], case: Case
) -> None:
    blocks = [one for one in results[case.name].verdicts if one["action"] == BLOCK]
    assert {one["rule"] for one in blocks} == case.expected
    assert len(blocks) == len(case.expected)
    for one in blocks:
        assert one["lane"] == "fast"
        assert one["recipient"] == (BOB if "forwarded, one" in case.name else ANN)


def test_no_recipient_is_blocked_for_what_another_customer_did(cli: Cli) -> None:
    cli.adopt("a.example", "one")
    cli.adopt("b.example", "two")
    soft = [
        ses.soft("a.example" if number < 3 else "b.example", ANN, at)
        for number, at in enumerate(daily(6))
    ]
    angry = [
        ses.complaint("a.example" if number < 2 else "b.example", BOB, at)
        for number, at in enumerate(daily(4))
    ]
    cli.replay(ses.lines([*soft, *angry]))
    assert cli.verdicts() == []


FOR_GOOD = None
A_MONTH_ON = "2026-12-18T00:00:00Z"


@pytest.mark.parametrize(
    ("status", "subtype", "until"),
    [
        pytest.param("5.1.1", "General", FOR_GOOD, id="no mailbox"),
        pytest.param("5.1.10", "General", FOR_GOOD, id="null MX"),
        pytest.param("5.1.2", "NoEmail", FOR_GOOD, id="bad domain"),
        pytest.param(None, "General", FOR_GOOD, id="no status"),
        pytest.param("5.7.1", "General", A_MONTH_ON, id="policy"),
        pytest.param("5.2.1", "General", A_MONTH_ON, id="disabled mailbox"),
        pytest.param("5.4.4", "General", A_MONTH_ON, id="no such host"),
        pytest.param("5.10.1", "General", A_MONTH_ON, id="a status that only begins like 5.1"),
        pytest.param("5.0.0", "Suppressed", A_MONTH_ON, id="on the global list"),
        pytest.param(None, "Suppressed", A_MONTH_ON, id="on the global list without a status"),
    ],
)
def test_a_dead_mailbox_is_blocked_for_good_or_for_a_month_by_its_status(
    cli: Cli, status: str | None, subtype: str, until: str | None
) -> None:
    cli.adopt("a.example", "k")
    hit = ses.bounce("a.example", ANN, when(2), status=status, subtype=subtype)
    cli.replay(ses.lines([hit]))
    (verdict,) = cli.verdicts()
    assert verdict["evidence"]["until"] == until
    (block,) = cli.rows("blocks")
    assert (block["recipient"], block["customer"]) == (ANN, "k")


@pytest.mark.parametrize("how", ["hard", "soft"])
def test_the_second_block_of_a_recipient_is_for_good(cli: Cli, how: str) -> None:
    cli.adopt("a.example", "k")
    if how == "hard":
        told = [ses.bounce("a.example", ANN, at, status="5.7.1") for at in (LAST - 50 * DAY, LAST)]
    else:
        times = [*daily(5, LAST - 50 * DAY), *daily(5)]
        told = [ses.soft("a.example", ANN, at) for at in times]
        told.append(ses.delivery("a.example", ANN, LAST - 30 * DAY))
    cli.replay(ses.lines(told))
    (second,) = cli.verdicts()
    assert second["evidence"]["until"] is None
    month = cli.verdicts(LAST - 45 * DAY)
    assert [one["evidence"]["until"] for one in month] == ["2026-10-30T12:00:00Z"]


def test_a_block_made_for_good_by_a_later_bounce_names_that_bounce(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    first = ses.bounce("a.example", ANN, when(1), status="5.7.1")
    second = ses.bounce("a.example", ANN, when(2), status="5.1.1")
    cli.replay(ses.lines([first, second]))
    (verdict,) = cli.verdicts()
    assert verdict["evidence"]["until"] is None
    assert second["mail"]["messageId"] in json.dumps(verdict["evidence"])


def test_a_soft_block_ends_thirty_days_after_the_last_bounce_of_the_streak(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.soft("a.example", ANN, at) for at in daily(5)]))
    (verdict,) = cli.verdicts()
    assert verdict["evidence"]["until"] == "2026-12-19T12:00:00Z"
    assert verdict["window"] == {"start": "2026-11-15T12:00:00Z", "end": "2026-11-19T12:00:00Z"}


@pytest.mark.parametrize("batches", ["bounces first", "deliveries first", "one by one"])
def test_an_out_of_office_answer_counts_for_nobody_in_whatever_batch_it_comes(
    cli: Cli, batches: str
) -> None:
    cli.adopt("a.example", "k")
    story = out_of_office(SECOND)(["a.example"])
    answers, deliveries = story[::2], story[1::2]
    match batches:
        case "bounces first":
            cli.replay(ses.lines(answers))
            assert [one["rule"] for one in cli.verdicts()] == ["soft_bounce.block"]
            cli.replay(ses.lines(deliveries))
        case "deliveries first":
            cli.replay(ses.lines(deliveries))
            cli.replay(ses.lines(answers))
        case _:
            for one in story:
                cli.replay(ses.lines([one]))
    assert cli.verdicts() == []


def test_a_strict_policy_blocks_at_the_first_complaint(cli: Cli) -> None:
    cli.configure(policy='file = "policy-strict.toml"')
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.complaint("a.example", ANN, WEEK + DAY)]))
    assert "complaint.block" in [one["rule"] for one in cli.verdicts()]
