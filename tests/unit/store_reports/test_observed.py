"""Pages of events and of the quarantine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from sesauditd.store import tables
from sesauditd.store.reports import observed
from tests.support.databases import NEEDS_FILE
from tests.unit.store_reports.filled import HOUR, NOW, WEEK, Filling, filling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.figures import StoredEvent
    from sesauditd.store.engine import Database


async def some_events(fill: Filling) -> None:
    await fill.source()
    await fill.domain("a.example")
    await fill.domain("b.example", "other")
    for hour in range(5):
        await fill.event("a.example", WEEK + hour * HOUR, "Send", "x@y.example")
        await fill.event(
            "b.example", WEEK + (hour + 0.5) * HOUR, "Bounce", "x@y.example", "z@y.example"
        )
    await fill.event(None, WEEK + 9 * HOUR, "Send", flags="unattributed")
    await fill.event(None, WEEK + 10 * HOUR, "Delivery", flags="own_notice")


async def page(database: Database, **wanted: Any) -> Sequence[StoredEvent]:
    async with database.read() as connection:
        return await observed.events_page(connection, **({"limit": 100} | wanted))


async def test_an_empty_database_has_nothing_to_show(database: Database) -> None:
    async with database.read() as connection:
        assert await observed.events_page(connection, limit=10) == ()
        assert await observed.events_page(connection, limit=10, unattributed=True) == ()
        assert await observed.quarantined_page(connection, limit=10) == ()
        assert await observed.newest_event_at(connection) is None
        assert await observed.unattributed_count(connection) == 0
        assert await observed.quarantined_count(connection) == 0


async def test_the_newest_events_of_all_domains_come_first(database: Database) -> None:
    async with filling(database) as fill:
        await some_events(fill)
    found = await page(database)
    assert len(found) == 12
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    newest = await page(database, limit=4)
    assert [one.key for one in newest] == [one.key for one in found[:4]]
    assert [one.domain for one in newest] == [None, None, "b.example", "a.example"]


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        pytest.param({"domain": "a.example"}, 5, id="of-a-domain"),
        pytest.param({"domain": "c.example"}, 0, id="of-a-domain-without-events"),
        pytest.param({"kind": "Bounce"}, 5, id="of-a-kind"),
        pytest.param({"kind": "Send"}, 6, id="of-a-kind-that-nobody-owns-too"),
        pytest.param({"domain": "a.example", "kind": "Bounce"}, 0, id="of-both"),
        pytest.param({"since": WEEK + 4 * HOUR}, 4, id="since-then-that-moment-included"),
        pytest.param({"unattributed": True}, 1, id="of-nobody-but-no-own-notices"),
        pytest.param({"unattributed": True, "since": NOW}, 0, id="of-nobody-lately"),
    ],
)
async def test_events_are_found_by(
    database: Database, wanted: dict[str, object], number: int
) -> None:
    async with filling(database) as fill:
        await some_events(fill)
    assert len(await page(database, **wanted)) == number


async def test_an_event_says_whose_it_is_and_where_its_body_is(database: Database) -> None:
    async with filling(database) as fill:
        await some_events(fill)
    (found,) = await page(database, domain="b.example", limit=1)
    assert (found.customer, found.archive) == ("other", "feedback.jsonl")
    assert [one.recipient for one in found.recipients] == ["x@y.example", "z@y.example"]
    (nobodys,) = await page(database, unattributed=True)
    assert (nobodys.customer, nobodys.flags) == (None, ("unattributed",))


@NEEDS_FILE  # These are the plans of SQLite.
async def test_no_page_scans_the_events_without_an_index(database: Database) -> None:
    async with filling(database) as fill:
        await some_events(fill)
    said: list[str] = []
    async with database.read() as connection:

        def keep(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
            said.append(statement)
            del parameters

        event.listen(connection.sync_connection, "before_cursor_execute", keep)
        wants: tuple[dict[str, Any], ...] = (
            {},
            {"domain": "a.example"},
            {"unattributed": True},
            {"since": WEEK},
        )
        for wanted in wants:
            await observed.events_page(connection, limit=5, **wanted)
        await observed.newest_event_at(connection)
        await observed.unattributed_count(connection)
        plans = [
            str(row[-1])
            for statement in list(said)
            for row in await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", tuple("0" * statement.count("?"))
            )
        ]
    touching = [
        one for one in plans if one.split()[:2] in (["SCAN", "events"], ["SEARCH", "events"])
    ]
    assert touching
    assert not [one for one in touching if one.startswith("SCAN")], touching
    assert not [one for one in plans if "TEMP B-TREE FOR ORDER BY" in one and "event" in one]


async def test_the_newest_event_may_be_nobodys(database: Database) -> None:
    async with filling(database) as fill:
        await some_events(fill)
    async with database.read() as connection:
        assert await observed.newest_event_at(connection) == WEEK + 10 * HOUR
        assert await observed.unattributed_count(connection) == 1


async def test_what_could_not_be_read_is_shown_by_its_beginning(database: Database) -> None:
    bodies = {
        b"\x00": b"garbage " * 100,
        b"\x01": "é".encode() * 300,
        b"\x02": b"\xff\xfe not utf-8",
        b"\x03": b"",
    }
    async with filling(database) as fill:
        await fill.source("later.jsonl", 1)
        await fill.source("a.jsonl", 2)
        for line, (mark, body) in enumerate(bodies.items(), start=1):
            await fill.put(
                tables.quarantine,
                sha256=mark * 32,
                received_at=NOW - timedelta(hours=line // 3),
                reason="not JSON",
                body=body,
                archive_object=1 + line % 2,
                line=line,
            )
    async with database.read() as connection:
        found = await observed.quarantined_page(connection, limit=10)
        assert [(one.source, one.line) for one in found] == [
            ("a.jsonl", 1),
            ("later.jsonl", 2),
            ("a.jsonl", 3),
            ("later.jsonl", 4),
        ]
        assert found[0].body == ("garbage " * 10)
        assert found[1].body == "é" * 80
        assert found[2].body == "\ufffd\ufffd not utf-8"
        assert found[3].body == ""
        assert len(await observed.quarantined_page(connection, limit=10, since=NOW)) == 2
        assert len(await observed.quarantined_page(connection, limit=3)) == 3
        assert await observed.quarantined_count(connection) == 4
