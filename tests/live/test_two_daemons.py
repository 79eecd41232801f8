"""Two daemons on one queue and one PostgreSQL server, of which one is killed: all is done once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.bootstrap import now
from sesauditd.store.engine import Database
from sesauditd.store.periods import Periods
from tests.support import oracles
from tests.support.daemons import TAKEN, VIRUS
from tests.support.databases import NEEDS_SERVER, url_of

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.daemons import Daemon, Stage

SHOP, CLUB = "shop.example", "club.example"
MAILS = 150
EVENTS = "SELECT kind, count(*) AS n FROM events GROUP BY kind"
UNSENT = "SELECT id FROM notices WHERE state IN ('requested', 'attempted')"
STOPPED = {"iam.PutUserPolicy": 1, "sesv2.PutConfigurationSetSendingOptions": 1}


def leads(daemon: Daemon) -> bool:
    """Say whether it ever held the lease."""
    return bool(daemon.log("lease_taken"))


def send(live: Stage, numbers: range) -> int:
    """Send a mail for each number, one of fifty to nobody; return what was published in all."""
    for number in numbers:
        host = "gone" if number % 50 == 0 else "good"
        assert live.mail(SHOP, f"p{number}@{host}.example") == TAKEN
        if number % 10 == 0:
            live.tell()
    return live.tell()


async def ran_first(url: str, at: datetime) -> None:
    """Let it be known that a daemon first ran then, so that days and weeks are owed."""
    database = Database.open(url)
    await Periods(database).first_run(at)
    await database.close()


@NEEDS_SERVER
@pytest.mark.slow
def test_two_daemons_share_a_queue_and_the_death_of_one_loses_and_doubles_nothing(
    live: Stage,
) -> None:
    live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
    asyncio.run(ran_first(url_of(live.folder / "test.db"), now() - timedelta(days=15)))
    both = [live.daemon(SESAUDITD_QUEUE__VISIBILITY_SECONDS="30").ready() for _ in range(2)]
    assert Counter(map(leads, both)) == {True: 1, False: 1}
    leading, following = sorted(both, key=leads, reverse=True)

    assert live.mail(CLUB, "p@good.example", attachment=VIRUS) == TAKEN
    send(live, range(MAILS // 2))
    leading.until(lambda: leading.log("batch_recorded"), "the leading one to record")
    following.until(lambda: following.log("batch_recorded"), "the other to record, too")
    leading.kill()
    published = send(live, range(MAILS // 2, MAILS))
    following.until(lambda: leads(following), "the other to take the lease over")
    following.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    following.until(lambda: set(live.actions().values()) == {"done"}, "the actions")
    following.until(lambda: not live.rows(UNSENT), "the notices to be sent")
    third = live.daemon().ready()

    assert not leads(third)
    assert len({line["message_id"] for line in live.archived()}) == published
    assert {row["kind"]: row["n"] for row in live.rows(EVENTS)} == {
        "Send": MAILS + 1,
        "Delivery": MAILS - 3,
        "Bounce": 3,
        "Reject": 1,
    }
    done = [(one["job"], one["period"]) for each in live.daemons for one in each.log("job_done")]
    assert max(Counter(done).values()) == 1
    assert len(done) > 10, "two weeks were owed"
    made = Counter(f"{one.service}.{one.operation}" for one in live.writes())
    assert {name: made[name] for name in STOPPED} == STOPPED
    assert following.stop() == 0
    third.until(lambda: leads(third), "the lease that was given back")
    oracles.nothing_lost(live)
    oracles.unique(live)
    oracles.audited(live)
    live.done("actions", "--verify")
