"""A long history out of a short one: the same days again and again, further and further back."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from typing import TYPE_CHECKING

import backlog
import bench
import enforcement

if TYPE_CHECKING:
    from pathlib import Path

DAY_US = 86_400_000_000
SHIFTED = {
    "events": "shifted(key, :days), kind, message_id || '-' || :days, at - :days * {day}, "
    "received_at - :days * {day}, domain, source, identity, caller, configuration_set, type, "
    "subtype, detail, flags, archive_object, line, sha256",
    "event_recipients": "shifted(event, :days), recipient, spelling, outcome, blockable, "
    "counted_as, status, diagnostic",
    "strikes": "shifted(event, :days), recipient, customer, domain, at - :days * {day}, outcome, "
    "message_id || '-' || :days, subtype, status, diagnostic, spelling, blockable, counted_as",
    "rollups": "domain, hour - :days * 24, outcome, feeds_back, count, sketch",
    "deliveries": "customer, recipient, at - :days * {day}",
}
"""Tables and what stands in their columns so many days before."""


async def history(config: Path, database: Path, events: int, days: int, times: int) -> None:
    """Record so many events of the last days, and copy them to the days before.

    `times` is how often they are there in the end.
    """
    await enforcement.filled(config, events, days)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.create_function("shifted", 2, _shifted, deterministic=True)
        connection.execute("PRAGMA synchronous=OFF")
        ends = int(backlog.END.timestamp() * 1_000_000) - days * DAY_US
        for number in range(1, times):
            for table, columns in SHIFTED.items():
                which = "" if table != "rollups" else f"WHERE hour >= {ends // 3_600_000_000}"
                if table in {"events", "strikes", "deliveries"}:
                    which = f"WHERE at >= {ends}"
                if table == "event_recipients":
                    which = f"WHERE event >= {_key(ends)}"
                connection.execute(
                    f"INSERT OR IGNORE INTO {table} SELECT {columns.format(day=DAY_US)} "
                    f"FROM {table} {which}",
                    {"days": number * days},
                )
            connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _key(at: int) -> str:
    return f"x'{at // 1_000_000:016x}'"


def _shifted(key: bytes, days: int) -> bytes:
    second = int.from_bytes(key[:8], "big") - days * 86_400
    return second.to_bytes(8, "big") + key[8:]


def copied(database: Path, folder: Path) -> Path:
    """Return a copy of a database, named as configurations name it."""
    return shutil.copy(database, folder / "ours.db")


def described(database: Path) -> dict[str, float]:
    """Return how much there is."""
    size = database.stat().st_size / 1e6
    return {"events": bench.count_rows(database, "events"), "MB": size}
