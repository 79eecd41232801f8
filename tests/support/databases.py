"""Where the database of a test is: a file, or one of a server that `TEST_SERVER` names."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

    import asyncpg

Answer = TypeVar("Answer")

SERVER = os.environ.get("TEST_SERVER", "")
"""As postgresql+asyncpg://postgres@127.0.0.1:5432: a server that is the tests' own."""

NEEDS_FILE = pytest.mark.skipif(bool(SERVER), reason="it is about SQLite's file")
"""Marks a test of what only a database in a file has; say why beside it."""
NEEDS_SERVER = pytest.mark.skipif(not SERVER, reason="TEST_SERVER names no PostgreSQL")

_made: set[str] = set()


def url_of(file: Path, like: str = "") -> str:
    """Return the URL of the database that stands for a file; on a server it is made at once.

    `like` says there how it is made, where it is not to have the schema already.
    """
    if not SERVER:
        return f"sqlite:///{file}"
    name = f"t{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:24]}"
    if name not in _made:
        _made.add(name)
        _in_a_loop(_make(name, like))
    return f"{SERVER}/{name}"


def rows_of(file: Path, query: str, *values: object) -> list[Any]:
    """Return the rows of a query on the database that stands for a file, by place and by name."""
    if not SERVER:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()
    places = itertools.count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(places)}", query)
    return _in_a_loop(_fetched(url_of(file), numbered, values))


def kept(text: str) -> str:
    """Return a text as the database holds it: no text of PostgreSQL holds U+0000."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if SERVER else text


def _in_a_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it in a thread: whoever asks may be inside a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _fetched(url: str, query: str, values: Sequence[object]) -> list[Any]:
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def _make(name: str, like: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(f"{SERVER}/postgres".replace("+asyncpg", ""))
    try:
        template = f"template_{os.getpid()}"
        if template not in _made and not like:
            _made.add(template)
            await _replace(connection, template)
            database = Database.open(f"{SERVER}/{template}")
            await upgrade(database)
            await database.close()
        await _replace(connection, name, like or f"TEMPLATE {template}")
    finally:
        await connection.close()


async def _replace(connection: asyncpg.Connection, name: str, like: str = "") -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {name}")
    await connection.execute(f"CREATE DATABASE {name} {like}")
