"""Digests hold what is new since the last, once, and come at most once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.calendar import Week
from sesauditd.notices.compose import Composer
from sesauditd.store import digests, tables
from sesauditd.store.notices import Outbox
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DAY = timedelta(days=1)
COMPOSER = Composer(sender="mail@host.example", configuration_set="sesaudit-notices")


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with two customers."""
    async with running(tmp_path) as one:
        await one.adopt()
        await one.adopt("b.example", "m")
        yield one


async def block(program: Running, *recipients: str, domain: str = "a.example") -> None:
    """Let recipients bounce, and carry the blocks out."""
    at = program.now[0] - timedelta(hours=1)
    await program.feed([ses.bounce(one, at, domain=domain) for one in recipients])
    async with program.application.database.write() as connection:
        await connection.execute(
            tables.actions.update()
            .where(tables.actions.c.state == "requested")
            .values(state="done", changed_at=program.now[0])
        )


async def ask(program: Running, wanted: Any, *more: Any) -> Any:
    """Ask for digests at the program's time."""
    async with program.application.database.write() as connection:
        return await wanted(connection, *more, program.now[0])


async def facts(program: Running, kind: str) -> list[Any]:
    """Return the facts of every notice of a kind, the oldest first; all can be composed."""
    outbox = Outbox(program.application.database, ["ops@host.example"])
    for posting in await outbox.due(program.now[0], 100):
        COMPOSER.compose(posting.notice, posting.to, program.now[0])
    async with program.application.database.read() as connection:
        query = tables.notices.select().order_by(tables.notices.c.requested_at)
        rows = await connection.execute(query.where(tables.notices.c.kind == kind))
        return [row.facts for row in rows]


async def test_each_customer_gets_one_digest_of_its_own_blocks(program: Running) -> None:
    await block(program, "p@x.example", "q@x.example")
    await block(program, "r@x.example", domain="b.example")
    assert await ask(program, digests.blocked_digests) == 2
    told = await facts(program, "blocked")
    assert sorted((one["customer"], one["count"]) for one in told) == [("k", 2), ("m", 1)]
    first = next(one for one in told if one["customer"] == "k")["blocks"][0]
    assert (first["recipient"], first["lever"], first["until"]) == (
        "p@x.example",
        "account_list",
        None,
    )
    assert first["evidence"][0]["object"] == "test.jsonl"


async def test_a_block_is_told_once_and_nothing_new_makes_no_mail(program: Running) -> None:
    await block(program, "p@x.example")
    assert await ask(program, digests.blocked_digests) == 1
    program.now[0] += DAY
    assert await ask(program, digests.blocked_digests) == 0
    await block(program, "q@x.example")
    assert await ask(program, digests.blocked_digests) == 1
    told = await facts(program, "blocked")
    assert [[each["recipient"] for each in one["blocks"]] for one in told] == [
        ["p@x.example"],
        ["q@x.example"],
    ]


async def test_what_was_blocked_after_todays_digest_is_told_tomorrow(program: Running) -> None:
    await block(program, "p@x.example")
    assert await ask(program, digests.blocked_digests) == 1
    program.now[0] += timedelta(minutes=10)
    await block(program, "q@x.example")
    assert await ask(program, digests.blocked_digests) == 0
    program.now[0] += DAY
    assert await ask(program, digests.blocked_digests) == 1
    assert (await facts(program, "blocked"))[1]["count"] == 1


async def test_a_row_that_was_committed_a_moment_late_is_not_forgotten(program: Running) -> None:
    await block(program, "p@x.example")
    assert await ask(program, digests.blocked_digests) == 1
    earlier = program.now[0] - timedelta(minutes=2)
    await block(program, "q@x.example")
    async with program.application.database.write() as connection:
        late = tables.actions.c.recipient == "q@x.example"
        await connection.execute(tables.actions.update().where(late).values(changed_at=earlier))
    program.now[0] += DAY
    assert await ask(program, digests.blocked_digests) == 1


async def test_blocks_that_were_not_carried_out_or_were_lifted_are_not_told(
    program: Running,
) -> None:
    await program.feed([ses.bounce("p@x.example", NOW - timedelta(hours=1))])
    assert await ask(program, digests.blocked_digests) == 0
    await block(program, "q@x.example")
    async with program.application.deciding() as decisions:
        await decisions.unblock("q@x.example", "a.example", "mailbox is back")
        await decisions.unblock("p@x.example", "a.example", "mailbox is back")
    assert await ask(program, digests.blocked_digests) == 0


async def test_a_storm_of_blocks_is_one_short_digest(program: Running) -> None:
    await block(program, *(f"p{number:03d}@x.example" for number in range(90)))
    assert await ask(program, digests.blocked_digests) == 1
    (told,) = await facts(program, "blocked")
    assert (told["count"], len(told["blocks"])) == (90, digests.TOLD)


async def test_shadow_mode_is_told_daily_what_would_have_been_done(tmp_path: Path) -> None:
    async with running(tmp_path, 'mode = "shadow"') as program:
        await program.adopt()
        assert not await ask(program, digests.shadow_digest)
        await program.feed(
            [ses.reject("p@x.example", ses.at(7, 12)), ses.bounce("q@x.example", ses.at(7))]
        )
        assert await ask(program, digests.shadow_digest)
        assert not await ask(program, digests.shadow_digest)
        program.now[0] += DAY
        assert not await ask(program, digests.shadow_digest)
        await program.feed([ses.bounce("r@x.example", ses.at(7))])
        assert await ask(program, digests.shadow_digest)
        first, second = await facts(program, "shadow_digest")
    assert [(one["does"], one["domain"]) for one in first["verdicts"]] == [
        ("disable_domain", "a.example")
    ]
    assert first["blocks"] == [{"customer": "k", "count": 1}]
    assert (second["verdicts"], second["blocks"]) == ([], [{"customer": "k", "count": 1}])
    assert second["since"] == first["until"]


async def test_enforcing_makes_no_shadow_digest(program: Running) -> None:
    await program.feed([ses.bounce("q@x.example", ses.at(7))])
    assert not await ask(program, digests.shadow_digest)


async def test_a_week_is_summed_up_once_by_customer(program: Running) -> None:
    feeding = [
        *(ses.delivery(f"d{number}@x.example", ses.at(1)) for number in range(8)),
        *(ses.bounce(f"p{number}@x.example", ses.at(2)) for number in range(2)),
        ses.complaint("c@x.example", ses.at(3)),
        ses.delivery("other@x.example", ses.at(6, 23, 59), domain="b.example"),
        ses.delivery("next-week@x.example", ses.at(7), domain="b.example"),
    ]
    await program.feed(feeding)
    week = Week(datetime(2026, 11, 16, tzinfo=UTC))
    assert await ask(program, digests.weekly_summary, week)
    assert not await ask(program, digests.weekly_summary, week)
    (told,) = await facts(program, "weekly_summary")
    lines = {
        one["customer"]: (one["mailed"], one["hard_bounces"], one["complaints"], one["blocks"])
        for one in told["customers"]
    }
    assert lines == {"k": (10, 2, 1, 2), "m": (1, 0, 0, 0)}
    assert told["total"]["mailed"] == 11
    assert (told["week"], told["waiting"], told["unsent"]) == ("2026-W47", 0, [])
