"""Builds what needs no AWS: settings to store to services; the owner of the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from sesauditd.config import Policies
    from sesauditd.config.settings import Settings
    from sesauditd.enforce.weekly import Weekly
    from sesauditd.ingest.pipeline import Pipeline
    from sesauditd.model.recorded import Recorded
    from sesauditd.model.register import OwnNotices
    from sesauditd.store.decisions import Decided, Decisions
    from sesauditd.store.engine import Database
    from sesauditd.store.log import EventLog
    from sesauditd.store.register import Adoption
    from sesauditd.store.stance import Stance

NOTICES_SET = "notices"
"""Behind the installation's prefix: the configuration set of the daemon's own mail."""


def now() -> datetime:
    """Return the time of the machine's clock, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The program put together, over one open database."""

    settings: Settings
    policies: Policies
    database: Database
    clock: Callable[[], datetime]
    log: EventLog
    pipeline: Pipeline
    weekly: Weekly

    async def adopt(self, adoptions: Sequence[Adoption], *, actor: str = "operator") -> int:
        """Register domains that are set up already; return how many changed anything."""
        return await self.log.adopt(adoptions, now=self.clock(), actor=actor)

    async def replay(
        self,
        sources: Sequence[str],
        *,
        on_bytes: Callable[[int], None] | None = None,
        on_batch: Callable[[Recorded], None] | None = None,
    ) -> Recorded:
        """Record stored notifications; what follows from them is only proposed."""
        from sesauditd.ingest import replay

        lines = replay.lines(sources, on_bytes) if on_bytes else replay.lines(sources)
        if on_batch:
            return await self.pipeline.replay(lines, on_batch)
        return await self.pipeline.replay(lines)

    async def enforce(
        self, as_of: datetime | None = None, *, dry_run: bool = False
    ) -> Mapping[str, object]:
        """Judge the weeks that are owed at `as_of`; return the document that scripts read."""
        from sesauditd.model.calendar import iso
        from sesauditd.report.pages import EVERYBODY, mode_of
        from sesauditd.store.reports import overview

        moment = as_of or self.clock()
        verdicts = await self.weekly.enforce(moment, now=self.clock(), dry_run=dry_run)
        async with self.database.read() as connection:
            armings = await overview.armings(connection)
        return {
            "as_of": iso(moment),
            "mode": mode_of(str(self.settings.policy.mode), EVERYBODY, armings),
            "verdicts": verdicts,
        }

    async def rollup(self, day: datetime | None = None) -> Mapping[str, object]:
        """Compare the roll-ups of one day with its events and mend what differs."""
        from sesauditd.store import rollups

        no_feedback = frozenset(self.policies.common.general.no_complaint_feedback)
        async with self.database.write() as connection:
            return await rollups.close_day(connection, day or self.clock(), no_feedback=no_feedback)

    async def verdict_documents(self) -> Sequence[Mapping[str, object]]:
        """Return every verdict, withdrawn ones too, oldest first."""
        from sesauditd.store import documents

        async with self.database.read() as connection:
            return await documents.everything(connection)

    @asynccontextmanager
    async def deciding(self, actor: str = "operator") -> AsyncIterator[Decisions]:
        """Take operator's decisions in one transaction."""
        from sesauditd.store.decisions import Decisions

        async with self.database.write() as connection:
            yield Decisions(connection, actor, self.clock())

    async def reinstate(self, domain: str, explanation: str) -> Decided:
        """Let a domain send again."""
        async with self.deciding() as decisions:
            return await decisions.reinstate(domain, explanation)


@asynccontextmanager
async def application(
    settings: Settings, *, clock: Callable[[], datetime] = now
) -> AsyncIterator[Application]:
    """Open the database, create or upgrade its schema, and put the program together."""
    from sesauditd.config import policies_of
    from sesauditd.enforce.weekly import Weekly
    from sesauditd.ingest.pipeline import Pipeline
    from sesauditd.store.engine import Database
    from sesauditd.store.log import EventLog
    from sesauditd.store.schema import upgrade
    from sesauditd.store.weeks import Books

    policies = policies_of(settings)
    stance = stance_of(settings, policies)
    database = Database.open(settings.database.url)
    try:
        await upgrade(database)
        log = EventLog(database, stance)
        yield Application(
            settings=settings,
            policies=policies,
            database=database,
            clock=clock,
            log=log,
            pipeline=Pipeline(log, own_notices(settings), clock),
            weekly=Weekly(Books(database, stance)),
        )
    finally:
        await database.close()


def own_notices(settings: Settings) -> OwnNotices:
    """Return by what the daemon's own mail is known."""
    from sesauditd.model.addresses import canonical
    from sesauditd.model.register import OwnNotices

    return OwnNotices(
        sender=canonical(settings.notices.sender or ""),
        configuration_set=f"{settings.installation.prefix}-{NOTICES_SET}",
    )


def stance_of(settings: Settings, policies: Policies) -> Stance:
    """Return how customers are judged by some limits, in the modes that the settings name."""
    from sesauditd.store.stance import Stance

    return Stance(
        policies=policies,
        mode_of=lambda customer: str(settings.policy.mode_of(customer)),
        confirms=lambda customer: str(settings.policy.termination_of(customer)) == "confirm",
    )


@contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """Hold the process lock beside the database's file; a server's database has none.

    Yields whether its last holder came to its end. Raises Busy, naming the process, while
    another one holds it.
    """
    from sesauditd.daemon.lock import held, lock_file
    from sesauditd.store.engine import file_of

    file = file_of(settings.database.url)
    if file is None:
        yield True
        return
    with held(lock_file(file)) as ended:
        yield ended


def upgrade_database(settings: Settings) -> None:
    """Create the schema in an empty database, or bring an older one up.

    Raises Busy while a daemon works on it.
    """

    async def _upgrade() -> None:
        async with application(settings):
            pass

    with alone(settings):
        asyncio.run(_upgrade())
