"""What the daemon costs that has nothing to do, and how soon commands answer.

python benchmarks/idle.py [--seconds 60] [--repeats 9]

The daemon stands at an empty queue and is watched once its start is over. Commands are started in
turn with Python alone and with Python that imports boto3.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bench
from drain import prepared, wait_polled

if TYPE_CHECKING:
    from collections.abc import Sequence


def daemon(database: Path, seconds: float) -> dict[str, float]:
    """Watch the daemon do nothing."""
    with tempfile.TemporaryDirectory() as top, bench.stub() as stub:
        shutil.copy(database, Path(top, "ours.db"))
        with bench.daemon(bench.configuration(Path(top), stub)) as process:
            wait_polled(stub, process)
            used = process.cpu_seconds()
            with bench.sampled(process) as memory:
                time.sleep(seconds)
            cpu = (process.cpu_seconds() - used) / seconds * 100
            return {"CPU %": cpu, "RSS MB": bench.median(memory)}


def command(arguments: Sequence[str]) -> dict[str, float]:
    """Run a command to its end; milliseconds."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SESAUDITD_")
    }
    begun = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env=environment)
    return {"ms": (time.perf_counter() - begun) * 1000}


def commands(database: Path, repeats: int, results: bench.Results) -> dict[str, dict[str, float]]:
    """Time the commands in turn."""
    with tempfile.TemporaryDirectory() as top:
        config = bench.configuration(Path(top), database=f"sqlite:///{database}")
        python, program = [sys.executable], [sys.executable, "-m", "sesauditd"]
        what = {
            "sesauditd --help": [*program, "--help"],
            "sesauditd status": [*program, "--config", str(config), "status"],
            "python -c pass": [*python, "-c", "pass"],
            "python -c 'import boto3'": [*python, "-c", "import boto3"],
        }
        timed = {name: (lambda _, line=line: command(line)) for name, line in what.items()}
        return bench.interleaved(timed, repeats, results)


def main() -> None:
    """Print both."""
    parser = bench.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--repeats", type=int, default=9)
    wanted = parser.parse_args()
    results = bench.Results("idle", wanted)
    with prepared() as database:
        found = daemon(database, wanted.seconds)
        timed = commands(database, wanted.repeats, results)
    results.table(
        f"idle for {wanted.seconds:.0f} s, n=1", ["what", *found], [["daemon", *found.values()]]
    )
    results.keep(cpu_percent=found["CPU %"], rss_mb=found["RSS MB"])
    python = timed["python -c pass"]["ms"]
    rows = [[name, one["ms"], one["ms"] / python] for name, one in timed.items()]
    results.table(
        f"to the end, medians of {wanted.repeats}", ["command", "ms", "times Python"], rows
    )
    results.keep(**{f"ms of {name}": one["ms"] for name, one in timed.items()})
    results.close()


if __name__ == "__main__":
    main()
