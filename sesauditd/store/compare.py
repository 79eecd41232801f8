"""Two databases row by row: what one says that the other does not, or says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import JSON, create_engine, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from sesauditd.errors import Failed, Refused
from sesauditd.model.actions import DUE, State
from sesauditd.store import retention, seals, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection, RowMapping, Table

SHOWN: Final = 100
ARRIVAL: Final = ("archive_object", "line", "received_at", "sha256")
"""Of one event that arrived twice, either arrival may have come first."""
FORGOTTEN: Final = (tables.events, tables.event_recipients)
"""Of what is older than the horizon of one of them, some is in the other alone."""
HELD_BACK: Final = frozenset({*(str(one) for one in DUE), str(State.PROPOSED), str(State.WAITING)})
"""What was not done yet is only proposed after a rebuild: one word for all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How a table is compared."""

    table: Table
    apart: tuple[str, ...] = ()
    """Columns that tell when or where something was written, not what."""
    whether: tuple[str, ...] = ()
    """Columns of which only counts whether they hold anything."""


COMPARED: Final[Sequence[Side]] = (
    Side(table=tables.customers),
    Side(table=tables.domains),
    Side(table=tables.iam_users),
    Side(table=tables.tenancies),
    Side(table=tables.events, apart=ARRIVAL),
    Side(table=tables.event_recipients),
    Side(table=tables.quarantine, apart=("archive_object", "line", "received_at")),
    Side(table=tables.strikes),
    Side(table=tables.deliveries),
    Side(table=tables.reached),
    Side(table=tables.rollups),
    Side(table=tables.standings),
    Side(table=tables.verdicts, apart=("judged_at",), whether=("withdrawn_at",)),
    Side(
        table=tables.actions,
        apart=(
            "requested_at",
            "changed_at",
            "attempted_at",
            "next_try_at",
            "attempts",
            "outcome",
        ),
    ),
    Side(table=tables.blocks, apart=("shard",), whether=("lifted_at",)),
    Side(table=tables.cases, whether=("closed_at", "explained_at")),
    Side(table=tables.case_actions, whether=("undone_at",)),
)


@dataclass(slots=True, kw_only=True)
class Difference:
    """What came of a comparison."""

    rows: dict[str, int] = field(default_factory=dict)
    """Table to rows that were compared."""
    differences: int = 0
    first: list[str] = field(default_factory=list)
    """A sentence for each of the first differences."""

    def add(self, sentence: str) -> None:
        """Count one more."""
        self.differences += 1
        if len(self.first) < SHOWN:
            self.first.append(sentence)


def compare(one: Path, other: Path, told: Callable[[int], None]) -> Difference:
    """Compare what was recorded, judged and decided in two SQLite files; both may be in use.

    Left out is when something was written, which arrival of a message came first, and events that
    one of them may have forgotten.
    `told` is called with each table's rows. Raises Refused for a file that is not there, Failed
    for one that cannot be read.
    """
    found = Difference()
    with _opened(one) as first, _opened(other) as second:
        forgotten = max(_forgotten(first), _forgotten(second))
        for side in COMPARED:
            before = found.rows.get(side.table.name, 0)
            _table(first, second, side, found, forgotten if side.table in FORGOTTEN else b"")
            told(found.rows[side.table.name] - before)
        _journals(first, second, found)
        told(found.rows["journal"])
    return found


@contextmanager
def _opened(file: Path) -> Iterator[Connection]:
    if not file.is_file():
        raise Refused(f"{file}: no such file")
    query = {"mode": "rw", "uri": "true"}
    place = URL.create("sqlite", database=file.absolute().as_uri(), query=query)
    engine = create_engine(place)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=1")
            connection.exec_driver_sql("BEGIN")
            yield connection
    except DBAPIError as error:
        raise Failed(f"{file} cannot be compared: {error.orig}") from error
    finally:
        engine.dispose()


def _forgotten(connection: Connection) -> bytes:
    """Return the key before which events may be forgotten."""
    named = tables.observations.c.name == retention.OBSERVATION
    facts = connection.scalar(select(tables.observations.c.facts).where(named))
    return b"" if facts is None else retention.key_of(datetime.fromisoformat(facts["before"]))


def _table(
    first: Connection, second: Connection, side: Side, found: Difference, forgotten: bytes
) -> None:
    name = side.table.name
    ours, theirs = _rows(first, side), _rows(second, side)
    count = 0
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        count += 1
        if other is None or (one is not None and one[0] < other[0]):
            _lone(name, one, "first", found, forgotten)
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            _lone(name, other, "second", found, forgotten)
            other = next(theirs, None)
        else:
            if one[1] != other[1]:
                found.add(f"{name}: row {_shown(one)} differs: {_unlike(one[1], other[1])}")
            one, other = next(ours, None), next(theirs, None)
    found.rows[name] = count


Row = tuple[tuple[Any, ...], Mapping[str, Any]]


def _lone(name: str, row: Row | None, which: str, found: Difference, forgotten: bytes) -> None:
    if row is None or (forgotten and row[0][0] < forgotten):
        return
    found.add(f"{name}: row {_shown(row)} is only in the {which}")


def _rows(connection: Connection, side: Side) -> Iterator[Row]:
    keys = [column.name for column in side.table.primary_key]
    query = seals.as_stored(side.table).order_by(*side.table.primary_key)
    rows = connection.execution_options(yield_per=1000).execute(query).mappings()
    for row in rows:
        yield tuple(row[name] for name in keys), _said(row, side)


def _said(row: RowMapping, side: Side) -> Mapping[str, Any]:
    said = {name: value for name, value in row.items() if name not in side.apart}
    for name in side.whether:
        said[name] = said[name] is not None
    for column in side.table.columns:
        if isinstance(column.type, JSON) and said.get(column.name) is not None:
            # The order of keys says nothing; the archive sorts them.
            said[column.name] = json.dumps(json.loads(said[column.name]), sort_keys=True)
    if side.table is tables.actions and said["state"] in HELD_BACK:
        said["state"] = str(State.PROPOSED)
    return said


def _shown(row: Row | None) -> str:
    parts = () if row is None else row[0]
    return "/".join(one.hex() if isinstance(one, bytes) else str(one) for one in parts)


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    names = [name for name in one if one[name] != other.get(name)]
    return ", ".join(f"{name} ({one[name]!r:.60} and {other.get(name)!r:.60})" for name in names)


def _journals(first: Connection, second: Connection, found: Difference) -> None:
    """Compare the rows that both have: the longer one only goes on."""
    query = seals.as_stored(tables.journal).order_by(tables.journal.c.sequence)
    rows = [
        {row.sequence: row.hash for row in connection.execute(query)}
        for connection in (first, second)
    ]
    both = sorted(set(rows[0]) & set(rows[1]))
    for _, group in groupby(both, lambda number: rows[0][number] == rows[1][number]):
        numbers = list(group)
        if rows[0][numbers[0]] != rows[1][numbers[0]]:
            found.add(f"journal: rows {numbers[0]} to {numbers[-1]} are not the same")
    found.rows["journal"] = len(both)
