"""The sandbox's front before another emulator, as a process of its own: `UPSTREAM` is its URL."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from typing import TYPE_CHECKING

from sesauditd import bootstrap, logs
from sesauditd.sandbox import process
from sesauditd.sandbox.running import Options

if TYPE_CHECKING:
    from sesauditd.sandbox.furnish import Furnished
    from sesauditd.sandbox.running import Sandbox

ELSEWHERE = ("sqs", "s3")


def _started(_sandbox: Sandbox, furnished: Furnished | None) -> None:
    assert furnished is not None
    sys.stdout.write(json.dumps(dataclasses.asdict(furnished)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logs.configure(level="warning", form="console")
    upstream = dict.fromkeys(ELSEWHERE, sys.argv[1])
    options = Options(clock=bootstrap.now, elsewhere=upstream)
    asyncio.run(process.run(options, ["shop.example"], _started))
