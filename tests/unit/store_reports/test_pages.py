"""Figures and whole pages, read from a database that was filled by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from sesauditd.config import Policies
from sesauditd.errors import Refused
from sesauditd.model.events import Outcome
from sesauditd.model.limits import HardBounce, HardBounceSurge, Limits
from sesauditd.report.document import report_document
from sesauditd.report.figures import Span
from sesauditd.report.status_document import status_document
from sesauditd.store import register, tables
from sesauditd.store.reports import counts, pages
from sesauditd.store.reports.behaviour import figures_of, figures_of_each
from tests.support.databases import NEEDS_FILE
from tests.unit.store_reports.filled import HOUR, NOW, WEEK, Filling, filling

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

DAY = timedelta(days=1)
SPAN = Span.between(NOW - 90 * DAY, NOW)
LIMITS = Limits()


async def bakery(fill: Filling) -> None:
    """A customer with two domains, sixty mails and nine dead addresses at one of them."""
    await fill.source()
    await fill.domain("a.example", since=WEEK - 300 * DAY)
    await fill.domain("b.example")
    await fill.rollup("a.example", 60)
    await fill.rollup("a.example", 9, outcome="hard_bounce")
    await fill.rollup("b.example", 30, WEEK + DAY, feeds_back=False)
    for number in range(9):
        await fill.strike("a.example", f"r{number}@y.example", WEEK + number * HOUR)
    await fill.put(
        tables.reached,
        domain="a.example",
        receiving_domain="y.example",
        first_at=WEEK - 100 * DAY,
        message_id="m",
        recipient="x@y.example",
    )


async def test_counts_are_summed_by_domain_and_day(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        await fill.domain("b.example")
        await fill.rollup("a.example", 5, WEEK)
        await fill.rollup("a.example", 7, WEEK + 23 * HOUR)
        await fill.rollup("a.example", 1, WEEK + 24 * HOUR)
        await fill.rollup("a.example", 2, WEEK, "complaint", feeds_back=False)
        await fill.rollup("b.example", 3, WEEK)
    async with database.read() as connection:
        rows = await counts.by_day(connection, WEEK, NOW)
        only = await counts.by_day(connection, WEEK + DAY, NOW, domains=["a.example"])
    assert [(one.domain, one.day, one.outcome, one.feeds_back, one.count) for one in rows] == [
        ("a.example", date(2026, 11, 16), Outcome.COMPLAINT, False, 2),
        ("a.example", date(2026, 11, 16), Outcome.SENT, True, 12),
        ("a.example", date(2026, 11, 17), Outcome.SENT, True, 1),
        ("b.example", date(2026, 11, 16), Outcome.SENT, True, 3),
    ]
    assert [one.count for one in only] == [1]


async def test_figures_hold_all_that_a_report_looks_at(database: Database) -> None:
    monday = WEEK - 84 * DAY
    async with filling(database) as fill:
        await bakery(fill)
        await fill.strike("a.example", "before@y.example", monday - 23 * HOUR)
        await fill.strike("a.example", "long-ago@y.example", monday - 25 * HOUR)
        await fill.rollup("a.example", 1, WEEK + 2 * DAY, "virus")
        await fill.verdict(monday - 50 * DAY)
        await fill.verdict(monday - 60 * DAY)
        await fill.block("r1@y.example")
    async with database.read() as connection:
        snapshot = await register.snapshot(connection)
        found = await figures_of(connection, snapshot, "k", SPAN, LIMITS)
        little = await figures_of(connection, snapshot, "k", SPAN, LIMITS, whole=False)
    recipients = {one.recipient for one in found.history.strikes}
    assert "before@y.example" in recipients
    assert "long-ago@y.example" not in recipients
    assert found.infected == (("a.example", WEEK + 2 * DAY),)
    assert found.history.reached_at == {("a.example", "y.example"): WEEK - 100 * DAY}
    assert (len(found.verdicts), len(found.blocks)) == (1, 1)
    assert found.history.since == WEEK - 300 * DAY
    assert little.history.strikes == found.history.strikes


@pytest.mark.parametrize("whole", [True, False])
async def test_each_customer_has_the_same_figures_among_all_as_alone(
    database: Database, *, whole: bool
) -> None:
    monday = WEEK - 84 * DAY
    patient = HardBounce(surge=HardBounceSurge(within_hours=72))
    limits = {"k": LIMITS, "other": Limits(hard_bounce=patient), "quiet": LIMITS}
    async with filling(database) as fill:
        await bakery(fill)
        await fill.domain("c.example", "other")
        await fill.domain("d.example", "quiet")
        await fill.rollup("c.example", 40)
        await fill.rollup("c.example", 1, WEEK + 2 * DAY, "virus")
        for domain, customer in (("a.example", "k"), ("c.example", "other")):
            # Only who looks back over three days is shown this one.
            await fill.strike(domain, f"x@{customer}.example", monday - 70 * HOUR, customer)
            await fill.verdict(WEEK, customer=customer, domain=domain)
            await fill.block(f"y@{customer}.example", customer=customer)
    async with database.read() as connection:
        known = await register.snapshot(connection)
        each = [one async for one in figures_of_each(connection, known, limits, SPAN, whole=whole)]
        alone = [
            await figures_of(connection, known, name, SPAN, own, whole=whole)
            for name, own in limits.items()
        ]
    assert each == alone
    assert [len(one.history.strikes) for one in each] == [9, 1, 0]
    assert [len(one.blocks) for one in each] == [1, 1, 0]


async def test_a_report_of_a_customer_has_its_domains(database: Database) -> None:
    async with filling(database) as fill:
        await bakery(fill)
    async with database.read() as connection:
        found = await pages.subject_report(connection, Policies(), "k", SPAN)
    (whole,) = found.customers
    assert [one.name for one in found.domains] == ["a.example", "b.example"]
    assert (whole.mailed, whole.recipients) == (90, 90)
    assert whole.score is not None
    assert whole.score.value == 40.0
    assert found.domains[0].score == whole.score
    assert found.domains[1].score is not None
    assert found.domains[1].score.value == 100.0


@pytest.mark.parametrize("name", ["a.example", "A.Example.", " a.example"])
async def test_a_report_of_a_domain_is_of_it_alone(database: Database, name: str) -> None:
    async with filling(database) as fill:
        await bakery(fill)
    async with database.read() as connection:
        found = await pages.subject_report(connection, Policies(), name, SPAN)
    assert found.customers == ()
    assert [(one.name, one.mailed) for one in found.domains] == [("a.example", 60)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("a.exmple", "did you mean a.example", id="a-slip"),
        pytest.param("qqqqq", "see `sesauditd customers`", id="nothing-like-it"),
        pytest.param("[red]", "'[red]' is neither", id="markup"),
    ],
)
async def test_an_unknown_name_is_refused_with_names_like_it(
    database: Database, name: str, said: str
) -> None:
    async with filling(database) as fill:
        await bakery(fill)
    async with database.read() as connection:
        with pytest.raises(Refused) as refusal:
            await pages.subject_report(connection, Policies(), name, SPAN)
    assert said in str(refusal.value)


async def test_an_unknown_name_in_an_empty_database_says_what_to_do(database: Database) -> None:
    async with database.read() as connection:
        with pytest.raises(Refused, match="nothing is registered yet"):
            await pages.subject_report(connection, Policies(), "k", SPAN)
        with pytest.raises(Refused, match="not a registered domain"):
            await pages.check_domain(connection, "a.example")


async def test_a_customers_own_limits_make_its_score(database: Database) -> None:
    from sesauditd.config import limits_for

    own = limits_for(LIMITS, {"hard_bounce": {"disable": {"small_count": 10}}})
    async with filling(database) as fill:
        await bakery(fill)
    async with database.read() as connection:
        policies = Policies(own={"k": own})
        found = await pages.subject_report(connection, policies, "k", SPAN)
    assert found.customers[0].score is not None
    assert found.customers[0].score.value == 10.0


async def test_the_account_page_counts_everybody_and_grades_alike(database: Database) -> None:
    async with filling(database) as fill:
        await bakery(fill)
        await fill.domain("c.example", "other")
        await fill.rollup("c.example", 40)
        await fill.event(None, flags="unattributed")
    async with database.read() as connection:
        whole = await pages.account_report(connection, Policies(), SPAN)
        little = await pages.account_report(connection, Policies(), SPAN, whole=False)
    assert whole.account is not None
    assert whole.account == little.account
    assert [(one.customer, one.mailed) for one in whole.account.members] == [
        ("k", 90),
        ("other", 40),
    ]
    assert whole.account.unattributed == 1
    assert [one.name for one in whole.customers] == ["k", "other"]
    assert little.customers == ()


async def test_the_morning_screen_tells_what_needs_looking_at(database: Database) -> None:
    async with filling(database) as fill:
        await bakery(fill)
        shown = await fill.action(state="shadow", domain="b.example")
        await fill.action(state="waiting")
        await fill.verdict(NOW, domain="b.example", mode="shadow", action=shown)
        await fill.verdict(NOW - 60 * DAY, mode="shadow")
    async with database.read() as connection:
        found = await pages.status(connection, Policies(), lambda _customer: "shadow", NOW)
    assert found.mode == "shadow"
    assert [one.state for one in found.pending] == ["waiting"]
    assert [one.domain for one in found.shown_only] == ["b.example"]
    assert [(one.name, one.state) for one in found.domains] == [
        ("a.example", "disable waiting"),
        ("b.example", "disable shadow"),
    ]
    (standing,) = found.customers
    assert (standing.mailed, standing.hard_bounces, standing.domains) == (90, 9, 2)
    document = status_document(found)
    assert document["pending"] == {"waiting": 1}
    assert document["newest_event_at"] == "2026-11-16T08:00:00Z"


async def test_as_many_customers_as_are_shown_are_looked_at_the_costliest_first(
    database: Database,
) -> None:
    async with filling(database) as fill:
        await bakery(fill)
        for number in range(1, 5):
            await fill.domain(f"d{number}.example", f"c{number}")
            await fill.rollup(f"d{number}.example", 40)
            await fill.rollup(f"d{number}.example", 2 * number, outcome="hard_bounce")
    async with database.read() as connection:
        said = (connection, Policies(), lambda _customer: "enforce", NOW)
        whole, few = await pages.status(*said), await pages.status(*said, shown=2)
    assert few.customers == whole.customers[:2]
    assert [one.customer for one in few.customers] == ["k", "c4"]
    assert (few.account, few.present, few.morning) == (whole.account, 5, whole.morning)


async def test_an_empty_database_has_pages_too(database: Database) -> None:
    async with database.read() as connection:
        account = await pages.account_report(connection, Policies(), SPAN)
        status = await pages.status(connection, Policies(), lambda _customer: "enforce", NOW)
    document = report_document(account)
    assert document["customers"] == []
    assert document["account"] is not None
    assert status.customers == ()


@NEEDS_FILE  # These are the plans of SQLite.
async def test_no_page_reads_events_but_for_their_newest_and_the_unattributed(
    database: Database,
) -> None:
    async with filling(database) as fill:
        await bakery(fill)
    said: list[str] = []

    def keep(_c: object, _k: object, statement: str, *_: object) -> None:
        said.append(" ".join(statement.split()))

    async with database.read() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", keep)
        await pages.subject_report(connection, Policies(), "k", SPAN)
        assert not [one for one in said if "FROM events" in one]
        await pages.account_report(connection, Policies(), SPAN)
        await pages.status(connection, Policies(), lambda _customer: "enforce", NOW)
    of_events = {one for one in said if "FROM events" in one}
    bounded = ("max(events.at)", "count(*)", 'ORDER BY events."key" DESC LIMIT')
    assert all(any(part in one for part in bounded) for one in of_events), of_events
    assert of_events
