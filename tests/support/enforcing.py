"""A program whose executor turns twins of SES and IAM, with a clock that the test moves."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.enforce.executor import Executor
from sesauditd.enforce.levers import Levers
from sesauditd.enforce.naming import Names
from sesauditd.store import tables
from sesauditd.store.executions import Executions
from tests.support.running import Running, running
from tests.support.twins import ACCOUNT, TwinAccess, TwinMail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAMES = Names(prefix="sesaudit", installation="main", account_id=ACCOUNT, region="eu-west-1")
PATIENCE = (0.0, 0.0)


@dataclass(slots=True)
class Enforcing:
    """A program, AWS, and the executor between them."""

    program: Running
    mail: TwinMail = field(default_factory=TwinMail)
    access: TwinAccess = field(default_factory=TwinAccess)
    executor: Executor = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def on(self, *, mail: TwinMail | None = None, access: TwinAccess | None = None) -> None:
        """Go on with other twins in the same state."""
        for new, old in ((mail, self.mail), (access, self.access)):
            if new is not None:
                for one in fields(old) if is_dataclass(old) else ():
                    setattr(new, one.name, getattr(old, one.name))
                if not is_dataclass(old):
                    vars(new).update(vars(old))
        self.mail, self.access = mail or self.mail, access or self.access
        self.restart()

    def restart(self) -> None:
        """Start as after a crash: nothing is remembered but what is stored."""
        self.executor = Executor(
            outbox=Executions(self.program.application.database),
            levers=Levers.at(NAMES, self.mail, self.access),
            clock=lambda: self.program.now[0],
            patience_seconds=PATIENCE,
        )

    async def adopt(self, domain: str, customer: str = "k", user: str | None = None) -> None:
        """Register a domain with its identity, its set and, if named, its IAM user."""
        await self.program.adopt(domain, customer, iam_user=user)
        self.mail.add_identity(domain, f"set-{domain.replace('.', '-')}")
        if user is not None and user not in self.access.users:
            self.access.add_user(user, f"AKIA1{user}", f"AKIA2{user}")

    async def decide(self, name: str, *given: Any, **named: Any) -> Any:
        """Take one decision of an operator."""
        async with self.program.application.deciding("operator:test") as decisions:
            return await getattr(decisions, name)(*given, **named)

    async def tick(self) -> int:
        """Carry out what is due."""
        return await self.executor.tick()

    async def settle(self, *, hours: float = 2) -> None:
        """Let time pass and carry out what waited."""
        self.program.now[0] += timedelta(hours=hours)
        await self.tick()

    async def states(self) -> list[tuple[str, str]]:
        """Return (kind, state) of every action, sorted."""
        return sorted((row["kind"], row["state"]) for row in await self.actions())

    async def actions(self, **where: Any) -> list[dict[str, Any]]:
        """Return actions, oldest first, those with some values."""
        return await self.rows(tables.actions, tables.actions.c.requested_at, **where)

    async def notices(self) -> list[tuple[str, str]]:
        """Return (kind, customer) of every notice, sorted."""
        found = await self.rows(tables.notices, tables.notices.c.requested_at)
        return sorted((row["kind"], row["customer"] or "") for row in found)

    async def rows(self, table: Any, order: Any, **where: Any) -> list[dict[str, Any]]:
        """Return rows of a table, those with some values."""
        query = table.select().order_by(order)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        async with self.program.application.database.read() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    @property
    def changes(self) -> list[str]:
        """Return every call that changed SES or IAM."""
        return [*self.mail.failures.changes, *self.access.failures.changes]

    def world(self) -> str:
        """Return the state of SES and IAM as text, to be compared."""
        users = {
            name: {"keys": one.keys, "inline": one.inline, "attached": sorted(one.attached)}
            for name, one in self.access.users.items()
        }
        whole = {
            "listed": self.mail.listed,
            "sets": self.mail.sets,
            "users": users,
            "policies": self.access.policies,
        }
        return json.dumps(whole, sort_keys=True, indent=1)


@asynccontextmanager
async def enforcing(folder: Path, policy: str = 'mode = "enforce"') -> AsyncIterator[Enforcing]:
    """Open a program with one customer `k`: two domains, an IAM user of its own."""
    async with running(folder, policy) as program:
        one = Enforcing(program)
        await one.adopt("a.example", user="site-k")
        await one.adopt("b.example", user="site-k")
        await one.adopt("other.example", "m", user="site-m")
        yield one
