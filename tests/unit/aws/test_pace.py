"""Calls of a control plane wait for their turn."""

from __future__ import annotations

import asyncio

from sesauditd.aws.pace import Pace


async def test_a_burst_passes_and_the_rest_waits_in_turn() -> None:
    pace = Pace(per_second=100, burst=3)
    loop = asyncio.get_running_loop()
    start = loop.time()
    passed = []

    async def call() -> None:
        await pace.turn()
        passed.append(loop.time() - start)

    await asyncio.gather(*(call() for _ in range(6)))
    # A machine may be late, but nobody is early.
    assert passed[2] < passed[3]
    early = [
        at for at, wait in zip(passed[3:], (0.01, 0.02, 0.03), strict=True) if at < wait - 0.001
    ]
    assert early == []


async def test_rest_earns_no_more_than_the_burst() -> None:
    pace = Pace(per_second=100, burst=2)
    loop = asyncio.get_running_loop()
    for _ in range(2):
        await pace.turn()
    await asyncio.sleep(0.06)
    start = loop.time()
    for _ in range(4):
        await pace.turn()
    assert loop.time() - start >= 0.018
