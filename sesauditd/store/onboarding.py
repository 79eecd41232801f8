"""Steps of setting up and onboarding: begun before AWS is asked, done once it was read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from sesauditd.model.calendar import aware
from sesauditd.model.plan import Verb
from sesauditd.store.statements import upsert
from sesauditd.store.tables import onboarding_steps

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.plan import JSON, Change
    from sesauditd.store.engine import Database

ACCOUNT: Final = "(account)"
"""Stands in the place of a domain where a step is about the whole account."""
BEGUN: Final = "begun"
DONE: Final = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row: how far a step of a domain has come, and since when."""

    domain: str
    step: str
    state: str
    detail: Mapping[str, JSON]
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLog:
    """The changes of one domain, or of the account; each row is committed by itself."""

    database: Database
    domain: str
    clock: Callable[[], datetime]

    async def begin(self, change: Change) -> None:
        """Keep that a change is about to be made."""
        await self._put(change, BEGUN)

    async def finish(self, change: Change) -> None:
        """Keep that a change was made and read back."""
        await self._put(change, DONE)

    async def begun_creations(self) -> frozenset[str]:
        """Return the resources that were begun when there were none, and may have been made."""
        async with self.database.read() as connection:
            found = await steps(connection, domain=self.domain, state=BEGUN)
        return frozenset(one.step for one in found if one.detail.get("verb") == Verb.CREATE)

    async def _put(self, change: Change, state: str) -> None:
        detail: Mapping[str, JSON] = {
            "verb": str(change.verb),
            "before": change.before,
            "after": change.after,
        }
        async with self.database.write() as connection:
            await note(
                connection, self.domain, change.resource, state, detail=detail, now=self.clock()
            )


async def note(
    connection: AsyncConnection,
    domain: str,
    step: str,
    state: str,
    *,
    detail: Mapping[str, JSON],
    now: datetime,
) -> None:
    """Keep how far a step of a domain has come, in the place of what was kept before.

    `detail` never holds a secret. Raises ValueError for a time without a zone.
    """
    fresh = {"state": state, "detail": dict(detail), "changed_at": aware(now)}
    await connection.execute(
        upsert(connection, onboarding_steps)
        .values(domain=domain, step=step, **fresh)
        .on_conflict_do_update(index_elements=["domain", "step"], set_=fresh)
    )


async def steps(
    connection: AsyncConnection, *, domain: str = "", step: str = "", state: str = ""
) -> Sequence[Step]:
    """Return the steps, oldest first, narrowed where asked."""
    query = select(onboarding_steps).order_by(
        onboarding_steps.c.changed_at, onboarding_steps.c.domain, onboarding_steps.c.step
    )
    chosen = {"domain": domain, "step": step, "state": state}
    for column, value in chosen.items():
        if value:
            query = query.where(onboarding_steps.c[column] == value)
    return [
        Step(
            domain=row.domain,
            step=row.step,
            state=row.state,
            detail=row.detail or {},
            changed_at=row.changed_at,
        )
        for row in await connection.execute(query)
    ]


async def unfinished(connection: AsyncConnection) -> Sequence[str]:
    """Return the domains whose plan was interrupted, in the order of the alphabet."""
    found = await steps(connection, state=BEGUN)
    return sorted({one.domain for one in found} - {ACCOUNT})


async def settle(connection: AsyncConnection, domain: str, now: datetime) -> None:
    """Mark what was begun for a domain as done: a look found that it holds."""
    await connection.execute(
        update(onboarding_steps)
        .where(onboarding_steps.c.domain == domain, onboarding_steps.c.state == BEGUN)
        .values(state=DONE, changed_at=aware(now))
    )


async def forget(connection: AsyncConnection, domain: str) -> None:
    """Forget all steps of a domain, as when it was offboarded."""
    await connection.execute(delete(onboarding_steps).where(onboarding_steps.c.domain == domain))
