"""Several daemons on one queue and one PostgreSQL: 1, 2 and 4 processes.

python benchmarks/daemons.py [--processes 1 2 4] [--events 10000] [--repeats 3]

The server flushes at each commit (fsync is on). One in ten messages is delivered twice, so that two
daemons meet the same event; in the end each is there once. Server, daemons and stub share the
processors of this machine: with two of them the figures say what does not get worse, not what more
hosts would reach.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import bench
from postgres import Server, server

PREPARED = "prepared"


def drained(at: Server, events: int, processes: int, repeat: int) -> dict[str, float]:
    """Let so many daemons drain a queue into a new database."""
    name = f"d{processes}_{repeat}"
    at.create(name, PREPARED)
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stub = stack.enter_context(bench.stub())
        daemons = []
        for number in range(processes):
            folder = top / str(number)
            folder.mkdir()
            config = bench.configuration(folder, stub, at.url(name))
            daemons.append(stack.enter_context(bench.daemon(config)))
        for daemon in daemons:
            daemon.wait_settled()
        stub.feed(events, repeat=10)
        begun, used = time.monotonic(), sum(one.cpu_seconds() for one in daemons)
        stub.wait_done(lambda: all(one.alive() for one in daemons))
        seconds = time.monotonic() - begun
        used = sum(one.cpu_seconds() for one in daemons) - used
        served = stub.stats()["served"]
    # Counted by what SES says an event is, not by our key.
    different = int(at.ask(name, "SELECT count(DISTINCT (message_id, kind)) FROM events"))
    rows = int(at.ask(name, "SELECT count(*) FROM events"))
    if (rows, different) != (events, events):
        raise bench.Unmeasurable(f"{rows} rows, {different} different, of {events} events")
    return {"events/s": served / seconds, "CPU s per 1,000": used / served * 1000}


def main() -> None:
    """Print the medians and the ratio to one process."""
    parser = bench.parser(__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = bench.Results("daemons", wanted)
    with tempfile.TemporaryDirectory() as top, server() as at:
        at.create(PREPARED)
        bench.registered(bench.configuration(Path(top), database=at.url(PREPARED)))
        what = {str(one): partial(drained, at, wanted.events, one) for one in wanted.processes}
        medians = bench.interleaved(what, wanted.repeats, results)
    first = next(iter(medians.values()))
    rows = [
        [name, *found.values(), found["events/s"] / first["events/s"]]
        for name, found in medians.items()
    ]
    columns = ["daemons", *first, "times the events/s of the first"]
    results.table(f"on PostgreSQL, medians of {wanted.repeats}", columns, rows)
    results.keep(**{f"speed of {row[0]}": row[-1] for row in rows})
    results.keep(**{f"events/s of {name}": found["events/s"] for name, found in medians.items()})
    results.close()


if __name__ == "__main__":
    main()
