"""The morning's screen says whether the daemon lives and what troubles it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from sesauditd.store import leases, watch
from sesauditd.store.reports.daemon import daemon
from sesauditd.store.tables import notices
from tests.support.databases import NEEDS_FILE

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


async def test_without_a_daemon_nothing_is_known(database: Database) -> None:
    async with database.read() as connection:
        found = await daemon(connection, NOW)
    assert not found.alive
    assert (found.last_message_at, found.account, found.troubles, found.unsent) == (
        None,
        None,
        (),
        0,
    )


@NEEDS_FILE  # A server's own clock counts there.
async def test_a_fresh_heartbeat_is_a_living_daemon(database: Database) -> None:
    async with database.write() as connection:
        await leases.take(connection, leases.DAEMON, "one", NOW)
        await watch.saw_messages(connection, NOW)
    async with database.read() as connection:
        assert (await daemon(connection, NOW + timedelta(seconds=20))).alive
        late = await daemon(connection, NOW + timedelta(minutes=2))
    assert not late.alive
    assert late.last_message_at == NOW


async def test_alarms_that_are_over_are_not_shown(database: Database) -> None:
    facts = {"summary": "Look at the queue.", "at": "2026-11-24T07:00:00Z"}
    async with database.write() as connection:
        await watch.remember(connection, "alarm:dead_pipe", {**facts, "state": "silent"}, NOW)
        await watch.remember(connection, "alarm:clock", {**facts, "state": None}, NOW)
    async with database.read() as connection:
        found = await daemon(connection, NOW)
    assert [(one.name, one.summary) for one in found.troubles] == [
        ("dead_pipe", "Look at the queue.")
    ]


async def test_notices_that_may_not_have_arrived_are_counted(database: Database) -> None:
    states = ("sent", "unknown", "failed", "requested", "undeliverable")
    async with database.write() as connection:
        for state in states:
            await connection.execute(
                insert(notices).values(
                    id=state,
                    kind="warned",
                    subject=state,
                    state=state,
                    facts={},
                    requested_at=NOW,
                    changed_at=NOW,
                )
            )
    async with database.read() as connection:
        assert (await daemon(connection, NOW)).unsent == 3
