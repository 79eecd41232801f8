"""Memory of the daemon while many messages pass, and what an event costs at the end.

python benchmarks/memory.py [--events 200000]

1,000,000 messages are what performance.md asks for: --events 1e6. Before and after, as many runs
of 20,000 messages from a new database show what an event costs at the start.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import bench
from drain import Found, ours, prepared, wait_polled

SMALL = 20_000


def long_run(database: Path, events: int, results: bench.Results) -> Found:
    """Drain all of it, with the memory watched; a quarter is one of the messages, not of time."""
    with tempfile.TemporaryDirectory() as top, bench.stub() as stub:
        folder = Path(top)
        shutil.copy(database, folder / "ours.db")
        with bench.daemon(bench.configuration(folder, stub)) as process:
            wait_polled(stub, process)
            begun, used = time.monotonic(), process.cpu_seconds()
            samples = _watched(stub, process, events)
            seconds, cpu = time.monotonic() - begun, process.cpu_seconds() - used
        stored = bench.count_rows(folder / "ours.db", "events")
    if stored != events:
        raise bench.Unmeasurable(f"{stored} of {events} events are stored")
    quarters = [
        [one for done, one in samples if quarter <= done * 4 / events < quarter + 1]
        for quarter in range(4)
    ]
    rows = [
        [f"{number + 1}", bench.median(one), max(one)] for number, one in enumerate(quarters) if one
    ]
    results.table(f"RSS of {events:,} messages, n=1", ["quarter", "median MB", "most MB"], rows)
    return {
        "events/s": events / seconds,
        "CPU s per 1,000": cpu / events * 1000,
        "RSS MB": max(one for _, one in samples),
        "last quarter against second": bench.median(quarters[3]) / bench.median(quarters[1]),
    }


def _watched(stub: bench.Stub, process: bench.Process, events: int) -> list[tuple[float, float]]:
    """Feed, and return samples of what was done and the memory until all is done."""
    samples: list[tuple[float, float]] = []
    stub.feed(events)
    while (stats := stub.stats())["deleted"] < events:
        if not process.alive():
            raise bench.Unmeasurable(f"the daemon ended: {process.log.read_text()[-2000:]}")
        samples.append((stats["deleted"], process.memory_mb()))
        time.sleep(0.25)
    return samples


def main() -> None:
    """Print quarters and ratios."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=lambda text: int(float(text)), default=200_000)
    wanted = parser.parse_args()
    results = bench.Results("memory", wanted)
    with prepared() as database:
        small = [ours(database, SMALL)]
        large = long_run(database, wanted.events, results)
        small.append(ours(database, SMALL))
    early = {name: bench.median([one[name] for one in small]) for name in small[0]}
    columns = ["events/s", "CPU s per 1,000", "RSS MB"]
    rows = [
        [f"{SMALL:,} events, median of 2", *(early[one] for one in columns)],
        [f"{wanted.events:,} events, n=1", *(large[one] for one in columns)],
    ]
    results.table("cost of an event", ["run", *columns], rows)
    growth = large["CPU s per 1,000"] / early["CPU s per 1,000"]
    flat = large["last quarter against second"]
    results.say(f"last quarter {flat:.3f} times the second; CPU an event {growth:.2f} times")
    results.keep(flat=flat, rss_mb=large["RSS MB"], growth=growth, events=wanted.events)
    results.close()


if __name__ == "__main__":
    main()
