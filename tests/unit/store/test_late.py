"""Events that came before their domain was registered count once it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.model.touched import Touched
from sesauditd.store import late, register
from sesauditd.store.tables import events, reached, rollups, strikes
from tests.unit.store.making import NO_FEEDBACK, START, Message, adopt, adoption, keep, rows

if TYPE_CHECKING:
    import pytest

    from sesauditd.store.engine import Database

DAY = timedelta(days=1)


async def catch_up(database: Database) -> Touched:
    """Attribute what can be attributed now."""
    async with database.write() as connection:
        owners = await register.snapshot(connection)
        return await late.attribute_late(connection, owners, no_feedback=NO_FEEDBACK)


async def owners_of(database: Database) -> list[tuple[object, object]]:
    """Return domain and flags of every event, by time."""
    found = sorted(await rows(database, events), key=lambda row: row["at"])
    return [(row["domain"], row["flags"]) for row in found]


async def test_nothing_waits_in_an_empty_database(database: Database) -> None:
    assert await catch_up(database) == Touched()


async def test_only_the_mail_of_the_registered_domain_is_attributed(database: Database) -> None:
    await keep(
        database,
        Message(name="m1", domain="shop.a.example").delivered(),
        Message(name="m2", domain="b.example", at=START + DAY).bounced_hard(),
    )
    await adopt(database, adoption("a.example", "k"))
    touched = await catch_up(database)
    at = START + timedelta(seconds=2)
    assert touched == Touched(domains={"a.example": (at, at)})
    assert await owners_of(database) == [("a.example", ""), (None, "unattributed")]
    assert await catch_up(database) == Touched()


async def test_a_caller_of_somebody_else_is_flagged(database: Database) -> None:
    message = Message(name="m1", domain="a.example", caller="l-smtp")
    await keep(database, message.delivered())
    await adopt(database, adoption("a.example", "k"), adoption("b.example", "l", "l-smtp"))
    await catch_up(database)
    assert await owners_of(database) == [("b.example", "foreign_caller")]


async def test_mail_of_years_is_attributed_piece_by_piece(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [Message(name=f"m{day}", at=START + day * DAY) for day in range(7)]
    await keep(database, *(one.bounced_soft(after=timedelta(0)) for one in mails))
    await keep(database, *(one.delivered(after=timedelta(0)) for one in mails[:3]))
    await keep(database, *(one.bounced_hard() for one in mails[2:5]))
    await adopt(database, adoption("a.example", "k"))
    monkeypatch.setattr(late, "BATCH", 2)
    touched = await catch_up(database)
    assert touched.recipients == {("k", "ann@x.example")}
    assert touched.domains == {"a.example": (START, mails[6].at)}
    assert len(await rows(database, strikes)) == 4 + 3
    assert [row["message_id"] for row in await rows(database, reached)] == ["m0"]
    counts: dict[str, int] = {}
    for row in await rows(database, rollups):
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + row["count"]
    assert counts == {"auto_reply": 3, "soft_bounce": 4, "delivered": 3, "hard_bounce": 3}
