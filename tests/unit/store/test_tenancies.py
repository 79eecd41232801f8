"""Tenants: trusted once an event named them, and what left outside of them afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.store import journal, tenancies
from sesauditd.store.tables import events
from sesauditd.store.tables import journal as journal_rows
from tests.unit.store.making import START, Message, adopt, adoption, keep, rows

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy
    from sesauditd.store.engine import Database

HOUR = timedelta(hours=1)
TENANT = "sesaudit-k"


@pytest.fixture
async def shop(database: Database) -> Database:
    """Return a database in which one of two domains of customer k is to name a tenant."""
    await adopt(database, adoption("a.example", "k", "a"), adoption("b.example", "k", "b"))
    await ask(database)
    return database


async def ask(database: Database, tenant: str = TENANT) -> bool:
    async with database.write() as connection:
        return await tenancies.ask(connection, "a.example", tenant, START)


async def held(database: Database) -> Tenancy:
    async with database.read() as connection:
        return (await tenancies.known(connection))["a.example"]


async def flagged(database: Database) -> set[str]:
    """Return the messages whose events are flagged."""
    found = await rows(database, events)
    return {one["message_id"] for one in found if "outside_tenant" in one["flags"].split()}


def mail(name: str, hours: int, domain: str = "a.example") -> Message:
    return Message(name=name, at=START + hours * HOUR, domain=domain)


async def test_a_tenant_is_trusted_once_an_event_of_the_domain_named_it(shop: Database) -> None:
    await keep(shop, mail("m1", 1).bounced_hard(), mail("m2", 2).tells("Send", tenant="another"))
    assert not (await held(shop)).is_trusted
    assert await flagged(shop) == set()

    await keep(shop, mail("b1", 3, "b.example").tells("Bounce", tenant=TENANT, type="Transient"))
    assert not (await held(shop)).is_trusted

    await keep(shop, mail("m3", 4).tells("Delivery", tenant=TENANT))
    await keep(shop, mail("m4", 3).tells("Send", tenant=TENANT))
    found = await held(shop)
    assert (found.first_seen_at, found.last_seen_at) == (START + 3 * HOUR, START + 4 * HOUR)
    assert not found.is_left


async def test_what_left_outside_a_trusted_tenant_is_flagged(shop: Database) -> None:
    await keep(shop, mail("m1", 2).tells("Send", tenant=TENANT))
    await keep(
        shop,
        mail("sent before", 1).complained(),
        mail("bounced", 3).bounced_hard(),
        mail("trial", 3).bounced_hard("bounce@simulator.amazonses.com"),
        mail("not told", 3).delivered(),
        mail("elsewhere", 3, "b.example").bounced_hard(),
    )
    assert await flagged(shop) == {"bounced"}
    found = await held(shop)
    assert found.outside_at == START + 3 * HOUR
    assert found.is_left

    await keep(shop, mail("m2", 4).tells("Send", tenant=TENANT))
    assert not (await held(shop)).is_left


async def test_one_batch_says_the_same_as_several(shop: Database) -> None:
    await keep(
        shop,
        mail("after", 3).bounced_hard(),
        mail("first", 2).tells("Send", tenant=TENANT),
        mail("before", 1).complained(),
    )
    assert await flagged(shop) == {"after"}
    assert (await held(shop)).is_left


async def test_another_customers_login_says_nothing_of_the_domain(shop: Database) -> None:
    await adopt(shop, adoption("z.example", "other", "z"))
    foreign = Message(name="m1", domain="a.example", caller="z", at=START + HOUR)
    await keep(shop, foreign.tells("Send", tenant=TENANT))
    assert not (await held(shop)).is_trusted


async def test_asking_again_forgets_nothing_and_another_tenant_begins_anew(
    shop: Database,
) -> None:
    await keep(shop, mail("m1", 1).tells("Send", tenant=TENANT))
    assert not await ask(shop)
    assert (await held(shop)).is_trusted
    assert await ask(shop, "another")
    assert not (await held(shop)).is_trusted
    async with shop.read() as connection:
        assert await journal.verify(connection) == []
        found = await connection.execute(
            journal_rows.select().where(journal_rows.c.kind == "tenant")
        )
        assert [row.facts for row in found] == [{"tenant": TENANT}, {"tenant": "another"}]


async def test_a_domain_that_is_gone_has_no_tenant(shop: Database) -> None:
    async with shop.write() as connection:
        await tenancies.forget(connection, "a.example")
    await keep(shop, mail("m1", 1).tells("Send", tenant=TENANT), mail("m2", 2).bounced_hard())
    async with shop.read() as connection:
        assert await tenancies.known(connection) == {}
    assert await flagged(shop) == set()
