"""A whole program over a database of its own, with a clock that the test moves."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.ingest.reader import RawLine
from sesauditd.store.register import Adoption
from tests.support.databases import url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sesauditd.bootstrap import Application
    from sesauditd.config import Settings
    from sesauditd.model.recorded import Recorded

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@dataclass(slots=True)
class Running:
    """An application, and the pieces of it that tests reach for."""

    application: Application
    now: list[datetime] = field(default_factory=list)

    async def adopt(self, domain: str = "a.example", customer: str = "k", **more: Any) -> int:
        """Register a domain."""
        contact = f"owner@{customer}-home.example"
        adoption = Adoption(domain=domain, customer=customer, contact=contact, **more)
        return await self.application.adopt([adoption])

    async def feed(self, events: Sequence[Any], *, proposed: bool = False) -> Recorded:
        """Record events in one batch, as the live daemon does unless they are proposed."""
        lines = [
            RawLine(text=json.dumps(event).encode(), origin_source="test.jsonl", line=number)
            for number, event in enumerate(events, start=1)
        ]
        return await self.application.pipeline.handle(lines, proposed=proposed)

    async def states(self) -> dict[str, str]:
        """Return the newest state of each rule's verdict."""
        documents = await self.application.verdict_documents()
        return {str(one["rule"]): str(one["state"]) for one in documents}

    async def rows(self, table: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a table."""
        async with self.application.database.read() as connection:
            return [tuple(row) for row in await connection.execute(table.select())]


def settings_in(folder: Path, policy: str) -> Settings:
    """Return the settings of a configuration written into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    config.write_text(f'[database]\nurl = "{url_of(folder / "t.db")}"\n[policy]\n{policy}\n')
    return load(config, {})


@asynccontextmanager
async def running(folder: Path, policy: str = 'mode = "enforce"') -> AsyncIterator[Running]:
    """Open a program in the folder; its clock stands at `NOW` until it is moved."""
    now = [NOW]
    settings = settings_in(folder, policy)
    async with bootstrap.application(settings, clock=lambda: now[0]) as application:
        yield Running(application, now)
