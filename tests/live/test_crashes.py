"""The daemon is killed where it hurts most, and started again: all is there once, and done once."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import TAKEN, VIRUS
from tests.support.databases import SERVER

if TYPE_CHECKING:
    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
REFUSED = 554
GONE = "anna@gone.example"
DISABLE = ("disable", SHOP, "--reason", "a drill")
BLOCK = ("block", "anna@good.example", "--domain", SHOP, "--reason", "a drill")
TERMINATE = ("terminate", "shop", "--reason", "a drill")
STOPPED = {"iam.PutUserPolicy": 1, "sesv2.PutConfigurationSetSendingOptions": 1}
CALLED = "executor.called:1"
UNSENT = "SELECT id FROM notices WHERE state IN ('requested', 'attempted')"


def effects(live: Stage) -> dict[str, int]:
    """Return how often each operation was asked to change something at SES or IAM."""
    made = Counter(f"{one.service}.{one.operation}" for one in live.writes())
    del made["sesv2.SendEmail"]
    return dict(made)


def sent_mail(live: Stage) -> int:
    """Send good mail, mail to nobody and a virus; return how many messages tell of it."""
    live.mailboxes({"address": "*@gone.example", "answer": "hard"})
    for number in range(6):
        assert live.mail(SHOP, f"p{number}@good.example") == TAKEN
    assert live.mail(SHOP, GONE) == TAKEN
    assert live.mail(CLUB, "p1@good.example", attachment=VIRUS) == TAKEN
    return live.tell()


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param("intake.received:1", marks=pytest.mark.slow),
        pytest.param("intake.archived:1", marks=pytest.mark.slow),
        "store.recording:1",
        pytest.param("intake.recorded:1", marks=pytest.mark.slow),
        pytest.param("intake.acknowledged:1", marks=pytest.mark.slow),
    ],
)
def test_a_kill_on_a_messages_way_loses_nothing_and_counts_nothing_twice(
    live: Stage, failpoint: str
) -> None:
    published = sent_mail(live)

    live.killed_at(failpoint)
    live.forget_receipts()
    daemon = live.daemon()
    requested = {f"block_recipient {GONE}": "done", f"disable_domain {CLUB}": "done"}
    daemon.until(lambda: live.actions() == requested, "the actions to be done")
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")

    archived = live.archived()
    assert len({line["message_id"] for line in archived}) == published
    assert len({line["sha256"] for line in archived}) == published
    stored = live.rows("SELECT kind, sha256 FROM events")
    kinds = {"Send": 8, "Delivery": 6, "Bounce": 1, "Reject": 1}
    assert Counter(row["kind"] for row in stored) == kinds
    assert {row["sha256"].hex() for row in stored} <= {line["sha256"] for line in archived}
    assert live.count("quarantine") == 0
    counts = live.rows("SELECT outcome, sum(count) AS n FROM rollups GROUP BY outcome")
    outcomes = {"sent": 8, "delivered": 6, "hard_bounce": 1, "virus": 1}
    assert {row["outcome"]: row["n"] for row in counts} == outcomes
    assert effects(live) == STOPPED


@pytest.mark.parametrize(
    ("command", "deaths", "calls", "notices"),
    [
        (DISABLE, ["executor.intended:1", CALLED, CALLED, "executor.recorded:1"], STOPPED, 2),
        pytest.param(
            BLOCK,
            [CALLED, CALLED],
            {"iam.CreatePolicy": 1, "iam.AttachUserPolicy": 1},
            0,
            marks=pytest.mark.slow,
        ),
        pytest.param(
            TERMINATE,
            [CALLED, "executor.called:2"],
            STOPPED | {"iam.UpdateAccessKey": 1},
            2,
            marks=pytest.mark.slow,
        ),
    ],
    ids=["disable", "block", "terminate"],
)
def test_kills_between_intent_call_and_outcome_leave_one_effect_and_one_notice_to_each(
    live: Stage,
    command: tuple[str, ...],
    deaths: list[str],
    calls: dict[str, int],
    notices: int,
) -> None:
    assert live.run(*command).code == 4

    for failpoint in deaths:
        live.killed_at(failpoint)
        (killed,) = live.rows("SELECT * FROM actions")
        assert killed["attempted_at"], "an intent stands before every call"
        assert killed["state"] == ("done" if failpoint == "executor.recorded:1" else "attempted")
    daemon = live.daemon()
    daemon.until(lambda: set(live.actions().values()) == {"done"}, "the action to be done")
    daemon.until(lambda: not live.rows(UNSENT), "the notices to be sent")

    assert effects(live) == calls
    (row,) = live.rows("SELECT * FROM actions")
    assert row["before"]
    assert row["after"]
    outcomes = live.rows("SELECT * FROM journal WHERE kind = 'outcome'")
    assert len(outcomes) == (1 if notices else 0), "blocks come by the hundred: no journal"
    assert sorted(live.notice_ids().values()) == [1] * notices


def test_kills_around_the_sending_of_notices_send_none_twice(live: Stage) -> None:
    assert live.run(*DISABLE).code == 4
    assert live.run("disable", CLUB, "--reason", "a drill").code == 4

    for failpoint in ("notice.attempted:1", "notice.sent:1", "notice.recorded:1"):
        live.killed_at(failpoint)
    daemon = live.daemon()
    daemon.until(lambda: not live.rows(UNSENT), "the notices to be sent")

    states = Counter(row["state"] for row in live.rows("SELECT state FROM notices"))
    assert states == {"unknown": 2, "sent": 2}
    assert sorted(live.notice_ids().values()) == [1, 1, 1], "one never left, none went twice"
    alarms = [[alarm["name"] for alarm in one.log("alarm")] for one in live.daemons]
    assert alarms == [[], ["notices_unknown"], ["notices_unknown"], []]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_kills_at_any_moment_lose_nothing_and_do_nothing_twice(live: Stage, seed: int) -> None:
    draw = random.Random(seed)
    live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
    published = 0
    # A message that was received five times goes to the dead-letter queue, whoever died.
    for life in range(4):
        for number in range(10):
            host = "gone" if number == 0 else "good"
            assert live.mail(SHOP, f"p{life}-{number}@{host}.example") == TAKEN
        assert live.mail(CLUB, f"p{life}@good.example", attachment=VIRUS) in {TAKEN, REFUSED}
        published = live.tell()
        daemon = live.daemon()
        time.sleep(draw.uniform(0.8, 5.0))
        daemon.kill()
        live.forget_receipts()
    daemon = live.daemon()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    daemon.until(lambda: set(live.actions().values()) == {"done"}, "the actions")
    daemon.until(lambda: not live.rows(UNSENT), "the notices to be sent")

    archived = live.archived()
    assert len({line["message_id"] for line in archived}) == published
    stored = Counter(row["kind"] for row in live.rows("SELECT kind FROM events"))
    rejected = stored["Reject"]
    assert stored == {"Send": 40 + rejected, "Delivery": 36, "Bounce": 4, "Reject": rejected}
    if not SERVER:
        assert [tuple(row) for row in live.rows("PRAGMA integrity_check")] == [("ok",)]
    made = effects(live)
    assert {name: made[name] for name in STOPPED} == STOPPED
    assert made["iam.CreatePolicy"] == made["iam.AttachUserPolicy"] == 1
    assert live.mail(SHOP, "p0-0@gone.example") == live.mail(CLUB, "p1@good.example") == REFUSED
    states = Counter(row["state"] for row in live.rows("SELECT state FROM notices"))
    assert states.total() == 2
    assert states["sent"] <= len(live.notice_ids()) == live.notice_ids().total()
