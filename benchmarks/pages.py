"""Opens every page of the dashboard over a large history: the first look, and the next ones.

python benchmarks/pages.py [--events 40000] [--times 25] [--repeats 5]

A history of times x events over times x 14 days, of 500 domains with a Zipf spread. The first look
of a page counts what it shows; between two next looks a message comes in, so that what is kept of
the last one is stale.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import backlog
import bench
import copies
import generator
from aiohttp.test_utils import TestClient, TestServer

from sesauditd import bootstrap
from sesauditd.bootstrap.scraping import Books
from sesauditd.config import load, policies_of
from sesauditd.web.access import Gate
from sesauditd.web.app import Site
from sesauditd.web.health import Pulse
from sesauditd.web.meters import CONTENT_TYPE, Meters

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable

    from aiohttp import web

DAYS = 14
NOW = backlog.END + timedelta(minutes=1)
LARGEST, SMALL = generator.domain(1), generator.domain(generator.DOMAINS)
PAGES = (
    "/readyz",
    "/",
    "/customers",
    "/customers/customer1",
    f"/customers/customer{generator.DOMAINS}",
    "/domains",
    f"/domains/{LARGEST}",
    f"/domains/{SMALL}",
    "/actions",
    "/cases",
    "/quarantine",
    "/metrics",
)


async def measured(config: Path, repeats: int) -> dict[str, list[float]]:
    """Return the milliseconds of each page: of the first look, then of each next one.

    What the daemon counts before it says that the dashboard is ready stands in front.
    """
    settings = load(config, {})
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    async with bootstrap.application(settings, clock=lambda: NOW) as application:
        books = Books(
            database=application.database,
            settings=settings,
            policies=policies_of(settings),
            clock=lambda: NOW,
            machine_clock=lambda: NOW,
            meters=Meters(),
            pulse=Pulse,
            in_hand=lambda: 0,
        )
        site = Site(books=books, pulse=Pulse, gate=Gate(None), metrics_type=CONTENT_TYPE)
        took["all customers counted"] = [await milliseconds(books.rank())]
        took["the largest ones"] = [await milliseconds(books.warm_up())]
        async with TestClient(TestServer(site.application())) as client:
            for repeat in range(repeats + 1):
                for page in PAGES:
                    took[page].append(await milliseconds(looked_at(client, page)))
                await one_more(application, repeat)
            counting = asyncio.create_task(books.rank())
            await asyncio.sleep(0)
            for page in PAGES:
                took[f"{page}, all counted meanwhile"] = [
                    await milliseconds(looked_at(client, page))
                ]
            await counting
        await books.close()
    return took


async def milliseconds(work: Awaitable[None]) -> float:
    """Return what the work takes."""
    begun = time.perf_counter()
    await work
    return (time.perf_counter() - begun) * 1000


async def looked_at(client: TestClient[web.Request, web.Application], page: str) -> None:
    """Get a page whole."""
    async with client.get(page) as answer:
        await answer.read()
        answer.raise_for_status()


async def one_more(application: bootstrap.Application, number: int) -> None:
    """Record one batch more."""
    (batch,) = backlog.batches(20, days=0.001, first=50_000_000 + 20 * number)
    readings = await backlog.readings(application, batch, f"more{number}")
    await application.log.record(readings, now=NOW, proposed=False)


def shown(results: bench.Results, took: dict[str, list[float]]) -> None:
    """Show the first look of each page and the median of the next ones."""
    rows = [[page, found[0], bench.median(found[1:] or found)] for page, found in took.items()]
    results.table("milliseconds of a page", ["page", "first look", "next, median"], rows)
    results.keep(slowest_first_ms=max(took[page][0] for page in PAGES))
    results.keep(slowest_next_ms=max(bench.median(took[page][1:]) for page in PAGES))


def main() -> None:
    """Make a history and look at it."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=5)
    wanted: argparse.Namespace = parser.parse_args()
    results = bench.Results("pages", wanted)
    with tempfile.TemporaryDirectory() as top:
        config = bench.configuration(Path(top), policy={"mode": "shadow"})
        database = Path(top) / "ours.db"
        asyncio.run(copies.history(config, database, wanted.events, DAYS, wanted.times))
        found = copies.described(database)
        results.say(f"{found['events']:,} events, {found['MB']:.0f} MB")
        shown(results, asyncio.run(measured(config, wanted.repeats)))
    results.close()


if __name__ == "__main__":
    main()
