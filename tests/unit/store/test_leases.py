"""A lease has one owner, who must show that it lives."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.daemon.lease import Lease
from sesauditd.store import leases
from sesauditd.store.leases import DAEMON, STALE
from sesauditd.store.tables import leases as rows
from tests.support.databases import NEEDS_FILE, NEEDS_SERVER

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def taken(database: Database, owner: str, after: float = 0) -> bool:
    """Try to take the daemon's lease so many seconds after noon."""
    async with database.write() as connection:
        return await leases.take(connection, DAEMON, owner, NOW + timedelta(seconds=after))


async def held_by(database: Database, after: float) -> str | None:
    """Return whose heartbeat is fresh so many seconds after noon."""
    async with database.read() as connection:
        return await leases.holder(connection, DAEMON, NOW + timedelta(seconds=after))


async def test_a_free_lease_is_taken_and_renewed(database: Database) -> None:
    assert await taken(database, "one")
    assert await taken(database, "one", 10)
    assert await held_by(database, 40) == "one"


async def test_a_second_owner_is_refused_while_the_first_lives(database: Database) -> None:
    await taken(database, "one")
    assert not await taken(database, "two", 30)
    assert await held_by(database, 30) == "one"


@NEEDS_FILE  # A server's own clock counts there.
async def test_a_silent_owner_loses_the_lease_after_thirty_seconds(database: Database) -> None:
    await taken(database, "one")
    assert await taken(database, "two", 31)
    assert not await taken(database, "one", 32)


async def test_a_lease_that_was_given_back_is_free(database: Database) -> None:
    await taken(database, "one")
    async with database.write() as connection:
        await leases.release(connection, DAEMON, "two")
    assert await held_by(database, 1) == "one"
    async with database.write() as connection:
        await leases.release(connection, DAEMON, "one")
    assert await held_by(database, 1) is None
    assert await taken(database, "two", 1)


@NEEDS_FILE  # As above.
@pytest.mark.parametrize(
    ("after", "expected"), [(0, True), (30, True), (31, False)], ids=["now", "just", "too late"]
)
async def test_a_daemon_lives_for_as_long_as_its_heartbeat_is_fresh(
    database: Database, after: float, *, expected: bool
) -> None:
    await taken(database, "one")
    async with database.read() as connection:
        now = NOW + timedelta(seconds=after)
        assert await leases.alive(connection, DAEMON, now) is expected


async def test_without_a_lease_no_daemon_lives(database: Database) -> None:
    async with database.read() as connection:
        assert not await leases.alive(connection, DAEMON, NOW)


@NEEDS_FILE  # A server's own clock counts there.
async def test_a_clock_that_was_set_back_does_not_keep_a_lease_for_hours(
    database: Database,
) -> None:
    await taken(database, "one")
    assert await held_by(database, -3 * 3600) is None
    assert await taken(database, "two", -3 * 3600)


@NEEDS_FILE  # A server's own clock counts there.
async def test_of_two_daemons_on_one_database_one_holds_the_lease(database: Database) -> None:
    seconds = [0.0]
    one, two = (
        Lease(
            leases=leases.Leases(database),
            name=DAEMON,
            owner=owner,
            clock=lambda: NOW + timedelta(seconds=seconds[0]),
            elapsed=lambda: seconds[0],
        )
        for owner in ("one", "two")
    )
    assert sorted(await asyncio.gather(one.renew(), two.renew())) == [False, True]
    leading, waiting = (one, two) if one.held else (two, one)
    seconds[0] = 31
    assert (leading.held, await waiting.renew(), await leading.renew()) == (False, True, False)
    await waiting.release()
    assert await leading.renew()


@NEEDS_SERVER
async def test_machines_whose_clocks_differ_by_hours_do_not_take_a_lease_from_each_other(
    database: Database,
) -> None:
    assert await taken(database, "one", -7200)
    assert not await taken(database, "two", 7200)
    assert await held_by(database, 7200) == "one"
    async with database.write() as connection:
        before = (await connection.execute(rows.select())).one().heartbeat_at
        late = before - STALE - timedelta(seconds=1)
        await connection.execute(rows.update().values(heartbeat_at=late))
    assert await held_by(database, 0) is None
    assert await taken(database, "two", -7200)
