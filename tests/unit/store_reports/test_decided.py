"""Verdicts, actions, blocks, cases and the register as they are read back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.model.actions import State
from sesauditd.store import tables
from sesauditd.store.reports import decided, overview, people
from tests.unit.store_reports.filled import NOW, WEEK, filling

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

DAY = timedelta(days=1)


async def test_an_empty_database_has_nobody_and_nothing(database: Database) -> None:
    async with database.read() as connection:
        assert await people.all_customers(connection) == ()
        assert await people.all_domains(connection) == ()
        assert await decided.all_actions(connection) == ()
        assert await decided.all_blocks(connection) == ()
        assert await decided.all_cases(connection) == ()
        assert await decided.verdicts_since(connection, WEEK) == ()
        few = await overview.overview(connection)
    assert (few.newest_event_at, few.last_judged_week) == (None, None)
    assert (few.quarantined, few.unattributed, few.journal_length) == (0, 0, 0)
    assert few.pending == {}


async def test_the_register_stands_in_the_order_of_names(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("z.example", "b", since=WEEK)
        await fill.domain("m.example", "a")
        await fill.domain("c.example", "b")
        for user in ("smtp-2", "smtp-1"):
            await fill.put(tables.iam_users, name=user, domain="z.example", registered_at=NOW)
    async with database.read() as connection:
        customers = await people.all_customers(connection)
        domains = await people.all_domains(connection)
    assert [(one.name, one.since, one.domains) for one in customers] == [
        ("a", None, ("m.example",)),
        ("b", WEEK, ("c.example", "z.example")),
    ]
    assert [(one.name, one.customer, one.state) for one in domains] == [
        ("c.example", "b", "sending"),
        ("m.example", "a", "sending"),
        ("z.example", "b", "sending"),
    ]
    assert domains[2].iam_users == ("smtp-1", "smtp-2")
    assert domains[2].contact == "owner@b.example"


async def test_a_termination_stops_every_domain_of_the_customer(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        await fill.domain("b.example")
        await fill.domain("c.example", "other")
        await fill.action("disable_domain", "done")
        await fill.action("terminate_customer", "done", requested_at=WEEK + DAY)
        await fill.action("disable_domain", "waiting", customer="other", domain="c.example")
        await fill.action("block_recipient", "done", recipient="x@y.example")
    async with database.read() as connection:
        found = await people.all_domains(connection)
    assert [(one.name, one.state, one.stopped) for one in found] == [
        ("a.example", "terminated", True),
        ("b.example", "terminated", True),
        ("c.example", "disable waiting", False),
    ]


async def test_a_block_is_active_until_it_is_lifted_or_over(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        await fill.block("good@y.example")
        await fill.block("later@y.example", until=NOW + DAY)
        await fill.block("over@y.example", until=NOW)
        await fill.block("lifted@y.example", lifted_at=NOW - DAY)
        await fill.block("proposed@y.example", "proposed")
    async with database.read() as connection:
        active = await decided.all_blocks(connection, active_at=NOW)
        everything = await decided.all_blocks(connection)
        nobodys = await decided.all_blocks(connection, active_at=NOW, customer="other")
    assert [(one.recipient, one.state) for one in active] == [
        ("good@y.example", "done"),
        ("later@y.example", "done"),
        ("proposed@y.example", "proposed"),
    ]
    assert active[0].reason == "because"
    assert len(everything) == 5
    assert nobodys == ()


async def test_verdicts_carry_the_state_of_their_action(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        await fill.domain("b.example", "other")
        done = await fill.action()
        await fill.verdict(NOW - DAY, action=done)
        await fill.verdict(NOW - 2 * DAY, mode="shadow")
        await fill.verdict(NOW - 3 * DAY, withdrawn_at=NOW, withdrawn_because="late events")
        await fill.verdict(NOW - 4 * DAY, customer="other", domain="b.example")
        await fill.verdict(NOW - 50 * DAY)
    async with database.read() as connection:
        found = await decided.verdicts_since(connection, NOW - 5 * DAY)
        others = await decided.verdicts_since(connection, WEEK, customer="other")
    assert [one.state for one in found] == ["stored", "withdrawn", "shadow", "executed"]
    assert found[3].evidence == {"count": 20}
    assert found[1].withdrawn_because == "late events"
    assert len(others) == 1


async def test_actions_stand_newest_first_and_waiting_ones_oldest_first(
    database: Database,
) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        first = await fill.action(state="waiting", evidence_at=WEEK)
        second = await fill.action(
            state="proposed", evidence_at=WEEK - DAY, requested_at=WEEK + DAY, before={"on": True}
        )
        await fill.action(state="done", requested_at=WEEK - DAY)
    async with database.read() as connection:
        everything = await decided.all_actions(connection)
        pending = await decided.actions_in(connection, frozenset({State.WAITING, State.PROPOSED}))
        few = await overview.pending(connection)
    assert [one.id for one in everything[:2]] == [second, first]
    assert [one.id for one in pending] == [second, first]
    assert everything[0].before == {"on": True}
    assert few == {"proposed": 1, "waiting": 1}


async def test_open_cases_stand_before_closed_ones(database: Database) -> None:
    async with filling(database) as fill:
        await fill.domain("a.example")
        action = await fill.action()
        for name, opened, closed in (
            ("old", WEEK, None),
            ("closed", WEEK + 2 * DAY, NOW),
            ("new", WEEK + DAY, None),
        ):
            await fill.put(
                tables.cases,
                id=name,
                customer="k",
                domain="a.example",
                rule="operator",
                action=action,
                state="opened" if closed is None else "reinstated",
                opened_at=opened,
                closed_at=closed,
            )
    async with database.read() as connection:
        found = await decided.all_cases(connection)
    assert [one.id for one in found] == ["new", "old", "closed"]


async def test_the_overview_counts_weeks_and_the_journal(database: Database) -> None:
    async with filling(database) as fill:
        for job, week, start in (
            ("enforcement", "2026-W46", WEEK - 7 * DAY),
            ("enforcement", "2026-W47", WEEK),
            ("rollup", "2026-W48", WEEK + 7 * DAY),
        ):
            await fill.put(
                tables.periods, job=job, period=week, starts_at=start, state="done", done_at=NOW
            )
        for number, (kind, subject) in enumerate(
            [("arm", "k"), ("lift", "k/x@y.example"), ("disarm", "*")], start=1
        ):
            await fill.put(
                tables.journal,
                sequence=number,
                at=NOW,
                actor="operator",
                kind=kind,
                subject=subject,
                facts={},
                previous=bytes(32),
                hash=bytes(32),
            )
    async with database.read() as connection:
        few = await overview.overview(connection)
        armings = await overview.armings(connection)
    assert (few.last_judged_week, few.journal_length) == ("2026-W47", 3)
    assert armings == (("k", True), ("*", False))


@pytest.mark.parametrize("backwards", [False, True], ids=["in-order", "backwards"])
async def test_the_order_of_rows_does_not_depend_on_the_order_of_insertion(
    database: Database, backwards: bool
) -> None:
    recipients = [f"r{number}@y.example" for number in range(5)]
    async with filling(database) as fill:
        await fill.domain("a.example")
        for number, one in enumerate(reversed(recipients) if backwards else recipients):
            await fill.block(one)
            del number
        names = ["x", "y", "z"]
        for name in reversed(names) if backwards else names:
            await fill.action(id=name)
    async with database.read() as connection:
        blocks = await decided.all_blocks(connection)
        actions = await decided.all_actions(connection)
    assert [one.recipient for one in blocks] == recipients
    assert [one.id for one in actions if one.id in names] == names
