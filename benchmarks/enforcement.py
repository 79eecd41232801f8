"""What the weekly enforcement reads, against a true scan of the same events.

python benchmarks/enforcement.py [--database FILE] [--events 200000] [--days 30] [--repeats 3]

Rates: recipients by domain, day and outcome over all days, as the program counts them from
roll-ups. Recipients: who has three or more bounces or complaints, from the strikes. The scan
answers both from `events` and `event_recipients` without an index, and SQLite's own plan is shown
beside it. `whole judgement` is the program's weekly enforcement of every week, as a dry run.
--database takes what benchmarks/growth.py --keep left.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import backlog
import bench

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.store.reports.counts import by_day

if TYPE_CHECKING:
    import argparse

    from sesauditd.bootstrap import Application

OFFENCES = "('hard_bounce', 'soft_bounce', 'complaint')"
DAY = 86_400_000_000
SCAN_RATES = f"""
    SELECT e.domain, e.at / {DAY}, r.outcome, count(*)
    FROM events e {{index}} JOIN event_recipients r ON r.event = e.key GROUP BY 1, 2, 3
"""
SCAN_RECIPIENTS = f"""
    SELECT recipient, count(*) FROM event_recipients {{index}}
    WHERE outcome IN {OFFENCES} GROUP BY recipient HAVING count(*) >= 3
"""
STRUCK = """
    SELECT customer, recipient, count(*) FROM strikes
    GROUP BY customer, recipient HAVING count(*) >= 3
"""
Found = dict[str, float]


async def filled(config: Path, events: int, days: float) -> None:
    """Record events as the daemon does."""
    async with bootstrap.application(load(config, {})) as application:
        await bench.adopt(application)
        for number, batch in enumerate(backlog.batches(events, days=days)):
            readings = await backlog.readings(application, batch, f"o{number}")
            await application.log.record(readings, now=batch[-1].received_at, proposed=False)


def asked(database: Path, statement: str, index: str) -> Callable[[int], Found]:
    """Return what runs a statement to its last row."""

    def measure(_repeat: int) -> Found:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            watch = bench.Stopwatch()
            rows = connection.execute(statement.format(index=index)).fetchall()
            return watch.took() | {"rows": float(len(rows))}

    return measure


def through(config: Path, work: Callable[[Application], Awaitable[int]]) -> Callable[[int], Found]:
    """Return what asks the program itself."""

    async def measured() -> Found:
        async with bootstrap.application(load(config, {})) as application:
            watch = bench.Stopwatch()
            rows = await work(application)
            return watch.took() | {"rows": float(rows)}

    return lambda _repeat: asyncio.run(measured())


def contenders(config: Path, database: Path, days: timedelta) -> dict[str, Callable[[int], Found]]:
    """Return what is measured, by name."""

    async def rates(application: Application) -> int:
        async with application.database.read() as connection:
            return len(await by_day(connection, backlog.END - days, backlog.END))

    async def judged(application: Application) -> int:
        shown = await application.weekly.enforce(backlog.END, now=backlog.END, dry_run=True)
        return len(shown)

    return {
        "rates, ours": through(config, rates),
        "rates, true scan": asked(database, SCAN_RATES, "NOT INDEXED"),
        "recipients, ours": asked(database, STRUCK, ""),
        "recipients, true scan": asked(database, SCAN_RECIPIENTS, "NOT INDEXED"),
        "recipients, SQLite's own plan": asked(database, SCAN_RECIPIENTS, ""),
        "whole judgement, ours": through(config, judged),
    }


def shown(results: bench.Results, medians: dict[str, Found], repeats: int) -> None:
    """Show the medians, and how much slower a scan is."""
    rows = [[name, found["seconds"], int(found["rows"])] for name, found in medians.items()]
    results.table(f"the week's reads, medians of {repeats}", ["read", "seconds", "rows"], rows)
    for what in ("rates", "recipients"):
        mine, scan = (medians[f"{what}, {how}"]["seconds"] for how in ("ours", "true scan"))
        results.say(f"{what}: a true scan takes {scan / mine:.1f} times as long")
        results.keep(**{f"{what} seconds": mine, f"{what} against a scan": scan / mine})
    results.keep(judgement_seconds=medians["whole judgement, ours"]["seconds"])


def main() -> None:
    """Fill a database unless one is given, and measure."""
    parser = bench.parser(__doc__)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--events", type=lambda text: int(float(text)), default=200_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = bench.Results("enforcement", wanted)
    with tempfile.TemporaryDirectory() as top:
        _measure(Path(top), wanted, results)
    results.close()


def _measure(folder: Path, wanted: argparse.Namespace, results: bench.Results) -> None:
    database = folder / "ours.db"
    config = bench.configuration(folder)
    if wanted.database:
        shutil.copy(wanted.database, database)
    else:
        asyncio.run(filled(config, wanted.events, wanted.days))
    results.keep(events=bench.count_rows(database, "events"))
    what = contenders(config, database, timedelta(days=wanted.days))
    shown(results, bench.interleaved(what, wanted.repeats, results), wanted.repeats)


if __name__ == "__main__":
    main()
