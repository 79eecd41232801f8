"""Whatever another hand changes in a sealed row is found, and the row is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from string import Template
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update

from sesauditd.errors import Failed
from sesauditd.store import journal, proving, seals, tables
from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade
from sesauditd.store.watch import remember
from tests.support import feedback as ses
from tests.support.databases import NEEDS_FILE
from tests.support.running import NOW, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sesauditd.store.proving import Proof

pytestmark = NEEDS_FILE
"""Each hand that meddles does so in a copy of the file; for a server see test_server."""
WATCHED = {**seals.SEALED, "journal": tables.journal}
COLUMNS = [
    pytest.param(name, column.name, id=f"{name}.{column.name}")
    for name, table in WATCHED.items()
    for column in table.c
]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a database in which everything that is sealed was written."""
    import asyncio

    folder = tmp_path_factory.mktemp("story")
    asyncio.run(_story(folder))
    return folder / "t.db"


async def _story(folder: Path) -> None:
    async with running(folder) as program:
        await program.adopt(iam_user="mailer", since=NOW)
        await program.feed([ses.bounce("gone@x.example", ses.at(1))])
        await program.feed([ses.reject("p@x.example", ses.at(6))])
        async with program.application.deciding("operator:test") as decisions:
            await decisions.reinstate("a.example", "laptop cleaned")
        async with program.application.database.write() as connection:
            await remember(connection, "hold:sending:set", {"was": True}, NOW)
            await connection.execute(
                update(tables.actions).values(
                    before={"sending:set": True}, after=None, attempted_at=NOW, next_try_at=NOW
                )
            )


@pytest.fixture
def copy(story: Path, tmp_path: Path) -> Path:
    """Return a copy of the story's database that may be tampered with."""
    path = tmp_path / "copy.db"
    with closing(sqlite3.connect(story)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    return path


async def proof(path: Path) -> Proof:
    """Return what a look at every row comes to."""
    database = Database.open(f"sqlite:///{path}")
    try:
        async with database.read() as connection:
            return await proving.prove(connection)
    finally:
        await database.close()


def by_hand(path: Path, statement: str, *values: object) -> int:
    """Change the database beside the program; return how many rows that were."""
    with closing(sqlite3.connect(path)) as connection:
        changed = connection.execute(statement, values).rowcount
        connection.commit()
    return changed


def sql(template: str, **names: str) -> str:
    """Return a statement about tables and columns that a parameter cannot name."""
    return Template(template).substitute(names)


def first_row(path: Path, table: str) -> tuple[int, dict[str, Any]]:
    """Return the first sealed row: SQLite's own number of it, and its columns."""
    held = "name LIKE 'hold:%'" if table == "observations" else "TRUE"
    query = sql("SELECT rowid AS n, * FROM $table WHERE $held", table=table, held=held)
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute(query).fetchone())
    return row.pop("n"), row


def others(value: object) -> Iterator[object]:
    """Yield values that say something else than one does, or the same in other letters."""
    match value:
        case None:
            yield from (0, "x")
        case bytes():
            yield from (value[:-1], b"", value.hex())
        case int():
            yield from (value + 1, "nonsense")
        case _:
            yield from (f"{value} ", "", "nonsense")


async def test_what_the_program_wrote_is_whole(story: Path) -> None:
    found = await proof(story)
    assert (found.bad, found.rows > 5) == ((), True)
    assert found.head is not None


@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_every_column_that_is_changed_is_found_and_named(
    copy: Path, table: str, column: str
) -> None:
    number, row = first_row(copy, table)
    change = sql('UPDATE OR REPLACE $t SET "$c" = ? WHERE rowid = ?', t=table, c=column)
    for other in others(row[column]):
        if row[column] == other or (table == "journal" and column == "sequence"):
            continue
        assert by_hand(copy, change, other, number) == 1
        found = (await proof(copy)).bad
        key = row[WATCHED[table].primary_key.columns[0].name]
        assert any(one.startswith(f"{table}: ") and str(key) in one for one in found), found
        by_hand(copy, change, row[column], number)
    assert (await proof(copy)).bad == ()


@pytest.mark.parametrize("table", WATCHED)
async def test_a_row_that_is_taken_out_is_found(copy: Path, table: str) -> None:
    number, row = first_row(copy, table)
    by_hand(copy, sql("DELETE FROM $t WHERE rowid = ?", t=table), number)
    key = row[WATCHED[table].primary_key.columns[0].name]
    (found, *_) = (await proof(copy)).bad
    assert found.startswith(f"{table}: row {key}")
    assert found.endswith("missing")


@pytest.mark.parametrize("table", seals.SEALED)
async def test_a_row_that_is_put_in_is_found(copy: Path, table: str) -> None:
    number, row = first_row(copy, table)
    key = WATCHED[table].primary_key.columns[0].name
    columns = ", ".join(f'"{name}"' for name in row if name != key)
    again = "INSERT INTO $t ($key, $rest) SELECT $key || '2', $rest FROM $t WHERE rowid = ?"
    by_hand(copy, sql(again, t=table, key=key, rest=columns), number)
    (found,) = (await proof(copy)).bad
    assert found.startswith(f"{table}: row {row[key]}2")
    assert found.endswith("inserted")


async def test_rows_in_another_order_are_found(copy: Path) -> None:
    for old, new in ((2, -2), (3, 2), (-2, 3)):
        by_hand(copy, "UPDATE journal SET sequence = ? WHERE sequence = ?", new, old)
    found = (await proof(copy)).bad
    assert found[0].startswith("journal: row 2 ")


@pytest.mark.parametrize("left", [0, 1, 4])
async def test_rows_cut_off_the_end_are_missed(copy: Path, left: int) -> None:
    by_hand(copy, "DELETE FROM journal WHERE sequence > ?", left)
    assert any(
        one.startswith("journal: ") and one.endswith("missing at its end")
        for one in (await proof(copy)).bad
    )


async def test_a_row_that_another_hand_appends_is_found(copy: Path) -> None:
    last, previous = (await proof(copy)).rows, (await proof(copy)).head
    by_hand(
        copy,
        "INSERT INTO journal SELECT ?, at, actor, kind, subject, facts, ?, hash "
        "FROM journal WHERE sequence = 1",
        last + 1,
        bytes.fromhex(previous or ""),
    )
    assert (await proof(copy)).bad[0] == f"journal: row {last + 1} changed"


async def test_a_forged_row_is_not_sealed_by_the_next_step_of_the_program(copy: Path) -> None:
    by_hand(copy, "UPDATE cases SET explanation = 'forged'")
    database = Database.open(f"sqlite:///{copy}")
    async with database.write() as connection:
        await connection.execute(
            insert(tables.customers).values(id="another", since=None, registered_at=NOW)
        )
    await database.close()
    (found,) = (await proof(copy)).bad
    assert found.startswith("cases: row case-")


async def test_a_transaction_that_is_taken_back_seals_nothing(copy: Path) -> None:
    before = await proof(copy)
    database = Database.open(f"sqlite:///{copy}")
    with pytest.raises(Failed):
        await _failing(database)
    async with database.write() as connection:
        inner = await connection.begin_nested()
        await connection.execute(update(tables.cases).values(explanation="never"))
        await inner.rollback()
    assert await proof(copy) == before
    async with database.write() as connection:
        await connection.execute(update(tables.cases).values(explanation="said"))
    await database.close()
    after = await proof(copy)
    assert (after.bad, after.rows) == ((), before.rows + 1)


async def _failing(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(tables.cases).values(explanation="never"))
        raise Failed


async def test_rows_from_before_there_were_seals_are_sealed_at_the_first_step(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    database = Database.open(f"sqlite:///{path}")
    await upgrade(database)
    async with database.write(sealed=False) as connection:
        await connection.execute(insert(tables.customers).values(id="k", registered_at=NOW))
    assert (await proof(path)).bad == ()
    async with database.write() as connection:
        assert not await journal.has_kind(connection, seals.KIND)
    await database.close()
    assert (await proof(path)).rows == 1
    by_hand(path, "UPDATE customers SET id = 'l'")
    assert (await proof(path)).bad == (
        "customers: row l inserted",
        "customers: row k missing",
    )


async def test_what_levers_found_is_in_the_journal_whole(story: Path) -> None:
    with closing(sqlite3.connect(story)) as connection:
        sealed = connection.execute(
            "SELECT json_extract(facts, '$.holds'), json_extract(facts, '$.levers') FROM journal "
            "WHERE kind = 'sealed' ORDER BY sequence DESC"
        ).fetchone()
    assert sealed[0] == '{"hold:sending:set":{"was":true}}'
    assert '"before":{"sending:set":true}' in sealed[1]
