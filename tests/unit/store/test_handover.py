"""A domain that goes to another customer: what came of whose mail stays with whoever sent it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from sesauditd.errors import Failed, Refused
from sesauditd.model.register import kept_name
from sesauditd.store import register, tables
from sesauditd.store.closing import Closing
from tests.support import ses
from tests.support.newcomers import PowerCutError
from tests.support.running import Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "shop.example"
FORMER = f"{DOMAIN}~1"
BEFORE = datetime(2026, 11, 2, 9, tzinfo=UTC)
CHANGE = datetime(2026, 11, 16, 9, 0, 0, 400_000, tzinfo=UTC)
AFTER = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a program where `anna` has had a domain for two weeks, and mailed from it."""
    async with running(tmp_path) as opened:
        opened.now[0] = BEFORE
        await opened.adopt(DOMAIN, "anna", iam_user=DOMAIN)
        await opened.feed([ses.bounce(DOMAIN, "old@x.example", BEFORE, caller=DOMAIN)])
        opened.now[0] = CHANGE
        yield opened


async def close(program: Running, domain: str = DOMAIN) -> None:
    """Close a domain's entry, as offboarding does last."""
    await Closing(database=program.application.database).close(domain, program.now[0])


async def hand_over(program: Running, customer: str = "bert") -> None:
    """Offboard the domain, and register it for another customer, with a user of the same name."""
    await close(program)
    await program.adopt(DOMAIN, customer, iam_user=DOMAIN)


async def domains_of(program: Running, recipient: str) -> list[tuple[str, str]]:
    """Return domain and customer that the events about a recipient count for."""
    query = (
        select(tables.domains.c.name, tables.domains.c.customer)
        .join(tables.events, tables.events.c.domain == tables.domains.c.name)
        .join(tables.event_recipients, tables.event_recipients.c.event == tables.events.c.key)
        .where(tables.event_recipients.c.recipient == recipient)
    )
    async with program.application.database.read() as connection:
        return [(row.name, row.customer) for row in await connection.execute(query)]


async def counts(program: Running, domain: str) -> dict[str, int]:
    """Return how many rows of each table name a domain."""
    found = {}
    async with program.application.database.read() as connection:
        for table in tables.metadata.sorted_tables:
            if "domain" in table.c and (
                rows := await connection.scalar(
                    select(func.count()).select_from(table).where(table.c.domain == domain)
                )
            ):
                found[table.name] = int(rows)
    return found


async def test_all_rows_of_the_former_customer_go_with_them(program: Running) -> None:
    before = await counts(program, DOMAIN)
    assert {"events", "rollups", "strikes", "verdicts", "actions", "iam_users"} <= set(before)
    await hand_over(program)
    steps = before.pop("onboarding_steps", 0)
    assert steps == 0
    assert await counts(program, FORMER) == before
    assert set(await counts(program, DOMAIN)) == {"iam_users", "onboarding_steps"}


ANNAS = [(FORMER, "anna")]
BERTS = [(DOMAIN, "bert")]
SENT: tuple[tuple[datetime, str | None, list[tuple[str, str]]], ...] = (
    (BEFORE, DOMAIN, ANNAS),
    (BEFORE, None, ANNAS),
    (CHANGE - timedelta(seconds=1), DOMAIN, ANNAS),
    (CHANGE, DOMAIN, BERTS),
    (AFTER, DOMAIN, BERTS),
    (AFTER, None, BERTS),
)


async def test_who_sent_a_mail_answers_for_it_however_late_it_comes_back(program: Running) -> None:
    await hand_over(program)
    program.now[0] = AFTER
    expected = {
        f"{told.__name__}{number}@x.example": (told, *row)
        for number, row in enumerate(SENT)
        for told in (ses.bounce, ses.complaint)
    }
    await program.feed(
        [
            told(DOMAIN, name, AFTER, mail_at=sent, caller=caller)
            for name, (told, sent, caller, _) in expected.items()
        ]
    )
    found = {name: await domains_of(program, name) for name in expected}
    assert found == {name: whose for name, (_, _, _, whose) in expected.items()}


async def test_mail_between_closing_and_the_next_customer_is_the_formers(program: Running) -> None:
    await close(program)
    program.now[0] = AFTER
    await program.adopt(DOMAIN, "bert", iam_user=DOMAIN)
    between = CHANGE + timedelta(hours=3)
    await program.feed([ses.bounce(DOMAIN, "late@x.example", AFTER, mail_at=between)])
    assert await domains_of(program, "late@x.example") == [(FORMER, "anna")]


async def test_the_next_customers_time_begins_after_all_mail_that_is_stored(
    program: Running,
) -> None:
    last = CHANGE.replace(microsecond=0)
    ahead = CHANGE + timedelta(minutes=10)
    told = [
        ses.bounce(DOMAIN, "same@x.example", last, mail_at=last, caller=DOMAIN),
        ses.bounce(DOMAIN, "ahead@x.example", ahead, mail_at=BEFORE, caller=DOMAIN),
    ]
    await program.feed(told)
    await hand_over(program)
    async with program.application.database.read() as connection:
        since = (await register.snapshot(connection)).terms[DOMAIN][-1].since
    assert since == last + timedelta(seconds=1)
    await program.feed([ses.complaint(DOMAIN, "same@x.example", AFTER, mail_at=last)])
    assert await domains_of(program, "same@x.example") == [(FORMER, "anna")] * 2


async def test_two_changes_in_one_second_keep_their_order(program: Running) -> None:
    await hand_over(program)
    await hand_over(program, "carl")
    await close(program)
    await program.adopt(DOMAIN, "anna", iam_user=DOMAIN)
    async with program.application.database.read() as connection:
        found = await register.snapshot(connection)
    assert [(one.name, found.owners[one.name]) for one in found.terms[DOMAIN]] == [
        (FORMER, "anna"),
        (f"{DOMAIN}~2", "bert"),
        (f"{DOMAIN}~3", "carl"),
        (DOMAIN, "anna"),
    ]
    program.now[0] = AFTER
    await program.feed(
        [
            ses.bounce(DOMAIN, "late@x.example", AFTER, mail_at=BEFORE, caller=DOMAIN),
            ses.bounce(DOMAIN, "new@x.example", AFTER, caller=DOMAIN),
        ]
    )
    assert await domains_of(program, "late@x.example") == [(FORMER, "anna")]
    assert await domains_of(program, "new@x.example") == [(DOMAIN, "anna")]


async def test_who_comes_back_finds_their_history_and_no_user(program: Running) -> None:
    before = await counts(program, DOMAIN)
    await close(program)
    program.now[0] = AFTER
    await program.adopt(DOMAIN, "anna")
    after = await counts(program, DOMAIN)
    assert after.pop("onboarding_steps") == 1
    assert after == {name: rows for name, rows in before.items() if name != "iam_users"}
    async with program.application.database.read() as connection:
        assert (await register.snapshot(connection)).terms == {}


async def test_a_domain_that_is_in_use_is_nobody_elses(program: Running) -> None:
    with pytest.raises(Failed, match=f"before `sesauditd offboard {DOMAIN}`"):
        await program.adopt(DOMAIN, "bert")


async def test_a_death_in_the_change_leaves_everything_with_the_former(program: Running) -> None:
    await close(program)
    before = await counts(program, DOMAIN)
    adoption = register.Adoption(domain=DOMAIN, customer="bert", contact="bert@home.example")

    async def die() -> None:
        async with program.application.database.write() as connection:
            await register.adopt(connection, adoption, now=AFTER, actor="operator")
            raise PowerCutError

    with pytest.raises(PowerCutError):
        await die()
    assert await counts(program, DOMAIN) == before
    assert await counts(program, FORMER) == {}
    await program.adopt(DOMAIN, "bert")
    await program.adopt(DOMAIN, "bert")
    assert (await counts(program, FORMER))["events"] == before["events"]
    assert await counts(program, f"{DOMAIN}~2") == {}


@pytest.mark.parametrize("text", ["shop.example~1", " SHOP.example~12 ", "shop.example"])
def test_a_former_domain_is_named_as_it_is_shown(text: str) -> None:
    assert kept_name(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["shop.example~", "~1", "shop.example~x", "shop.example~1~2"])
def test_what_names_no_domain_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        kept_name(text)
