"""What the database does to answer while it records: never a walk through a whole table."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from sesauditd.store import register, rollups
from sesauditd.store.late import attribute_late
from tests.support.databases import NEEDS_FILE
from tests.unit.store.making import NO_FEEDBACK, START, Message, adopt, adoption, keep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sesauditd.store.engine import Database

GROWING = ("events", "event_recipients", "strikes", "deliveries", "reached", "rollups")
"""Tables that grow with the mail."""


pytestmark = NEEDS_FILE
"""A server plans by what it counted in its tables, and empty ones it walks through."""


@contextmanager
def overheard(database: Database) -> Iterator[dict[str, Any]]:
    """Collect every statement that is executed, with its parameters."""
    heard: dict[str, Any] = {}

    def listen(*told: Any) -> None:
        _, _, statement, parameters, _, many = told
        heard[statement] = parameters[0] if many else parameters

    engine = database.writing.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    yield heard
    event.remove(engine, "before_cursor_execute", listen)


def plans(path: Path, heard: dict[str, Any]) -> dict[str, list[str]]:
    """Return what SQLite would do for each statement that looks something up."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in heard.items():
            # Another connection has no table of marks.
            looks = statement.startswith(("SELECT", "UPDATE", "DELETE"))
            if looks and "unsealed_rows" not in statement:
                rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found[statement] = [row[3] for row in rows]
    return found


def walks(steps: list[str]) -> list[str]:
    """Return the steps that read a growing table from end to end."""
    return [step for step in steps if step.startswith(tuple(f"SCAN {table}" for table in GROWING))]


async def everything_at_once(database: Database) -> None:
    """Record, answer, attribute late, take first contacts back and close a day, in bulk."""
    mails = [
        Message(
            name=f"m{number}",
            to=(f"ann{number}@x{number}.example", f"bob{number}@y.example"),
            at=START + timedelta(minutes=10 * number),
        )
        for number in range(60)
    ]
    await keep(database, *(one.bounced_soft() for one in mails))
    await adopt(database, adoption("a.example", "k"))
    async with database.write() as connection:
        owners = await register.snapshot(connection)
        await attribute_late(connection, owners, no_feedback=NO_FEEDBACK)
    await keep(database, *(one.delivered() for one in mails))
    await keep(database, *(one.bounced_soft(after=timedelta(hours=1)) for one in mails))
    await keep(database, *(one.bounced_hard() for one in mails), mails[0].complained())
    async with database.write() as connection:
        await rollups.close_day(connection, START, no_feedback=NO_FEEDBACK)


async def test_no_statement_walks_through_a_growing_table(
    database: Database, tmp_path: Path
) -> None:
    with overheard(database) as heard:
        await everything_at_once(database)
    found = plans(tmp_path / "test.db", heard)
    assert len(found) > 15
    assert {query: steps for query, steps in found.items() if walks(steps)} == {}


async def test_soft_bounces_of_an_address_are_found_by_their_own_small_index(
    database: Database, tmp_path: Path
) -> None:
    with overheard(database) as heard:
        await everything_at_once(database)
    steps = [
        step
        for query, steps in plans(tmp_path / "test.db", heard).items()
        if "outcome = 'soft_bounce'" in query
        for step in steps
    ]
    assert any("USING INDEX soft_bounces_by_recipient (recipient=?)" in step for step in steps)
