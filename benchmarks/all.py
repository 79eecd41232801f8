"""Runs every benchmark against its peers and shows what was asked for beside what was found.

python benchmarks/all.py [--quick] [--only drain replay ...] [--json FILE] [--markdown FILE]

Takes about 15 minutes on a machine with nothing else to do. --quick takes less of everything: it
shows that all of it runs, its figures are worth little. What runs one by one, and with more: see
README.md. Results are kept in build/benchmarks/results, so that --only mends a part of the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench
from targets import Figures, rows, stage_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
KEPT = bench.MADE / "results"
GROWN = bench.MADE / "grown.db"
RUNS: dict[str, tuple[list[str], list[str]]] = {
    "parse": ([], ["--events", "2000", "--repeats", "1"]),
    "transport": ([], ["--events", "2000", "--repeats", "1"]),
    "archive": ([], ["--events", "2000", "--repeats", "1"]),
    "store": (
        ["--batches", "100", "1000"],
        ["--events", "1000", "--repeats", "1", "--batches", "100", "1000"],
    ),
    "drain": (
        ["--events", "15000"],
        ["--events", "2000", "--peer-events", "1000", "--repeats", "1"],
    ),
    "replay": ([], ["--events", "4000", "--repeats", "1"]),
    "growth": (
        ["--events", "200000", "--keep", str(GROWN)],
        ["--events", "10000", "--keep", str(GROWN)],
    ),
    "enforcement": (["--database", str(GROWN)], ["--database", str(GROWN), "--repeats", "1"]),
    "memory": (["--events", "100000"], ["--events", "10000"]),
    "latency": (["--repeats", "2"], ["--repeats", "1", "--seconds", "8"]),
    "idle": ([], ["--seconds", "5", "--repeats", "1"]),
    "daemons": (
        ["--events", "5000"],
        ["--events", "1000", "--repeats", "1", "--processes", "1", "2"],
    ),
}
"""What each is given, and what with --quick."""


def ran(name: str, options: Sequence[str]) -> bool:
    """Run one benchmark, with its tables going by; return whether it came to its end."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{name}.json"
    print(f"== {name} {' '.join(options)}", flush=True)
    command = [sys.executable, str(HERE / f"{name}.py"), *options, "--json", str(file)]
    return subprocess.run(command, check=False).returncode == 0


def found() -> dict[str, dict[str, Any]]:
    """Return what is kept of every benchmark."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(KEPT.glob("*.json"))}


def figures(documents: dict[str, dict[str, Any]]) -> Figures:
    """Return all figures by `benchmark.figure`."""
    return {
        f"{name}.{figure}": value
        for name, document in documents.items()
        for figure, value in document["figures"].items()
    }


def markdown(
    table: Sequence[Sequence[str]], stages: Sequence[tuple[str, float]], loads: Sequence[float]
) -> str:
    """Return both tables as docs/performance.md holds them."""
    lines = ["| # | what | target | measured | met |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in table]
    load = f"load {min(loads):.1f} to {max(loads):.1f}" if loads else "nothing was measured"
    lines += ["", f"{bench.machine()}; {load}.", "", "| stage | us |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {us:.0f} |" for name, us in stages), ""])


def main() -> int:
    """Run, show the table, and return 1 if any benchmark failed."""
    parser = bench.parser(__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", choices=list(RUNS), help="none: show what is kept")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    wanted = parser.parse_args()
    begun = time.monotonic()
    names = list(RUNS) if wanted.only is None else wanted.only
    failed = [name for name in names if not ran(name, RUNS[name][wanted.quick])]
    documents = found()
    table, stages = rows(figures(documents)), stage_rows(figures(documents))
    loads = [one for document in documents.values() for one in document["load"]]
    results = bench.Results("all", wanted)
    results.table("targets", ["#", "what", "target", "measured", "met"], table)
    results.table("microseconds of a processor for an event", ["stage", "us"], stages)
    results.say(
        f"{(time.monotonic() - begun) / 60:.1f} minutes; failed: {', '.join(failed) or 'none'}"
    )
    if wanted.json:
        document = {"benchmarks": documents, "targets": table}
        wanted.json.write_text(json.dumps(document, indent=1) + "\n")
    if wanted.markdown:
        wanted.markdown.write_text(markdown(table, stages, loads))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
