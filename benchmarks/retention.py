"""Forgets old events while messages come in: what that takes, and how long it keeps them waiting.

python benchmarks/retention.py [--events 40000] [--times 10] [--rate 500] [--seconds 20]

A history of times x events over times x 30 days, of which all but the last 30 days are to go.
Batches of 100 are recorded at a steady rate, first alone, then while the daemon's own job forgets
as it does in its 5 seconds of every tick, one such tick after the other.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import backlog
import bench
import copies
from structlog.testing import capture_logs

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.jobs.retention import Retention
from sesauditd.store.retention import OldEvents

if TYPE_CHECKING:
    import argparse

    from sesauditd.bootstrap import Application

DAYS = 30
SIZE = 100


def quantile(values: list[float], share: float) -> float:
    """Return the value that so many are below."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


async def recorded(application: Application, rate: int, seconds: float, first: int) -> list[float]:
    """Record batches at a rate; return how many milliseconds each took, waiting included."""
    took = []
    count = int(rate * seconds)
    began = time.perf_counter()
    for number, batch in enumerate(backlog.batches(count, days=0.01, first=first, size=SIZE)):
        readings = await backlog.readings(application, batch, f"n{first}-{number}")
        await asyncio.sleep(max(0.0, began + number * SIZE / rate - time.perf_counter()))
        begun = time.perf_counter()
        await application.log.record(readings, now=backlog.END, proposed=False)
        took.append((time.perf_counter() - begun) * 1000)
    return took


@asynccontextmanager
async def forgetting(application: Application, found: dict[str, float]) -> AsyncIterator[None]:
    """Let the job forget meanwhile, tick after tick."""
    old = OldEvents(application.database)
    job = Retention(
        events=old,
        keep=timedelta(days=DAYS),
        ticks=time.monotonic,
        rest=asyncio.sleep,
        turned=lambda: None,
    )
    await old.raise_horizon(timedelta(days=DAYS), backlog.END)
    stop = asyncio.Event()

    async def ticking() -> None:
        with capture_logs() as logs:
            begun = time.perf_counter()
            while not stop.is_set():
                await job.forget(backlog.END)
                if logs and logs[-1].get("is_done"):
                    break
            found["seconds of forgetting"] = time.perf_counter() - begun
        told = [one for one in logs if one["event"] == "events_forgotten"]
        found["forgotten"] = sum(one["events"] for one in told)
        found["longest step, ms"] = max(one["longest_seconds"] for one in told) * 1000

    async with asyncio.TaskGroup() as group:
        group.create_task(ticking())
        yield
        stop.set()


async def measured(config: Path, wanted: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Record alone, then beside the job."""
    found: dict[str, float] = {}
    async with bootstrap.application(load(config, {})) as application:
        alone = await recorded(application, wanted.rate, wanted.seconds, 10_000_000)
        async with forgetting(application, found):
            beside = await recorded(application, wanted.rate, wanted.seconds, 20_000_000)
    return {
        name: {
            "median ms": statistics.median(took),
            "99 % ms": quantile(took, 0.99),
            "longest ms": max(took),
        }
        for name, took in (("alone", alone), ("beside", beside))
    } | {"job": found}


def main() -> None:
    """Make a history, and measure."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    wanted = parser.parse_args()
    results = bench.Results("retention", wanted)
    with tempfile.TemporaryDirectory() as top:
        config = bench.configuration(Path(top), policy={"mode": "off"})
        database = Path(top) / "ours.db"
        asyncio.run(copies.history(config, database, wanted.events, DAYS, wanted.times))
        before = copies.described(database)
        found = asyncio.run(measured(config, wanted))
    job = found.pop("job")
    rate = job["forgotten"] / job["seconds of forgetting"]
    results.say(f"{before['events']:,} events, {before['MB']:.0f} MB")
    results.say(f"{job['forgotten']:,.0f} forgotten, {rate:,.0f} a second, rests included")
    results.say(f"the longest step kept other writers out for {job['longest step, ms']:.0f} ms")
    columns = ["median ms", "99 % ms", "longest ms"]
    results.table(
        f"recording {SIZE} messages at {wanted.rate} a second",
        ["", *columns],
        [[name, *(one[column] for column in columns)] for name, one in found.items()],
    )
    results.keep(longest_step_ms=job["longest step, ms"], forgotten_a_second=rate)
    results.close()


if __name__ == "__main__":
    main()
