"""What the program asks its database, overheard as it works, and how SQLite would answer that."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Heard = dict[str, Any]
"""Statements with the parameters of their last execution."""
LOOKS = ("SELECT", "UPDATE", "DELETE", "WITH")
ALIAS = re.compile(r"\b(?:FROM|JOIN|,)\s+(\w+) AS (\w+)")


@contextmanager
def overheard() -> Iterator[Heard]:
    """Collect every statement that any engine of this process executes meanwhile."""
    heard: Heard = {}

    def listen(*told: Any) -> None:
        _, _, statement, parameters, _, many = told
        heard[statement] = parameters[0] if many else parameters

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def steps(file: Path, heard: Heard) -> dict[str, list[str]]:
    """Return the steps of each statement that looks something up, without what was counted.

    Another connection has no table of marks. Steps name tables, whatever a statement calls them.
    """
    found = {}
    with closing(sqlite3.connect(file)) as connection:
        for statement, parameters in heard.items():
            if statement.startswith(LOOKS) and "unsealed_rows" not in statement:
                rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                names = {alias: table for table, alias in ALIAS.findall(statement)}
                found[statement] = [_named(row[3], names) for row in rows]
    return found


def touching(found: dict[str, list[str]], *tables: str) -> dict[str, set[str]]:
    """Return the steps that read any of the tables, each with the statements that it is of."""
    of_tables = re.compile(rf"(SCAN|SEARCH) ({'|'.join(tables)})\b")
    told: dict[str, set[str]] = {}
    for statement, walked in found.items():
        for step in walked:
            if of_tables.match(step):
                told.setdefault(step, set()).add(statement)
    return told


def _named(step: str, names: dict[str, str]) -> str:
    verb, _, rest = step.partition(" ")
    called, _, how = rest.partition(" ")
    return f"{verb} {names.get(called, called)} {how}".strip()
