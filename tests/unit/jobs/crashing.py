"""A daemon's jobs in a process of its own, which a failpoint may kill: `FOLDER` is its place."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.running import running
from tests.unit.jobs.test_table import BACK, Duties


async def tick(folder: Path) -> None:
    """Run everything that is owed."""
    async with running(folder) as program:
        await Duties(program).jobs().tick(BACK)


if __name__ == "__main__":
    asyncio.run(tick(Path(sys.argv[1])))
