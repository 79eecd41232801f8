"""Gives a domain that was offboarded to another customer; what happened stays with the former."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from sesauditd.model.register import FORMER
from sesauditd.model.verdicts import Does, key_of
from sesauditd.store import holds
from sesauditd.store.entries import sent_at
from sesauditd.store.tables import actions, domains, events, metadata, notices, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

SECOND: Final = timedelta(seconds=1)
ABOUT_DOMAINS: Final = (str(Does.WARN), str(Does.DISABLE))
"""What verdicts ask for whose keys name the domain."""


async def set_aside(connection: AsyncConnection, domain: Row[Any]) -> str:
    """Keep all that was stored of a closed domain under a name of its own; return that name.

    The domain's own row is left to its next customer. Events, counts, verdicts, actions, cases
    and users go with the former one, so nothing of theirs is ever held against the next.
    """
    name = await _next_name(connection, domain.name)
    facts = {column.name: getattr(domain, column.name) for column in domains.c}
    await connection.execute(insert(domains).values(**{**facts, "name": name}))
    for column in _columns():
        await connection.execute(
            update(column.table).where(column == domain.name).values({column.name: name})
        )
    await _rename_verdicts(connection, name)
    await _forget_sets(connection, domain)
    return name


async def begins(connection: AsyncConnection, domain: Row[Any], now: datetime) -> datetime:
    """Return from when on mail counts for the next customer.

    That is now, but later than all mail of the former one that is stored, and than the moment
    since when they had it: the order of times says whose a domain was.
    """
    second = now.replace(microsecond=0)
    rows = await connection.execute(
        # No mail was sent later than what is told of it.
        select(events.c.key, events.c.at).where(
            events.c.domain == domain.name, events.c.at >= second
        )
    )
    told = [sent_at(row.key, row.at) for row in rows]
    newest = max([domain.registered_at.replace(microsecond=0), *told])
    return now if newest < second else newest + SECOND


async def _next_name(connection: AsyncConnection, domain: str) -> str:
    start = f"{domain}{FORMER}"
    known = await connection.scalars(
        select(domains.c.name).where(domains.c.name.startswith(start, autoescape=True))
    )
    numbers = [int(found[1]) for one in known if (found := re.fullmatch(r".*~(\d+)", one))]
    return f"{start}{max(numbers, default=0) + 1}"


def _columns() -> Iterator[Column[str]]:
    """Yield every column that names a domain of the register."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.column is domains.c.name for key in column.foreign_keys):
                yield column
    yield notices.c.domain


async def _forget_sets(connection: AsyncConnection, domain: Row[Any]) -> None:
    """Forget which sets of the domain were stopped for the former customer.

    The next one's may bear the same names, and is stopped and let send again for itself.
    """
    held = await holds.beginning(connection, [holds.SENDING])
    theirs = {"customer": domain.customer, "domain": domain.name}
    stopped = [name for name, facts in held.items() if theirs.items() <= facts.items()]
    await holds.release(connection, stopped)


async def _rename_verdicts(connection: AsyncConnection, domain: str) -> None:
    """Give verdicts the keys by which they are judged again when an event of then comes late."""
    rows = await connection.execute(
        select(verdicts).where(verdicts.c.domain == domain, verdicts.c.does.in_(ABOUT_DOMAINS))
    )
    for row in rows.fetchall():
        fresh = key_of(row.rule, domain, row.incident)
        await connection.execute(
            update(verdicts).where(verdicts.c.key == row.key).values(key=fresh)
        )
        await connection.execute(
            update(actions).where(actions.c.cause == row.key).values(cause=fresh)
        )
