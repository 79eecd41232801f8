"""The sandbox's front before another emulator, as a process of its own: `UPSTREAM` is its URL."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys

from sesauditd import bootstrap, logs
from sesauditd.sandbox.furnish import furnish
from sesauditd.sandbox.running import Options, opened

ELSEWHERE = ("sqs", "s3")


async def run(upstream: str) -> None:
    """Furnish an account, write on standard output what is in it, and go on until killed."""
    options = Options(clock=bootstrap.now, elsewhere=dict.fromkeys(ELSEWHERE, upstream))
    async with opened(options) as sandbox:
        furnished = await asyncio.to_thread(
            furnish, sandbox.url, region=sandbox.region, account_id=sandbox.account_id
        )
        sys.stdout.write(json.dumps(dataclasses.asdict(furnished)) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure(level="warning", form="console")
    asyncio.run(run(sys.argv[1]))
