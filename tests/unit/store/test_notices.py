"""The outbox of notices: each is asked for once, taken once, and never sent to a stranger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.notice import Notice, NoticeKind, NoticeState
from sesauditd.store import notices, tables
from sesauditd.store.dead_contacts import DEAD_FOR
from sesauditd.store.notices import Outbox
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SETTINGS = 'mode = "enforce"\n[notices]\nfrom = "mail@host.example"\n'
OPERATORS = ("ops@host.example", "boss@host.example")
WARNED = Notice(kind=NoticeKind.WARNED, customer="k", domain="a.example", subject="1")
TROUBLE = Notice(kind=NoticeKind.TROUBLE, subject="pipe/1", facts={"name": "pipe"})
MESSAGE = "0102019a-own-notice-000000"


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with one customer of two domains and two contacts."""
    async with running(tmp_path, SETTINGS) as one:
        await one.adopt()
        await one.adopt("b.example", "k")
        yield one


@pytest.fixture
def outbox(program: Running) -> Outbox:
    """Return the sender's view of the notices."""
    return Outbox(program.application.database, OPERATORS)


async def ask(program: Running, *asked: Notice) -> list[bool]:
    """Ask for notices in one transaction."""
    async with program.application.database.write() as connection:
        return [await notices.request(connection, one, NOW) for one in asked]


async def state_of(program: Running, notice: Notice) -> dict[str, Any]:
    """Return the row of a notice."""
    async with program.application.database.read() as connection:
        query = tables.notices.select().where(tables.notices.c.id == notice.id)
        return dict((await connection.execute(query)).mappings().one())


async def send(outbox: Outbox, notice: Notice, message: str = MESSAGE) -> None:
    """Do as the sender does when all goes well."""
    assert await outbox.begin(notice.id, NOW)
    assert await outbox.finish(notice.id, NoticeState.SENT, NOW, message_id=message)


def bounce(recipient: str, *, kind: str = "Permanent", message: str = MESSAGE) -> Any:
    """Return a bounce of one of our own notices, as SES tells it."""
    event = ses.bounce(recipient, NOW + timedelta(minutes=1), domain="host.example")
    event["mail"] |= {
        "messageId": message,
        "source": "Mail desk <mail@host.example>",
        "sourceArn": f"arn:aws:ses:eu-west-1:{ses.ACCOUNT}:identity/host.example",
    }
    event["mail"]["tags"] |= {
        "ses:configuration-set": ["sesaudit-notices"],
        "ses:from-domain": ["host.example"],
    }
    event["bounce"]["bounceType"] = kind
    return event


async def test_the_same_thing_is_asked_for_once(program: Running) -> None:
    assert await ask(program, WARNED, WARNED, TROUBLE) == [True, False, True]
    assert await ask(program, WARNED) == [False]
    assert len(await program.rows(tables.notices)) == 2


async def test_a_notice_is_taken_by_one_sender_only(program: Running, outbox: Outbox) -> None:
    await ask(program, WARNED)
    assert await outbox.begin(WARNED.id, NOW)
    assert not await outbox.begin(WARNED.id, NOW)
    assert await outbox.due(NOW, 10) == ()
    row = await state_of(program, WARNED)
    assert (row["state"], row["attempts"]) == ("attempted", 1)


async def test_what_a_dead_process_was_sending_becomes_unknown_and_is_never_due(
    program: Running, outbox: Outbox
) -> None:
    await ask(program, WARNED, TROUBLE)
    await outbox.begin(WARNED.id, NOW)
    assert await outbox.abandoned(NOW) == 1
    assert await outbox.abandoned(NOW) == 0
    assert [one.notice.id for one in await outbox.due(NOW + DEAD_FOR, 10)] == [TROUBLE.id]
    assert (await state_of(program, WARNED))["state"] == "unknown"


async def test_an_answer_that_comes_after_all_is_written_down(
    program: Running, outbox: Outbox
) -> None:
    await ask(program, WARNED)
    await outbox.begin(WARNED.id, NOW)
    await outbox.abandoned(NOW)
    assert await outbox.finish(WARNED.id, NoticeState.SENT, NOW, message_id="m")
    assert not await outbox.finish(WARNED.id, NoticeState.FAILED, NOW, outcome="too late")
    row = await state_of(program, WARNED)
    assert (row["state"], row["message_id"], row["outcome"]) == ("sent", "m", None)


async def test_a_notice_that_was_put_back_waits_until_its_time(
    program: Running, outbox: Outbox
) -> None:
    await ask(program, WARNED)
    await outbox.begin(WARNED.id, NOW)
    later = NOW + timedelta(minutes=5)
    assert await outbox.put_back(WARNED.id, "AWS does not answer", later, NOW)
    assert not await outbox.put_back(WARNED.id, "again", later, NOW)
    assert await outbox.due(later - timedelta(seconds=1), 10) == ()
    (posting,) = await outbox.due(later, 10)
    assert (posting.notice.id, posting.attempts) == (WARNED.id, 1)


async def test_the_oldest_come_first_and_not_more_than_asked_for(
    program: Running, outbox: Outbox
) -> None:
    asked = [Notice(kind=NoticeKind.TROUBLE, subject=str(number)) for number in range(5)]
    await ask(program, *asked)
    assert len(await outbox.due(NOW, 3)) == 3


@pytest.mark.parametrize(
    ("notice", "to"),
    [
        pytest.param(WARNED, ("owner@k-home.example",), id="the domain's contact"),
        pytest.param(
            Notice(kind=NoticeKind.TERMINATED, customer="k", subject="1"),
            ("owner@k-home.example", "other@k-home.example"),
            id="every contact of the customer, each once",
        ),
        pytest.param(TROUBLE, OPERATORS, id="the operators"),
    ],
)
async def test_a_notice_goes_to_addresses_of_the_register_or_the_settings(
    program: Running, outbox: Outbox, notice: Notice, to: tuple[str, ...]
) -> None:
    async with program.application.database.write() as connection:
        await connection.execute(
            tables.domains.update()
            .where(tables.domains.c.name == "b.example")
            .values(contact="other@k-home.example")
        )
    await program.adopt("c.example", "k")
    await ask(program, notice)
    (posting,) = await outbox.due(NOW, 10)
    assert posting.to == to
    assert posting.notice == notice


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
async def test_feedback_about_our_own_notice_counts_for_nobody(
    program: Running, outbox: Outbox, kind: str
) -> None:
    """Also where the host's own domain is a customer's: a loop would disable it."""
    await program.adopt("host.example", "host")
    await ask(program, WARNED)
    await send(outbox, WARNED)
    event = bounce("owner@k-home.example")
    if kind == "complaint":
        complaint = ses.complaint("owner@k-home.example", NOW + timedelta(minutes=1))
        event = {**complaint, "mail": event["mail"]}
    await program.feed([event])
    (row,) = await program.rows(tables.events)
    assert "own_notice" in row
    assert await program.rows(tables.strikes) == []
    assert await program.rows(tables.verdicts) == []
    assert len(await program.rows(tables.notices)) == 1


async def test_a_contact_to_whom_a_notice_bounced_for_good_is_left_out(
    program: Running, outbox: Outbox
) -> None:
    await ask(program, WARNED)
    await send(outbox, WARNED)
    await program.feed([bounce("Owner@K-home.example")])
    (dead,) = await outbox.newly_dead(NOW)
    assert (dead.address, dead.customer) == ("owner@k-home.example", "k")
    assert list(await outbox.newly_dead(NOW)) == []
    (told,) = [one for one in await outbox.due(NOW, 10) if one.to == OPERATORS]
    assert told.notice.kind is NoticeKind.CONTACT_DEAD
    assert told.notice.facts["address"] == "owner@k-home.example"
    await outbox.begin(told.notice.id, NOW)
    other = Notice(kind=NoticeKind.DISABLED, customer="k", domain="a.example", subject="2")
    await ask(program, other)
    (posting,) = await outbox.due(NOW, 10)
    assert (posting.to, posting.dead) == ((), ("owner@k-home.example",))
    (posting,) = await outbox.due(NOW + DEAD_FOR + timedelta(hours=1), 10)
    assert posting.to == ("owner@k-home.example",)


async def test_an_operator_may_be_dead_too(program: Running, outbox: Outbox) -> None:
    await ask(program, TROUBLE)
    await send(outbox, TROUBLE)
    await program.feed([bounce("ops@host.example")])
    (dead,) = await outbox.newly_dead(NOW)
    assert (dead.address, dead.customer) == ("ops@host.example", None)
    await ask(program, Notice(kind=NoticeKind.TROUBLE, subject="pipe/2"))
    for posting in await outbox.due(NOW, 10):
        assert (posting.to, posting.dead) == (("boss@host.example",), ("ops@host.example",))


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(bounce("owner@k-home.example", kind="Transient"), id="out of office"),
        pytest.param(bounce("owner@k-home.example", message="0102-other"), id="another message"),
        pytest.param(
            ses.bounce("owner@k-home.example", NOW, message=MESSAGE), id="a customer's own mail"
        ),
    ],
)
async def test_nobody_is_dead_for_less(program: Running, outbox: Outbox, event: Any) -> None:
    await ask(program, WARNED)
    await send(outbox, WARNED)
    await program.feed([event])
    assert list(await outbox.newly_dead(NOW)) == []
