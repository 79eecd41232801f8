"""Each notice is attempted once: what may have been sent is never sent again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Broken, Busy, Failed, Forbidden, Unavailable, Uncertain
from sesauditd.jobs import post as module
from sesauditd.jobs.pacing import Pacer
from sesauditd.jobs.post import MOST_ATTEMPTS, MOST_REFUSALS, REFUSED_WAIT, Post
from sesauditd.model.notice import DeadContact, Notice, NoticeKind, NoticeState
from sesauditd.store import notices, tables
from sesauditd.store.engine import Database
from sesauditd.store.notices import Outbox
from sesauditd.store.register import Adoption, adopt
from sesauditd.store.schema import upgrade
from tests.support import notices as samples
from tests.support.notices import COMPOSER, NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sesauditd.model.notice import Posting
    from sesauditd.notices.alarms import Alarm
    from sesauditd.notices.compose import Composer

OPERATORS = ("ops@host.example",)


@dataclass(slots=True)
class Mailer:
    """Keeps the contract of `aws.mail.Mail.send`: an id, or why not."""

    fails: list[Exception | None] = field(default_factory=list)
    sent: list[tuple[str, tuple[str, ...], str | None, bytes]] = field(default_factory=list)
    asked: int = 0
    on_send: Callable[[], None] = lambda: None

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        self.asked += 1
        self.on_send()
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None:
            raise failure
        self.sent.append((sender, tuple(to), configuration_set, raw))
        return f"message-{len(self.sent)}"


@dataclass(slots=True)
class Bench:
    """A post over a real outbox, with all that the tests look at."""

    database: Database
    mailer: Mailer = field(default_factory=Mailer)
    alarms: list[Alarm] = field(default_factory=list)
    now: datetime = NOW
    operators: tuple[str, ...] = OPERATORS
    composer: Composer | None = COMPOSER
    outbox: Any = None
    pacer: Pacer = field(default_factory=lambda: Pacer(seconds=0))

    def post(self) -> Post:
        return Post(
            self.outbox or Outbox(self.database, self.operators),
            self.mailer,
            self.composer,
            lambda: self.now,
            alarm=self._sound,
            pacer=self.pacer,
        )

    async def ask(self, *asked: Notice) -> None:
        async with self.database.write() as connection:
            for one in asked:
                await notices.request(connection, one, self.now)

    async def row(self, notice: Notice) -> dict[str, Any]:
        async with self.database.read() as connection:
            query = tables.notices.select().where(tables.notices.c.id == notice.id)
            return dict((await connection.execute(query)).mappings().one())

    async def _sound(self, alarm: Alarm) -> None:
        self.alarms.append(alarm)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a post over an outbox with one customer registered."""
    database = Database.open(f"sqlite:///{tmp_path / 't.db'}")
    await upgrade(database)
    adoption = Adoption(domain="shop.example", customer="bakery", contact="owner@home.example")
    async with database.write() as connection:
        await adopt(connection, adoption, now=NOW, actor="operator")
    yield Bench(database)
    await database.close()


def warned(number: int = 1) -> Notice:
    return Notice(
        kind=NoticeKind.WARNED,
        customer="bakery",
        domain="shop.example",
        subject=str(number),
        facts=samples.FACTS[NoticeKind.WARNED],
    )


def waiting() -> Notice:
    facts = samples.FACTS[NoticeKind.ACTION_WAITING]
    return Notice(kind=NoticeKind.ACTION_WAITING, subject="1", facts=facts)


async def test_a_notice_is_sent_once_and_its_message_id_kept(bench: Bench) -> None:
    await bench.ask(warned(), waiting())
    post = bench.post()
    assert await post.tick() == 2
    assert await post.tick() == 0
    assert bench.mailer.asked == 2
    to = {recipients for _, recipients, _, _ in bench.mailer.sent}
    assert to == {("owner@home.example",), OPERATORS}
    sender, _, configuration_set, raw = bench.mailer.sent[0]
    assert (sender, configuration_set) == ("mail@host.example", "sesaudit-notices")
    assert b"Auto-Submitted: auto-generated" in raw
    row = await bench.row(warned())
    assert row["state"] == "sent"
    assert row["message_id"] in {"message-1", "message-2"}
    assert bench.alarms == []


async def test_the_attempt_is_committed_before_the_mail_goes_out(bench: Bench) -> None:
    seen: list[bool] = []
    outbox = Outbox(bench.database, OPERATORS)
    begin = outbox.begin

    class Watching:
        async def begin(self, notice: str, now: datetime) -> bool:
            found = await begin(notice, now)
            seen.append((await bench.row(warned()))["state"] == "attempted")
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(outbox, name)

    bench.outbox = Watching()
    bench.mailer.on_send = lambda: seen.append(seen == [True])
    await bench.ask(warned())
    await bench.post().tick()
    assert seen == [True, True]


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        pytest.param(Uncertain("the answer was lost"), "unknown", id="lost answer"),
        pytest.param(Failed("something else"), "unknown", id="nobody knows what"),
    ],
)
async def test_what_may_have_been_sent_is_never_tried_again(
    bench: Bench, failure: Exception, state: str
) -> None:
    bench.mailer.fails = [failure]
    await bench.ask(warned(1), warned(2))
    post = bench.post()
    assert await post.tick() == 1
    bench.now += timedelta(days=30)
    assert await post.tick() == 0
    assert bench.mailer.asked == 2
    rows = [await bench.row(warned(number)) for number in (1, 2)]
    assert sorted(row["state"] for row in rows) == sorted(["sent", state])
    assert str(failure) in {row["outcome"] for row in rows}
    (alarm,) = bench.alarms
    assert alarm.name == "notices_unsent"
    assert alarm.details == {f"warned to bakery {state}: {failure}": 1}


async def test_a_refusal_is_told_at_once_and_the_notice_goes_when_it_is_over(bench: Bench) -> None:
    bench.mailer.fails = [Forbidden("the account is paused")] * 3
    await bench.ask(warned(1))
    post = bench.post()
    for _ in range(3):
        assert await post.tick() == 0
        assert await post.tick() == 0, "not before its time"
        bench.now += REFUSED_WAIT
    assert await post.tick() == 1
    assert (await bench.row(warned(1)))["state"] == "sent"
    (alarm,) = bench.alarms
    assert alarm.details == {"warned to bakery refused for now: the account is paused": 1}


async def test_a_refusal_of_one_reader_does_not_keep_the_others_waiting(bench: Bench) -> None:
    bench.mailer.fails = [Forbidden("an unverified address")]
    await bench.ask(warned(1), warned(2))
    assert await bench.post().tick() == 1


async def test_a_refusal_that_does_not_end_is_given_up_and_told(bench: Bench) -> None:
    bench.mailer.fails = [Forbidden("denied")] * MOST_REFUSALS
    await bench.ask(warned(1))
    post = bench.post()
    for _ in range(MOST_REFUSALS + 5):
        assert await post.tick() == 0
        bench.now += REFUSED_WAIT
    assert bench.mailer.asked == MOST_REFUSALS
    assert (await bench.row(warned(1)))["state"] == "failed"
    assert [list(one.details) for one in bench.alarms] == [
        ["warned to bakery refused for now: denied"],
        ["warned to bakery failed: denied"],
    ]


async def test_what_was_surely_not_sent_is_tried_again_later_and_later(bench: Bench) -> None:
    bench.mailer.fails = [Unavailable("no route")] * 3
    await bench.ask(warned())
    post = bench.post()
    waited = []
    for _ in range(3):
        assert await post.tick() == 0
        row = await bench.row(warned())
        assert row["state"] == "requested"
        waited.append(row["due_at"] - bench.now)
        bench.now = row["due_at"] - timedelta(seconds=1)
        assert await post.tick() == 0
        bench.now = row["due_at"]
    assert waited == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert await post.tick() == 1
    assert bench.mailer.asked == 4
    assert bench.alarms == []


async def test_an_aws_that_is_away_is_not_asked_for_every_notice(bench: Bench) -> None:
    bench.mailer.fails = [Unavailable("no route")]
    await bench.ask(*(warned(number) for number in range(9)))
    assert await bench.post().tick() == 0
    assert bench.mailer.asked == 1


async def test_an_aws_that_stays_away_for_days_fails_the_notice(bench: Bench) -> None:
    bench.mailer.fails = [Unavailable("no route")] * (MOST_ATTEMPTS + 1)
    await bench.ask(warned())
    post = bench.post()
    for _ in range(MOST_ATTEMPTS + 5):
        await post.tick()
        bench.now += timedelta(hours=1)
    assert (await bench.row(warned()))["state"] == "failed"
    assert bench.mailer.asked == MOST_ATTEMPTS
    assert [one.name for one in bench.alarms] == ["notices_unsent"]


@pytest.mark.parametrize(
    ("changes", "notice", "why"),
    [
        pytest.param({"composer": None}, warned(), module.NO_SENDER, id="no sender"),
        pytest.param({"operators": ()}, waiting(), module.NO_OPERATORS, id="no operators"),
        pytest.param(
            {},
            Notice(kind=NoticeKind.WARNED, customer=None, subject="1"),
            module.NO_CONTACT,
            id="no contact",
        ),
    ],
)
async def test_with_nobody_to_write_to_or_from_a_notice_is_kept_and_the_alarm_goes(
    bench: Bench, changes: dict[str, Any], notice: Notice, why: str
) -> None:
    for name, value in changes.items():
        setattr(bench, name, value)
    await bench.ask(notice)
    assert await bench.post().tick() == 0
    row = await bench.row(notice)
    assert (row["state"], row["outcome"], row["attempts"]) == ("undeliverable", why, 0)
    assert [one.name for one in bench.alarms] == ["notices_unsent"]
    assert bench.mailer.asked == 0


async def test_an_alarm_that_was_sounded_is_not_sounded_again_for_its_notice(
    bench: Bench,
) -> None:
    bench.operators = ()
    await bench.ask(samples.notice(NoticeKind.TROUBLE))
    await bench.post().tick()
    assert bench.alarms == []


async def test_a_notice_that_cannot_be_composed_fails_alone(bench: Bench) -> None:
    broken = Notice(kind=NoticeKind.TROUBLE, subject="1", facts={})
    await bench.ask(broken, warned())
    assert await bench.post().tick() == 1
    row = await bench.row(broken)
    assert row["state"] == "failed"
    assert "cannot be composed" in row["outcome"]


async def test_a_notice_only_for_dead_contacts_is_kept(bench: Bench) -> None:
    await bench.ask(warned())
    async with bench.database.write() as connection:
        await connection.execute(
            tables.observations.insert().values(
                name="dead_contact:owner@home.example", facts={"customer": "bakery"}, at=NOW
            )
        )
    await bench.post().tick()
    row = await bench.row(warned())
    assert (row["state"], row["outcome"]) == ("undeliverable", module.ALL_DEAD)


async def test_a_stop_lets_the_mail_in_hand_be_finished_and_takes_no_other(bench: Bench) -> None:
    stop = asyncio.Event()
    bench.mailer.on_send = stop.set
    await bench.ask(*(warned(number) for number in range(5)))
    await asyncio.wait_for(bench.post().run(stop), 5)
    assert bench.mailer.asked == 1
    states = [(await bench.row(warned(number)))["state"] for number in range(5)]
    assert sorted(states) == ["requested"] * 4 + ["sent"]


async def test_mails_are_paced(bench: Bench) -> None:
    await bench.ask(*(warned(number) for number in range(3)))
    times: list[float] = []
    bench.mailer.on_send = lambda: times.append(asyncio.get_running_loop().time())
    bench.pacer = Pacer(seconds=0.05)
    post = bench.post()
    await post.tick()
    assert times[2] - times[0] >= 0.1


class BrokenOutbox:
    """Raises what a database raises, then stops the post."""

    def __init__(self, error: Exception, stop: asyncio.Event) -> None:
        self.error = error
        self.stop = stop

    async def abandoned(self, now: datetime) -> int:
        self.stop.set()
        raise self.error

    async def newly_dead(self, now: datetime) -> Sequence[DeadContact]:
        return ()

    async def fold(self, now: datetime) -> int:
        return 0

    async def due(self, now: datetime, limit: int) -> Sequence[Posting]:
        return ()


async def test_a_busy_database_does_not_end_the_post(bench: Bench) -> None:
    stop = asyncio.Event()
    bench.outbox = BrokenOutbox(Busy("locked"), stop)
    await asyncio.wait_for(bench.post().run(stop), 5)


async def test_a_broken_disk_ends_the_post(bench: Bench) -> None:
    stop = asyncio.Event()
    bench.outbox = BrokenOutbox(Broken("damaged"), stop)
    with pytest.raises(Broken):
        await bench.post().run(stop)


PROGRAM = """
import asyncio, sys
from pathlib import Path
from sesauditd.jobs.pacing import Pacer
from sesauditd.jobs.post import Post
from sesauditd.store.engine import Database
from sesauditd.store.notices import Outbox
from tests.support.notices import COMPOSER, NOW

class Mailer:
    async def send(self, raw, sender, to, configuration_set):
        with Path(sys.argv[2]).open("a") as sent:
            sent.write("one\\n")
        return "message-1"

async def silent(alarm):
    pass

async def main():
    database = Database.open(sys.argv[1])
    outbox = Outbox(database, ["ops@host.example"])
    post = Post(outbox, Mailer(), COMPOSER, lambda: NOW, alarm=silent, pacer=Pacer(seconds=0))
    await post.tick()
    await database.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("point", "mails", "state"),
    [
        pytest.param("notice.attempted", 0, NoticeState.UNKNOWN, id="before it was sent"),
        pytest.param("notice.sent", 1, NoticeState.UNKNOWN, id="before it was written down"),
        pytest.param("notice.recorded", 1, NoticeState.SENT, id="after all was written down"),
    ],
)
async def test_a_process_that_is_killed_never_makes_a_second_mail(
    bench: Bench, tmp_path: Path, point: str, mails: int, state: NoticeState
) -> None:
    await bench.ask(warned())
    sent = tmp_path / "sent"
    url = f"sqlite:///{tmp_path / 't.db'}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        url,
        str(sent),
        env={**os.environ, "SESAUDITD_FAILPOINT": f"{point}:1"},
    )
    assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    assert len(sent.read_text().splitlines() if sent.exists() else []) == mails
    post = bench.post()
    assert await post.tick() == 0
    assert await post.tick() == 0
    assert bench.mailer.asked == 0
    assert (await bench.row(warned()))["state"] == state
    unknown = [] if state is NoticeState.SENT else ["notices_unknown"]
    assert [one.name for one in bench.alarms] == unknown
