"""The executor turns the real adapters' levers as it turns their twins', and back."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sesauditd.aws.access import Access
from sesauditd.aws.mail import Mail
from sesauditd.enforce.executor import Executor
from sesauditd.enforce.levers import Levers
from sesauditd.enforce.naming import Names
from sesauditd.sandbox.furnish import furnish
from sesauditd.store import tables
from sesauditd.store.executions import Executions
from tests.support import feedback as ses
from tests.support.running import Running, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def state(world: World) -> Any:
    """Return the state of SES and IAM."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.sandbox.url}/_sandbox/state") as answer,
    ):
        return await answer.json()


async def decide(program: Running, name: str, *given: str) -> None:
    """Take one decision of an operator."""
    async with program.application.deciding("operator:test") as decisions:
        await getattr(decisions, name)(*given)


async def test_every_lever_is_turned_and_turned_back(world: World, tmp_path: Path) -> None:
    sandbox, clients = world.sandbox, world.clients
    furnished = await asyncio.to_thread(
        furnish,
        sandbox.url,
        ["levers.example", "more.example"],
        region=sandbox.region,
        account_id=sandbox.account_id,
    )
    async with running(tmp_path) as program:
        for domain, login in furnished.logins.items():
            await program.adopt(domain, iam_user=login.user)
        names = Names(
            prefix="sesaudit",
            installation="main",
            account_id=sandbox.account_id,
            region=sandbox.region,
        )
        executor = Executor(
            outbox=Executions(program.application.database),
            levers=Levers.at(names, Mail(clients), Access(clients)),
            clock=lambda: program.now[0],
            patience_seconds=(0.05, 0.05),
        )
        before = await state(world)
        await program.feed([ses.bounce("Gone@x.example", ses.at(1), domain="levers.example")])
        for number in range(8):
            await decide(program, "block", f"p{number}@x.example", "levers.example", "asked")
        await decide(program, "disable", "levers.example", "hacked")
        assert await executor.tick() == 10
        await decide(program, "terminate", "k", "ended")
        assert await executor.tick() == 1
        during = json.dumps(await state(world))
        assert "Gone@x.example" in during
        assert "sesaudit-terminate" in during
        assert "p7@x.example" in during
        assert '"Inactive"' in during
        await decide(program, "restore", "k", "mistaken")
        await decide(program, "unblock", "gone@x.example", "levers.example", "back")
        for number in range(8):
            await decide(program, "unblock", f"p{number}@x.example", "levers.example", "asked")
        await executor.tick()
        states = {row[7] for row in await program.rows(tables.actions)}
        assert states == {"done", "reversed"}
        assert await state(world) == before
