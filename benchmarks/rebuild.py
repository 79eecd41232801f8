"""Times a rebuild of 100,000 events, and compares it with the database that it was lost from.

python benchmarks/rebuild.py [--events N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.generator import DOMAINS, START, domain, notifications
from sesauditd.bootstrap.recovery import rebuild
from sesauditd.store.compare import Difference, compare
from sesauditd.store.register import Adoption
from tests.support.archiving import LONG_AGO, Days, days

OBJECT = 1000
NOW = datetime(2026, 11, 30, tzinfo=UTC)


async def lived(one: Days, events: int) -> None:
    """Take all of it in, judge each Monday, decide something each day."""
    await one.program.adopt(
        [
            Adoption(
                domain=domain(number),
                customer=f"customer{number}",
                contact=f"owner{number}@home.example",
                since=LONG_AGO,
            )
            for number in range(1, DOMAINS + 1)
        ]
    )
    bodies: list[str] = []
    judged = START + timedelta(days=7, hours=3)
    for index, body in enumerate(notifications(events, 7), start=1):
        bodies.append(body)
        if len(bodies) < OBJECT and index < events:
            continue
        moment = START + timedelta(days=28) * (index / events) + timedelta(minutes=1)
        if moment >= judged:
            await one.judge(judged)
            judged += timedelta(days=7)
        await one.receive(bodies, moment)
        bodies = []
        if index % (5 * OBJECT) == 0:
            one.moment = moment + timedelta(minutes=1)
            async with one.program.deciding() as decisions:
                name = domain(1 + index % DOMAINS)
                await decisions.block(f"person{index}@provider1.example", name, "asked for it")
    await one.copy_journal()


async def measured(folder: Path, events: int) -> Difference:
    """Live, lose, rebuild, compare."""

    def begun(_objects: int) -> Callable[[int], None]:
        return lambda _done: None

    async with days(folder, START) as one:
        began = time.perf_counter()
        await lived(one, events)
        print(f"lived through {events} events in {time.perf_counter() - began:.1f} s")
        began, used = time.perf_counter(), time.process_time()
        made = await rebuild(
            one.program.settings,
            source=str(one.archive),
            since=None,
            out=folder / "again.db",
            now=NOW,
            begun=begun,
        )
        print(
            f"rebuilt {made.made.recorded.recorded} events from {made.made.objects} objects and "
            f"{made.made.entries} rows of the journal in {time.perf_counter() - began:.1f} s "
            f"({time.process_time() - used:.1f} s of a processor); "
            f"{len(made.made.complaints)} not played"
        )
    began = time.perf_counter()
    found = compare(folder / "test.db", folder / "again.db", lambda _rows: None)
    print(f"compared {sum(found.rows.values())} rows in {time.perf_counter() - began:.1f} s")
    return found


def main() -> None:
    """Print the times and how many rows differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = asyncio.run(measured(given.folder or Path(temporary), given.events))
    for sentence in found.first[:20]:
        print(sentence)
    print(f"{found.differences} differences")


if __name__ == "__main__":
    main()
