"""AWS did what it was asked, and the answer never came: all is there once, and done once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.support.daemons import TAKEN, VIRUS
from tests.support.receiving import received_once

if TYPE_CHECKING:
    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
UNSENT = "SELECT id FROM notices WHERE state IN ('requested', 'attempted')"
LOST = {
    "s3": ("PutObject",),
    "sqs": ("DeleteMessageBatch",),
    "iam": ("PutUserPolicy", "CreatePolicy", "AttachUserPolicy"),
    "sesv2": ("PutConfigurationSetSendingOptions", "SendEmail"),
}


def test_lost_answers_double_nothing(live: Stage) -> None:
    live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
    assert live.mail(SHOP, "anna@gone.example") == TAKEN
    assert live.mail(SHOP, "anna@good.example") == TAKEN
    assert live.mail(CLUB, "p1@good.example", attachment=VIRUS) == TAKEN
    published = live.tell()
    lost = [
        {"service": service, "operation": operation, "action": "lose_answer"}
        for service, operations in LOST.items()
        for operation in operations
    ]
    live.ask("POST", "faults", lost)

    daemon = live.daemon()
    done = {f"disable_domain {CLUB}": "done", "block_recipient anna@gone.example": "done"}
    daemon.until(lambda: live.actions() == done, "the actions to be done")
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    daemon.until(lambda: not live.rows(UNSENT), "the notices to be sent")

    assert live.ask("GET", "faults")["faults"] == [], "every answer was lost that was to be"
    assert len(received_once(live.archived())) == published
    kinds = Counter(row["kind"] for row in live.rows("SELECT kind FROM events"))
    assert kinds == {"Send": 3, "Bounce": 1, "Delivery": 1, "Reject": 1}
    states = Counter(row["state"] for row in live.rows("SELECT state FROM notices"))
    assert states == {"sent": 1, "unknown": 1}
    assert sorted(live.notice_ids().values()) == [1, 1]
    iam = live.state()["iam"]
    (block,) = iam["users"][SHOP]["attached"]
    assert [name for name in iam["policies"] if "/block-" in name] == [block]
    assert "sesaudit-disable-club.example" in iam["users"][CLUB]["inline"]
