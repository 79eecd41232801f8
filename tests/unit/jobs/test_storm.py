"""A storm of notices is sent once each through kills, and operators get a few mails of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Uncertain
from sesauditd.jobs.pacing import Pacer
from sesauditd.jobs.post import Post
from sesauditd.model.notice import NoticeKind
from sesauditd.notices.folding import SINGLY, WINDOW
from sesauditd.store import notices, tables
from sesauditd.store.engine import Database
from sesauditd.store.notices import Outbox
from sesauditd.store.register import Adoption, adopt
from sesauditd.store.schema import upgrade
from tests.support import notices as samples
from tests.support.notices import COMPOSER, NOW
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sesauditd.notices.alarms import Alarm

OPERATORS = ("ops@host.example",)
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
        name = next(one for one in raw.splitlines() if one.startswith(b"Message-ID"))
        with Path(sys.argv[2]).open("ab") as sent:
            sent.write(to[0].encode() + b" " + name + b"\\n")
        return name.decode()

async def silent(alarm):
    pass

async def main():
    database = Database.open(sys.argv[1])
    outbox = Outbox(database, ["ops@host.example"])
    post = Post(outbox, Mailer(), COMPOSER, lambda: NOW, alarm=silent, pacer=Pacer(seconds=0))
    while await post.tick():
        pass
    await database.close()

asyncio.run(main())
"""
KILLS = ("notice.attempted:3", "notice.sent:5", "notice.recorded:7", "notice.sent:1")


async def storm(folder: Path, domains: int) -> Database:
    """Return a database in which so many domains were disabled in one run."""
    database = Database.open(f"sqlite:///{folder / 't.db'}")
    await upgrade(database)
    async with database.write() as connection:
        for number in range(domains):
            name, contact = f"d{number}.example", f"owner{number}@home.example"
            adoption = Adoption(domain=name, customer=f"c{number}", contact=contact)
            await adopt(connection, adoption, now=NOW, actor="operator")
            subject, customer = f"{number}", f"c{number}"
            told = replace(
                samples.notice(NoticeKind.DISABLED),
                customer=customer, domain=name, subject=subject,
            )  # fmt: skip
            done = replace(samples.notice(NoticeKind.ACTION_DONE, domain=name), subject=subject)
            await notices.request(connection, told, NOW)
            await notices.request(connection, done, NOW)
    return database


async def rows(database: Database) -> list[dict[str, Any]]:
    async with database.read() as connection:
        found = await connection.execute(tables.notices.select())
        return [dict(row) for row in found.mappings()]


@pytest.mark.parametrize(("domains", "kills"), sampled([(30, KILLS[1:2]), (1000, KILLS)], 1))
async def test_a_storm_survives_kills_and_no_mail_goes_twice(
    tmp_path: Path, domains: int, kills: Sequence[str]
) -> None:
    database = await storm(tmp_path, domains)
    sent = tmp_path / "sent"
    arguments = ("-c", PROGRAM, f"sqlite:///{tmp_path / 't.db'}", str(sent))
    for point in (*kills, None):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, "SESAUDITD_FAILPOINT": point or ""}
        )
        code = await asyncio.wait_for(process.wait(), 300)
        assert code == (0 if point is None else -signal.SIGKILL)
    lines = sent.read_text().splitlines()
    assert max(Counter(lines).values()) == 1, "none went twice"
    to_operators = [one for one in lines if one.startswith("ops@")]
    assert len(to_operators) == 1, "one digest"
    states = Counter((one["audience"], one["state"]) for one in await rows(database))
    await database.close()
    assert states["operator", "folded"] == domains
    unknown = states["customer", "unknown"] + states["operator", "unknown"]
    assert 1 <= unknown <= len(kills), "each kill leaves one at most of which nobody knows"
    assert states["customer", "sent"] + states["customer", "unknown"] == domains


class Mailer:
    """Sends, or loses the answer to some."""

    def __init__(self, lost: Sequence[int] = ()) -> None:
        self.to: list[str] = []
        self.lost = lost

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        self.to.append(to[0])
        if len(self.to) in self.lost:
            raise Uncertain("the answer was lost")
        return f"m{len(self.to)}"


async def test_a_trickle_becomes_a_few_mails_and_one_digest_an_hour(tmp_path: Path) -> None:
    database = await storm(tmp_path, 0)
    mailer, now = Mailer(), [NOW]

    async def silent(alarm: Alarm) -> None:
        pass

    post = Post(
        Outbox(database, OPERATORS),
        mailer,
        COMPOSER,
        lambda: now[0],
        alarm=silent,
        pacer=Pacer(seconds=0),
    )
    for minute in range(121):
        now[0] = NOW + timedelta(minutes=minute)
        if minute < 60:
            done = replace(samples.notice(NoticeKind.ACTION_DONE), subject=f"{minute}")
            async with database.write() as connection:
                await notices.request(connection, done, now[0])
        await post.tick()
    states = Counter(one["state"] for one in await rows(database))
    await database.close()
    assert timedelta(hours=1) == WINDOW
    assert len(mailer.to) == SINGLY + 2, "five, a digest at once, and one an hour later"
    assert states == {"sent": SINGLY + 2, "folded": 60 - SINGLY}


async def test_a_termination_whose_answer_was_lost_is_never_sent_by_itself(tmp_path: Path) -> None:
    database = await storm(tmp_path, 1)
    told = samples.notice(NoticeKind.TERMINATED)
    told = replace(told, customer="c0", domain=None, subject="t")
    async with database.write() as connection:
        await connection.execute(tables.notices.delete())
        await notices.request(connection, told, NOW)
    mailer, now, alarms = Mailer(lost=[1]), [NOW], list[str]()

    async def sound(alarm: Alarm) -> None:
        alarms.append(alarm.name)

    outbox = Outbox(database, OPERATORS)
    for day in range(0, 90, 10):
        now[0] = NOW + timedelta(days=day)
        post = Post(outbox, mailer, COMPOSER, lambda: now[0], alarm=sound, pacer=Pacer(seconds=0))
        await post.tick()
    (row,) = await rows(database)
    await database.close()
    assert (row["state"], len(mailer.to)) == ("unknown", 1)
    assert alarms == ["notices_unsent"]
