"""Seals: a digest of every row that says what was decided, in the journal's chain.

A row that another hand changes, adds or takes out has no seal that fits. What marks rows as
changed are triggers of the writing connection alone: a hand beside it marks nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Table,
    delete,
    insert,
    inspect,
    literal,
    select,
    true,
)

from sesauditd.model.calendar import EPOCH
from sesauditd.store import journal, marking
from sesauditd.store.columns import MICROSECOND, Stored
from sesauditd.store.marking import HELD, marks
from sesauditd.store.statements import among, chunks
from sesauditd.store.tables import (
    actions,
    blocks,
    case_actions,
    cases,
    customers,
    domains,
    iam_users,
    observations,
    verdicts,
)
from sesauditd.store.tables import journal as entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

SEALED: Mapping[str, Table] = {
    one.name: one
    for one in (
        customers,
        domains,
        iam_users,
        verdicts,
        actions,
        blocks,
        cases,
        case_actions,
        observations,
    )
}
"""Tables whose rows are sealed; of the observations only the holds are."""
KIND = "sealed"
ACTOR = "store"
ROWS_OF_ENTRY = 500
WRITTEN_AT = (
    "registered_at",
    "judged_at",
    "withdrawn_at",
    "requested_at",
    "attempted_at",
    "changed_at",
    "lifted_at",
    "explained_at",
    "closed_at",
    "undone_at",
)
"""Columns that tell when a row was written, where an event's own time does not."""
BETWEEN = "/"

Key = tuple[str, ...]
Entry = dict[str, dict[str, object]]
"""Table to key to digest, None for a row that is gone."""


async def watch(connection: AsyncConnection) -> None:
    """Have this transaction's changes marked; in a database without the tables, nothing is."""
    if await marking.is_watched(connection) or not await connection.run_sync(_has_tables):
        return
    await marking.install(connection, SEALED.values())
    if not await journal.has_kind(connection, KIND):
        await _mark_everything(connection)


async def seal(connection: AsyncConnection) -> None:
    """Append the digests of every row that this transaction changed to the journal."""
    if not await marking.is_watched(connection):
        return
    marked = (await connection.execute(select(marks.c.place, marks.c.key).distinct())).fetchall()
    if not marked:
        return
    await connection.execute(delete(marks))
    keys = sorted((row.place, tuple(map(str, json.loads(row.key)))) for row in marked)
    for part in chunks(keys, ROWS_OF_ENTRY):
        await _append(connection, part)


async def anew(connection: AsyncConnection) -> None:
    """Mark every row that there is, and every one that a seal names and that is gone.

    For a database that was made from its journal: what the seals in it are of are other rows.
    """
    await watch(connection)
    await _mark_everything(connection)
    standing: dict[tuple[str, str], bool] = {}
    rows = await connection.stream(
        select(entries.c.facts).where(entries.c.kind == KIND).order_by(entries.c.sequence)
    )
    async for row in rows:
        for place, digests in row.facts.get("rows", {}).items():
            standing |= {(place, key): digest is not None for key, digest in digests.items()}
    gone = [
        {"place": place, "key": json.dumps(key.split(BETWEEN, len(SEALED[place].primary_key) - 1))}
        for (place, key), stands in standing.items()
        if stands
    ]
    if gone:
        await connection.execute(insert(marks), gone)


async def _append(connection: AsyncConnection, marked: Sequence[tuple[str, Key]]) -> None:
    named: dict[str, list[Key]] = defaultdict(list)
    for place, key in marked:
        named[place].append(key)
    digests: Entry = {}
    found: Entry = {}
    newest = 0
    for place, keys in named.items():
        table = SEALED[place]
        rows = await _rows(connection, table, keys)
        gone: dict[str, object] = {BETWEEN.join(key): None for key in keys}
        digests[place] = gone | {key: digest_of(row) for key, row in rows.items()}
        found |= _positions(table, gone | rows)
        newest = max([newest, *_written_at(rows.values())])
    before = await journal.newest_at(connection)
    at = max(before or EPOCH, EPOCH + newest * MICROSECOND)
    facts: dict[str, object] = {"rows": digests, **found}
    subject = f"{len(marked)} rows"
    await journal.append(connection, at=at, actor=ACTOR, kind=KIND, subject=subject, facts=facts)


async def _rows(
    connection: AsyncConnection, table: Table, keys: Sequence[Key]
) -> dict[str, RowMapping]:
    columns = list(table.primary_key)
    found: dict[str, RowMapping] = {}
    for part in chunks(keys):
        wanted = (
            columns[0].in_([key[0] for key in part])
            if len(columns) == 1
            else among(connection, columns, list(part))
        )
        rows = await connection.execute(as_stored(table).where(wanted))
        found |= {key_of(table, row): row for row in rows.mappings()}
    return found


def _positions(table: Table, rows: Mapping[str, Any]) -> Entry:
    """Return what levers found and left, whole: only with it a rebuild can put things back."""
    if table is observations:
        return {"holds": {key: row and json.loads(row["facts"]) for key, row in rows.items()}}
    if table is not actions:
        return {}
    turned = {key: row for key, row in rows.items() if row and row["before"] is not None}
    if not turned:
        return {}
    return {
        "levers": {
            key: {
                "state": row["state"],
                "before": json.loads(row["before"]),
                "after": None if row["after"] is None else json.loads(row["after"]),
            }
            for key, row in turned.items()
        }
    }


def _written_at(rows: Iterable[RowMapping]) -> list[int]:
    return [row[name] for row in rows for name in WRITTEN_AT if isinstance(row.get(name), int)]


def sealed_in(table: Table) -> ColumnElement[bool]:
    """Return the condition for the rows of a sealed table that are sealed."""
    return table.c.name.startswith(HELD) if table is observations else true()


def key_of(table: Table, row: RowMapping) -> str:
    """Return the name of a row: its primary key."""
    return BETWEEN.join(str(row[column.name]) for column in table.primary_key)


def as_stored(table: Table) -> Select[*tuple[Any, ...]]:
    """Return the query for rows as the database holds them, no type read into them."""
    return select(*(Stored(column).label(column.name) for column in table.c))


def digest_of(row: RowMapping) -> str:
    """Return 32 hex digits of SHA-256 over a row as it is stored.

    An empty column says nothing, so that a column which a later schema adds breaks no seal.
    """
    said = {
        name: ["hex", value.hex()] if isinstance(value, bytes) else value
        for name, value in row.items()
        if value is not None
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _has_tables(connection: Connection) -> bool:
    return set(SEALED) <= set(inspect(connection).get_table_names())


async def _mark_everything(connection: AsyncConnection) -> None:
    """Mark the rows of a database that was written before there were seals."""
    for one in SEALED.values():
        key = marking.name_of_key(connection, one)
        await connection.execute(
            insert(marks).from_select(
                ["place", "key"], select(literal(one.name), key).where(sealed_in(one))
            )
        )
