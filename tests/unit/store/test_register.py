"""The register: every change once, every change in the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from sesauditd.errors import Failed
from sesauditd.store import journal, register
from sesauditd.store.register import Adoption
from sesauditd.store.tables import journal as rows

if TYPE_CHECKING:
    from sesauditd.model.register import Register
    from sesauditd.store.engine import Database

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
SHOP = Adoption(domain="a.example", customer="k", contact="k@home.example")


async def adopt(database: Database, *adoptions: Adoption) -> list[bool]:
    """Adopt each in a transaction of its own; return which changed anything."""
    changed = []
    for number, one in enumerate(adoptions):
        async with database.write() as connection:
            now = NOW.replace(minute=number)
            changed.append(await register.adopt(connection, one, now=now, actor="operator"))
    return changed


async def snapshot(database: Database) -> Register:
    """Return the register."""
    async with database.read() as connection:
        return await register.snapshot(connection)


async def journaled(database: Database) -> list[tuple[str, str, object]]:
    """Return kind, subject and facts of the journal, which must be whole; no seals."""
    async with database.read() as connection:
        assert await journal.verify(connection) == []
        found = await connection.execute(
            select(rows).where(rows.c.kind != "sealed").order_by(rows.c.sequence)
        )
        return [(row.kind, row.subject, row.facts) for row in found]


async def test_nobody_is_registered_at_first(database: Database) -> None:
    found = await snapshot(database)
    assert (found.owners, found.callers, found.since, found.contacts) == ({}, {}, {}, {})


async def test_a_domain_is_registered_with_all_that_was_said(database: Database) -> None:
    said = Adoption(
        domain="a.example",
        customer="k",
        contact="k@home.example",
        iam_user="shop-smtp",
        since=SINCE,
    )
    assert await adopt(database, said) == [True]
    found = await snapshot(database)
    assert found.owners == {"a.example": "k"}
    assert found.callers == {"shop-smtp": (("k", "a.example"),)}
    assert found.since == {"k": SINCE}
    assert found.contacts == {"a.example": "k@home.example"}
    assert await journaled(database) == [
        ("customer", "k", {"since": "2025-01-01T00:00:00+00:00"}),
        ("domain", "a.example", {"customer": "k", "contact": "k@home.example"}),
        ("iam_user", "shop-smtp", {"domain": "a.example"}),
    ]


async def test_repeating_it_changes_and_journals_nothing(database: Database) -> None:
    assert await adopt(database, SHOP, SHOP) == [True, False]
    assert len(await journaled(database)) == 2


async def test_a_second_domain_leaves_the_customer_as_it_is(database: Database) -> None:
    club = Adoption(domain="b.example", customer="k", contact="k@home.example")
    assert await adopt(database, SHOP, club) == [True, True]
    assert [kind for kind, _, _ in await journaled(database)] == ["customer", "domain", "domain"]


async def test_a_new_contact_replaces_the_old_one(database: Database) -> None:
    moved = Adoption(domain="a.example", customer="k", contact="new@home.example")
    assert await adopt(database, SHOP, moved) == [True, True]
    assert (await snapshot(database)).contacts == {"a.example": "new@home.example"}
    assert (await journaled(database))[-1] == (
        "domain",
        "a.example",
        {"customer": "k", "contact": "new@home.example"},
    )


async def test_since_is_kept_unless_it_is_given(database: Database) -> None:
    dated = Adoption(domain="a.example", customer="k", contact="k@home.example", since=SINCE)
    assert await adopt(database, SHOP, dated, SHOP, dated) == [True, True, False, False]
    assert (await snapshot(database)).since == {"k": SINCE}
    assert [kind for kind, _, _ in await journaled(database)] == ["customer", "domain", "customer"]


async def test_a_domain_of_another_customer_is_not_taken_over(database: Database) -> None:
    await adopt(database, SHOP)
    theft = Adoption(domain="a.example", customer="l", contact="l@home.example")
    with pytest.raises(Failed, match=r"a\.example belongs to customer k .* adopted for l"):
        await adopt(database, theft)
    assert (await snapshot(database)).owners == {"a.example": "k"}
    assert len(await journaled(database)) == 2


async def test_an_iam_user_of_two_customers_is_listed_with_both_in_order(
    database: Database,
) -> None:
    def using(domain: str, customer: str) -> Adoption:
        return Adoption(domain=domain, customer=customer, contact="x@home.example", iam_user="smtp")

    await adopt(database, using("b.example", "l"), using("a.example", "k"))
    assert (await snapshot(database)).callers == {"smtp": (("l", "b.example"), ("k", "a.example"))}
