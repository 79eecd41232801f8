"""A real daemon sets hundreds of blocks, killed again and again, at the pace of the sandbox."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.bootstrap.program import application
from sesauditd.config.reading import load
from tests.support.daemons import TAKEN

if TYPE_CHECKING:
    from tests.support.daemons import Stage

SHOP = "shop.example"
COUNT = 600
DONE = "SELECT count(*) AS n FROM actions WHERE state = 'done'"


def ask(live: Stage) -> list[str]:
    """Ask for many blocks at once, as a list of complainers would."""
    people = [f"person-{number:04d}@company.example" for number in range(COUNT)]

    async def run() -> None:
        settings = load(live.folder / "config.toml", {})
        async with (
            application(settings) as program,
            program.deciding("operator:test") as decisions,
        ):
            for person in people:
                await decisions.block(person, SHOP, "asked")

    asyncio.run(run())
    return people


def denied(live: Stage) -> dict[str, list[str]]:
    """Return whom each policy of blocks denies."""
    found: dict[str, list[str]] = {}
    policies: Any = live.state()["iam"]["policies"]
    for arn, document in policies.items():
        if "/block-" in arn:
            (condition,) = document["Statement"][0]["Condition"].values()
            found[arn] = list(condition["ses:Recipients"])
    return found


@pytest.mark.slow
def test_hundreds_of_blocks_survive_kills_and_leave_intake_its_time(live: Stage) -> None:
    people = ask(live)
    for failpoint in ("executor.intended:1", "executor.called:1", "executor.recorded:20"):
        live.killed_at(failpoint)
    live.forget_receipts()
    assert live.mail(SHOP, "p1@good.example") == TAKEN
    live.tell()
    daemon = live.daemon()
    daemon.until(lambda: live.count("events") > 0, "the feedback to be recorded")
    assert live.rows(DONE)[0]["n"] < COUNT, "feedback does not wait for blocks"
    daemon.until(lambda: live.rows(DONE)[0]["n"] == COUNT, "all blocks to be done")

    found = denied(live)
    assert sorted(person for each in found.values() for person in each) == people
    assert len(found) == 4
    writes = Counter(one.operation for one in live.writes())
    assert writes["CreatePolicy"] == len(found)
    assert writes["AttachUserPolicy"] == len(found)
    assert writes["CreatePolicyVersion"] < 10, "many blocks are one write"
    assert not live.rows("SELECT * FROM actions WHERE before IS NULL OR after IS NULL")
    assert live.run("unblock", people[0], "--domain", SHOP, "--reason", "fixed").code == 0
