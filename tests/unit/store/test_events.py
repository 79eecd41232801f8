"""What a batch leaves behind, what it counts, and what it says must be judged anew."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sesauditd.model.calendar import HOUR, hour_of
from sesauditd.model.classify import interpret
from sesauditd.model.events import Feedback, Named, Origin, Reading
from sesauditd.model.recorded import Recorded
from sesauditd.model.statistics import different
from sesauditd.model.touched import Touched
from sesauditd.store.tables import (
    archive_objects,
    deliveries,
    event_recipients,
    events,
    quarantine,
    reached,
    rollups,
    strikes,
)
from tests.unit.store.making import RECEIVED, START, Message, adopt, adoption, keep, rows

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

DAY = timedelta(days=1)
ANN = ("k", "ann@x.example")


@pytest.fixture
async def shop(database: Database) -> Database:
    """Return a database in which customer k owns two domains."""
    await adopt(database, adoption("a.example", "k"), adoption("b.example", "k"))
    return database


def unreadable(text: bytes, source: str = "first.jsonl") -> Reading:
    """Return what cannot be read."""
    origin = Origin(source=source, line=7, sha256=text.ljust(32, b"."))
    return Reading(origin=origin, received_at=RECEIVED, unreadable="no JSON", body=text)


async def test_every_reading_is_counted_once_by_what_became_of_it(shop: Database) -> None:
    sent = Message(name="m1").tells("Send")
    noise = Reading(origin=sent.origin, received_at=RECEIVED, noise="validation")
    counts, _ = await keep(shop, sent, sent, noise, unreadable(b"x"), unreadable(b"y"))
    assert counts == Recorded(recorded=1, duplicates=1, quarantined=2, ignored=1)
    counts, _ = await keep(shop, sent, unreadable(b"x"))
    assert counts == Recorded(recorded=0, duplicates=1, quarantined=1, ignored=0)


async def test_nothing_changes_nothing(shop: Database) -> None:
    assert await keep(shop) == (Recorded(), Touched())


async def test_what_cannot_be_read_is_kept_once_with_its_reason(shop: Database) -> None:
    await keep(shop, unreadable(b"x"), unreadable(b"x", "second.jsonl"))
    await keep(shop, unreadable(b"x", "third.jsonl"))
    (found,) = await rows(shop, quarantine)
    assert (found["reason"], found["body"]) == ("no JSON", b"x")


async def test_where_the_first_arrival_is_kept_stays_known(shop: Database) -> None:
    first = Message(name="m1").tells("Send")
    again = replace(first, origin=replace(first.origin, source="second.jsonl", line=9))
    await keep(shop, first, again)
    await keep(shop, again)
    async with shop.read() as connection:
        found = (
            await connection.execute(
                events.select().join_from(
                    events, archive_objects, archive_objects.c.id == events.c.archive_object
                )
            )
        ).one()
        sources = (await connection.execute(archive_objects.select())).all()
    assert (found.line, found.sha256) == (1, first.origin.sha256)
    assert {row.source for row in sources} == {"first.jsonl", "second.jsonl"}


async def test_thousands_of_events_fit_into_one_batch(shop: Database) -> None:
    people = [f"p{number}@x.example" for number in range(2500)]
    mails = [Message(name=f"m{number}", to=(one,)) for number, one in enumerate(people)]
    counts, _ = await keep(shop, *(one.delivered() for one in mails))
    assert counts.recorded == 2500
    counts, touched = await keep(
        shop, *(one.delivered() for one in mails), *(one.bounced_hard() for one in mails)
    )
    assert (counts.recorded, counts.duplicates) == (2500, 2500)
    assert len(touched.recipients) == 2500
    assert await rows(shop, reached) == []


async def test_a_mail_of_nobody_is_kept_and_counts_for_nobody(shop: Database) -> None:
    stranger = Message(name="m1", domain="u.example")
    counts, touched = await keep(shop, stranger.bounced_hard(), stranger.delivered())
    assert (counts.recorded, touched) == (2, Touched())
    assert {row["flags"] for row in await rows(shop, events)} == {"unattributed"}
    for table in (strikes, rollups, deliveries, reached):
        assert await rows(shop, table) == []


async def test_own_notices_are_kept_and_count_for_nobody(shop: Database) -> None:
    feedback = Feedback(
        kind="Bounce",
        message_id="m1",
        feedback_id="f",
        mail_at=START,
        source="notices@a.example",
        identity="a.example",
        named=(Named(address="ann@x.example", spelling="ann@x.example"),),
        type="Permanent",
        subtype="General",
    )
    notice = interpret(feedback, received_at=RECEIVED, own_notice=True)
    origin = Origin(source="first.jsonl", line=1, sha256=bytes(32))
    counts, touched = await keep(shop, Reading(origin=origin, received_at=RECEIVED, event=notice))
    assert (counts.recorded, touched) == (1, Touched())
    assert [row["flags"] for row in await rows(shop, events)] == ["own_notice"]
    assert [row["outcome"] for row in await rows(shop, event_recipients)] == ["notice"]
    assert await rows(shop, rollups) == []


async def test_the_simulator_is_rolled_up_but_strikes_nobody(shop: Database) -> None:
    test = Message(name="m1", to=("bounce@simulator.amazonses.com",))
    _, touched = await keep(shop, test.bounced_hard())
    assert touched.recipients == frozenset()
    assert [row["outcome"] for row in await rows(shop, rollups)] == ["simulated"]
    assert await rows(shop, strikes) == []


async def test_a_bounce_touches_its_recipient_and_its_domain(shop: Database) -> None:
    message = Message(name="m1", to=("ann@x.example", "bob@x.example"))
    _, touched = await keep(
        shop, message.tells("Send"), message.bounced_hard("ann@x.example", after=DAY)
    )
    assert touched == Touched(
        recipients=frozenset({ANN}), domains={"a.example": (START, START + DAY)}
    )


async def test_a_repeated_bounce_touches_nothing(shop: Database) -> None:
    bounce = Message(name="m1").bounced_hard()
    await keep(shop, bounce)
    assert (await keep(shop, bounce))[1] == Touched()


async def test_a_reject_for_a_virus_touches_the_customer(shop: Database) -> None:
    infected = Message(name="m1").tells("Reject", reason="Bad content")
    clean = Message(name="m2", domain="b.example").tells("Reject", reason="Other")
    _, touched = await keep(shop, infected, clean)
    assert touched.infected == {"k"}
    assert set(touched.domains) == {"a.example", "b.example"}


async def test_an_answer_that_comes_after_the_delivery_is_no_strike(shop: Database) -> None:
    message = Message(name="m1")
    await keep(shop, message.delivered())
    _, touched = await keep(shop, message.bounced_soft())
    assert touched.recipients == frozenset()
    assert await rows(shop, strikes) == []
    assert {row["outcome"] for row in await rows(shop, rollups)} == {"delivered", "auto_reply"}


async def test_a_delivery_that_comes_late_takes_the_strike_back(shop: Database) -> None:
    message = Message(name="m1", to=("ann@x.example", "bob@x.example"))
    _, touched = await keep(shop, message.bounced_soft(after=3 * HOUR))
    assert touched.recipients == {ANN, ("k", "bob@x.example")}
    _, touched = await keep(shop, message.delivered("ann@x.example"))
    assert touched.recipients == {ANN}
    assert touched.domains == {"a.example": (START + timedelta(seconds=2), START + 3 * HOUR)}
    assert [row["recipient"] for row in await rows(shop, strikes)] == ["bob@x.example"]
    counts = {row["outcome"]: row["count"] for row in await rows(shop, rollups)}
    assert counts == {"auto_reply": 1, "soft_bounce": 1, "delivered": 1}


async def test_a_delivery_to_somebody_else_settles_nothing(shop: Database) -> None:
    message = Message(name="m1", to=("ann@x.example", "bob@x.example"))
    other = Message(name="m2", to=("ann@x.example",))
    await keep(shop, message.delivered("bob@x.example"), other.delivered())
    await keep(shop, message.bounced_soft("ann@x.example"))
    assert [row["recipient"] for row in await rows(shop, strikes)] == ["ann@x.example"]


async def test_content_that_was_refused_is_no_answer(shop: Database) -> None:
    message = Message(name="m1")
    refused = message.tells("Bounce", type="Transient", subtype="MessageTooLarge")
    await keep(shop, refused)
    await keep(shop, message.delivered())
    outcomes = {row["outcome"] for row in await rows(shop, event_recipients)}
    assert outcomes == {"refused_content", "delivered"}


async def test_deliveries_are_kept_from_the_first_soft_bounce_on(shop: Database) -> None:
    mails = [Message(name=f"m{day}", at=START + day * DAY) for day in range(5)]
    await keep(shop, *(mails[day].delivered(after=HOUR) for day in (0, 2)))
    assert await rows(shop, deliveries) == []
    await keep(shop, mails[3].bounced_soft())
    assert await rows(shop, deliveries) == []
    _, touched = await keep(shop, mails[4].delivered(after=HOUR))
    assert touched.recipients == {ANN}
    _, touched = await keep(shop, mails[1].bounced_soft())
    kept = [row["at"] for row in await rows(shop, deliveries)]
    assert kept == [START + 2 * DAY + HOUR, START + 4 * DAY + HOUR]


async def test_a_delivery_over_another_domain_of_the_customer_counts(shop: Database) -> None:
    await adopt(shop, adoption("c.example", "l"))
    await keep(shop, Message(name="m1").bounced_soft())
    await keep(
        shop,
        Message(name="m2", domain="b.example", at=START + DAY).delivered(after=HOUR),
        Message(name="m3", domain="c.example", at=START + DAY).delivered(after=2 * HOUR),
    )
    found = [(row["customer"], row["at"]) for row in await rows(shop, deliveries)]
    assert found == [("k", START + DAY + HOUR)]


async def test_deliveries_are_forgotten_with_the_soft_bounce_they_were_kept_for(
    shop: Database,
) -> None:
    first, second, third = (Message(name=f"m{day}", at=START + day * DAY) for day in range(3))
    await keep(shop, first.bounced_soft(), second.delivered(), third.bounced_soft())
    assert len(await rows(shop, deliveries)) == 1
    await keep(shop, first.delivered())
    assert await rows(shop, deliveries) == []


async def test_a_first_contact_is_the_earliest_delivery_whatever_came_first(
    shop: Database,
) -> None:
    later = Message(name="m2", to=("bob@x.example",), at=START + DAY)
    await keep(shop, later.delivered())
    _, touched = await keep(shop, Message(name="m1").delivered())
    assert touched.unreached == frozenset()
    (found,) = await rows(shop, reached)
    assert (found["message_id"], found["first_at"]) == ("m1", START + timedelta(seconds=2))


async def test_a_bounce_after_the_delivery_takes_the_first_contact_back(shop: Database) -> None:
    first, second = Message(name="m1"), Message(name="m2", at=START + DAY)
    await keep(shop, first.delivered(), second.delivered())
    _, touched = await keep(shop, first.bounced_hard(after=2 * DAY))
    assert touched.unreached == {"a.example"}
    assert [row["message_id"] for row in await rows(shop, reached)] == ["m2"]
    _, touched = await keep(shop, second.bounced_hard(after=2 * DAY))
    assert touched.unreached == {"a.example"}
    assert await rows(shop, reached) == []


async def test_a_delivery_whose_bounce_came_first_is_no_contact(shop: Database) -> None:
    message = Message(name="m1")
    await keep(shop, message.bounced_hard())
    _, touched = await keep(shop, message.delivered())
    assert touched.unreached == frozenset()
    assert await rows(shop, reached) == []


async def test_a_hard_bounce_of_another_message_leaves_the_contact(shop: Database) -> None:
    await keep(shop, Message(name="m1").delivered())
    _, touched = await keep(shop, Message(name="m2", at=START + DAY).bounced_hard())
    assert touched.unreached == frozenset()
    assert len(await rows(shop, reached)) == 1


async def test_rollups_tell_hours_outcomes_and_silent_providers_apart(shop: Database) -> None:
    people = ("ann@x.example", "bob@x.example", "cy@gmail.com")
    message = Message(name="m1", to=people)
    again = Message(name="m2", to=people[:1], at=START + timedelta(minutes=30))
    await keep(shop, message.tells("Send"), again.tells("Send"))
    await keep(shop, message.tells("Send", after=HOUR), message.delivered())
    found = {
        (row["hour"] - hour_of(START), row["outcome"], row["feeds_back"]): (
            row["count"],
            different([row["sketch"]]),
        )
        for row in await rows(shop, rollups)
    }
    assert found == {
        (0, "sent", True): (3, 2),
        (0, "sent", False): (1, 1),
        (0, "delivered", True): (2, 2),
        (0, "delivered", False): (1, 1),
        (1, "sent", True): (2, 2),
        (1, "sent", False): (1, 1),
    }


async def test_a_large_hour_has_the_same_sketch_in_one_batch_and_in_many(
    database: Database,
) -> None:
    await adopt(database, adoption("a.example", "k"), adoption("b.example", "k"))
    people = [f"p{number}@x.example" for number in range(20_000)]
    whole = Message(name="m1", to=tuple(people))
    parts = [
        Message(name=f"n{start}", domain="b.example", to=tuple(people[start : start + 6_000]))
        for start in range(0, 20_000, 5_000)
    ]
    await keep(database, whole.tells("Send"))
    for part in reversed(parts):
        await keep(database, part.tells("Send"))
    first, second = await rows(database, rollups)
    assert first["sketch"] == second["sketch"]
    assert abs(different([first["sketch"]]) - 20_000) < 600
