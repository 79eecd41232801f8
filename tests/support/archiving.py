"""A daemon's days without AWS: what is received goes to a folder as to S3, then into the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.bootstrap.program import application
from sesauditd.config import load
from sesauditd.ingest.batch import Received, pack, raw_lines
from sesauditd.ingest.trust import QueuePolicy
from sesauditd.jobs.journal import JournalCopy
from sesauditd.store.copied import JournalRows
from sesauditd.store.register import Adoption
from sesauditd.store.watch import Memory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sesauditd.bootstrap.program import Application
    from sesauditd.model.recorded import Recorded

TOPIC = "arn:aws:sns:eu-west-1:111122223333:sesaudit-feedback"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Days:
    """One installation whose archive is a folder, at a moment that its test sets."""

    folder: Path
    program: Application
    moment: datetime
    numbers: int = field(default=0, init=False)

    @property
    def archive(self) -> Path:
        """Return the folder that stands for the archive's prefix."""
        return self.folder / "archive"

    @property
    def file(self) -> Path:
        """Return the database."""
        return self.folder / "test.db"

    async def keep(self, key_suffix: str, body: bytes, _sha256: bytes) -> str:
        """Keep an object as the archive on S3 does."""
        path = self.archive / key_suffix
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return f"sesauditd/{key_suffix}"

    async def adopt(self, domain: str, customer: str) -> None:
        """Register a domain of a customer of long ago."""
        await self.program.adopt(
            [
                Adoption(
                    domain=domain,
                    customer=customer,
                    contact=f"owner@{customer}-home.example",
                    since=LONG_AGO,
                )
            ]
        )

    async def receive(self, bodies: Sequence[str | dict[str, Any]], at: datetime) -> Recorded:
        """Take in one batch, as the daemon does: archived first, then recorded."""
        self.moment = at
        batch = [self._received(one, at) for one in bodies]
        packed = pack(batch)
        key = await self.keep(packed.key, packed.body, packed.sha256)
        examined = await QueuePolicy(frozenset({TOPIC})).examine(raw_lines(batch, key))
        return await self.program.pipeline.handle(list(examined.lines), proposed=False)

    async def judge(self, at: datetime) -> None:
        """Judge the weeks that are owed, as the daemon does on a Monday."""
        self.moment = at
        await self.program.weekly.enforce(at, now=at, dry_run=False)

    async def copy_journal(self) -> None:
        """Copy what is new in the journal, as the daemon does within a minute."""
        database = self.program.database
        copy = JournalCopy(rows=JournalRows(database), archive=self, notes=Memory(database))
        await copy.run(self.moment)

    def _received(self, body: str | dict[str, Any], at: datetime) -> Received:
        self.numbers += 1
        text = body if isinstance(body, str) else json.dumps(body)
        return Received(
            message_id=f"message-{self.numbers}",
            receipt="",
            body=text.encode(),
            sent_at=at - timedelta(seconds=1),
            receive_count=1,
            received_at=at,
        )


@asynccontextmanager
async def days(folder: Path, start: datetime, more: str = "") -> AsyncIterator[Days]:
    """Open an installation in an empty folder."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    text = (
        f'[database]\nurl = "sqlite:///{folder / "test.db"}"\n[policy]\nmode = "enforce"\n'
        f'[queue]\ntopic_arns = ["{TOPIC}"]\n[archive]\nprefix = "sesauditd"\n{more}'
    )
    config = folder / "config.toml"
    config.write_text(text)
    held: list[Days] = []
    async with application(load(config, {}), clock=lambda: held[0].moment) as program:
        held.append(Days(folder, program, start))
        yield held[0]
