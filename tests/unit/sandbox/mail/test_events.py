from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from sesauditd.ingest.envelope import unwrap
from sesauditd.ingest.notification import parse
from sesauditd.model.classify import interpret
from sesauditd.sandbox.mail.world import World
from sesauditd.sandbox.ses.values import Reason
from tests.support.mailing import IDENTITY_TOPIC, SET, SHOP, START, Post, arn, letter

WORLD = """
[[mailboxes]]
address = "gone@x.example"
answer = "hard"
[[mailboxes]]
address = "strict@x.example"
answer = "hard"
status = "5.7.1"
diagnostic = "smtp; 554 5.7.1 {address}: no"
[[mailboxes]]
address = "full@x.example"
answer = "soft"
subtype = "MailboxFull"
status = "4.2.2"
[[mailboxes]]
address = "nohost@x.example"
answer = "soft"
status = "5.4.4"
[[mailboxes]]
address = "mute@x.example"
answer = "undetermined"
[[mailboxes]]
address = "away@x.example"
answer = "out_of_office"
after = "1m"
[[mailboxes]]
address = "cross@x.example"
answer = "complain"
after = "2h"
[[mailboxes]]
address = "kind@x.example"
answer = "complain"
feedback_type = "not-spam"
[[mailboxes]]
address = "boss@x.example"
answer = "forward"
names = ["private@y.example"]
[[mailboxes]]
address = "slow@x.example"
answer = "delay"
delay_type = "SpamDetected"
after = "10m"
[[mailboxes]]
address = "old@x.example"
answer = "suppressed"
"""


def happened(*recipients: str, world: str = WORLD, **more: Any) -> list[dict[str, Any]]:
    post = Post(world)
    post.send(*recipients, **more)
    post.later(days=2)
    return post.board.events()


@pytest.mark.parametrize(
    ("recipient", "outcomes"),
    [
        ("a@x.example", ["sent", "delivered"]),
        ("gone@x.example", ["sent", "hard_bounce"]),
        ("strict@x.example", ["sent", "hard_bounce"]),
        ("full@x.example", ["sent", "soft_bounce"]),
        ("nohost@x.example", ["sent", "hard_bounce"]),
        ("mute@x.example", ["sent", "undetermined"]),
        ("away@x.example", ["sent", "delivered", "soft_bounce"]),
        ("cross@x.example", ["sent", "delivered", "complaint"]),
        ("kind@x.example", ["sent", "delivered", "other"]),
        ("boss@x.example", ["sent", "delivered", "hard_bounce"]),
        ("slow@x.example", ["sent", "delayed", "delivered"]),
        ("old@x.example", ["sent", "hard_bounce"]),
        ("bounce+1@simulator.amazonses.com", ["simulated", "simulated"]),
        ("suppressionlist@simulator.amazonses.com", ["simulated", "simulated"]),
        ("success@simulator.amazonses.com", ["simulated", "simulated"]),
        ("complaint@simulator.amazonses.com", ["simulated"] * 3),
        ("ooto@simulator.amazonses.com", ["simulated"] * 3),
    ],
)
def test_our_own_parser_reads_every_answer(recipient: str, outcomes: list[str]) -> None:
    found = []
    for event in happened(recipient):
        document = unwrap(json.dumps(event)).message
        assert document is not None
        feedback = parse(document)
        seen = interpret(feedback, received_at=START.replace(day=5))
        assert not seen.flags - {"forwarded"}
        found += [str(one.outcome) for one in seen.suffered]
    assert found == outcomes


def test_a_bounce_is_written_as_ses_writes_it() -> None:
    event = happened("gone@x.example", "GONE2@x.example", world=WORLD.replace("gone", "gone*"))[1]
    assert list(event) == ["eventType", "mail", "bounce"]
    bounce = event["bounce"]
    assert bounce.pop("feedbackId").startswith("0107")
    assert bounce == {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": address,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": f"smtp; 550 5.1.1 <{address}>: user unknown",
            }
            for address in ("gone@x.example", "GONE2@x.example")
        ],
        "timestamp": "2026-11-02T09:00:00.000Z",
        "reportingMTA": "dns; b224-13.smtp-out.eu-central-1.amazonses.com",
    }


def test_mail_says_who_sent_what_to_whom() -> None:
    raw = letter("a@x.example", headers="X-SES-MESSAGE-TAGS: campaign=autumn\r\n")
    sent, delivery = happened("a@x.example", raw=raw, source_ip="192.0.2.10")
    mail = dict(sent["mail"])
    message_id = mail.pop("messageId")
    headers = mail.pop("headers")
    assert headers[0] == {"name": "From", "value": f"Shop <info@{SHOP}>"}
    assert mail == {
        "timestamp": "2026-11-02T09:00:00.000Z",
        "source": f"info@{SHOP}",
        "sourceArn": arn("identity", SHOP),
        "sendingAccountId": "123456789012",
        "destination": ["a@x.example"],
        "headersTruncated": False,
        "commonHeaders": {
            "from": [f"Shop <info@{SHOP}>"],
            "to": ["a@x.example"],
            "messageId": message_id,
            "subject": "Offers",
        },
        "tags": {
            "campaign": ["autumn"],
            "ses:operation": ["SendRawEmail"],
            "ses:configuration-set": [SET],
            "ses:source-ip": ["192.0.2.10"],
            "ses:from-domain": [SHOP],
            "ses:caller-identity": [SHOP],
        },
    }
    assert sent["send"] == {}
    # Only once SES has connected out there is an outgoing address.
    assert "ses:outgoing-ip" in delivery["mail"]["tags"]


def test_headers_beyond_ten_kilobytes_are_cut_off() -> None:
    raw = letter("a@x.example", headers=f"X-Long: {'x' * 11_000}\r\n")
    mail = happened("a@x.example", raw=raw)[0]["mail"]
    assert mail["headersTruncated"] is True
    assert [one["name"] for one in mail["headers"]] == ["From", "To", "Subject"]


def test_a_delay_has_no_headers_and_says_until_when_it_is_tried() -> None:
    _sent, delay, delivery = happened("slow@x.example")
    assert "headers" not in delay["mail"]
    assert delay["deliveryDelay"] == {
        "timestamp": "2026-11-02T09:10:00.000Z",
        "delayType": "SpamDetected",
        "expirationTime": "2026-11-02T23:10:00.000Z",
        "delayedRecipients": [
            {
                "emailAddress": "slow@x.example",
                "status": "4.4.7",
                "diagnosticCode": "smtp; 451 4.7.1 <slow@x.example>: greylisted, try again later",
            }
        ],
        "reportingMTA": "b224-13.smtp-out.eu-central-1.amazonses.com",
    }
    assert delivery["delivery"]["processingTimeMillis"] == 70 * 60 * 1000


def test_answers_without_a_status_notification_name_only_the_address() -> None:
    *_, away = happened("away@x.example")
    assert away["bounce"]["bouncedRecipients"] == [{"emailAddress": "away@x.example"}]
    assert "reportingMTA" not in away["bounce"]


def test_a_forwarded_mail_bounces_for_an_address_that_nobody_mailed() -> None:
    *_, bounce = happened("boss@x.example")
    named = [one["emailAddress"] for one in bounce["bounce"]["bouncedRecipients"]]
    assert named == ["private@y.example"]
    assert bounce["mail"]["destination"] == ["boss@x.example"]


def test_a_complaint_carries_what_the_provider_reported() -> None:
    complaint = happened("cross@x.example")[-1]["complaint"]
    complaint.pop("feedbackId")
    assert complaint == {
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": "cross@x.example"}],
        "timestamp": "2026-11-02T11:00:00.000Z",
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": "2026-11-02T11:00:00.000Z",
    }


def test_a_complaint_without_a_report_says_nothing_of_one() -> None:
    post = Post('[[mailboxes]]\naddress = "c@x.example"\nanswer = "complain"\n')
    quiet = msgspec.structs.replace(post.mailboxes.world.mailboxes[0], feedback_type=None)
    post.mailboxes.world = World(mailboxes=(quiet,))
    post.send("c@x.example", raw=letter("c@x.example", headers="Date: today\r\n"))
    event = post.board.events()[-1]
    assert set(event["complaint"]) == {
        "feedbackId",
        "complaintSubType",
        "complainedRecipients",
        "timestamp",
    }
    assert event["mail"]["commonHeaders"]["date"] == "today"


def test_a_provider_that_hides_the_complainer_gets_all_of_its_recipients_named() -> None:
    world = '[[mailboxes]]\naddress = "cross@x.example"\nanswer = "complain"\neveryone = true\n'
    everybody = ("cross@x.example", "a@X.example", "b@y.example")
    told = happened(*everybody, world=world)
    complaint = next(one["complaint"] for one in told if "complaint" in one)
    named = [one["emailAddress"] for one in complaint["complainedRecipients"]]
    assert named == ["cross@x.example", "a@X.example"]


def test_a_reader_complains_from_a_message_on() -> None:
    world = '[[mailboxes]]\naddress = "c@x.example"\nanswer = "complain"\nafter_messages = 2\n'
    post = Post(world)
    for _ in range(4):
        post.send("C@x.example")
    assert post.kinds() == [*["Send", "Delivery"] * 2, *["Send", "Delivery", "Complaint"] * 2]


def test_identity_topics_get_the_other_flavour() -> None:
    post = Post(WORLD)
    topics = dict.fromkeys(("Bounce", "Complaint", "Delivery"), IDENTITY_TOPIC)
    post.add_identity(
        SHOP, configuration_set=SET, topics=topics, with_headers=frozenset({"Bounce"})
    )
    post.send("gone@x.example", "a@y.example", "cross@x.example")
    post.later(days=1)
    told = {one["notificationType"]: one for one in post.board.events(IDENTITY_TOPIC)}
    assert sorted(told) == ["Bounce", "Complaint", "Delivery"]
    for one in told.values():
        assert "tags" not in one["mail"]
        assert one["mail"]["callerIdentity"] == SHOP
        assert one["mail"]["sourceIp"] == "127.0.0.1"
    assert "headers" in told["Bounce"]["mail"]
    assert "headers" not in told["Delivery"]["mail"]
    assert told["Bounce"]["bounce"]["remoteMtaIp"] == "198.51.100.25"
    assert "complaintSubType" not in told["Complaint"]["complaint"]
    # Both flavours tell of one bounce by one feedbackId, as far as anybody knows.
    published = next(one for one in post.board.events() if one["eventType"] == "Bounce")
    assert published["bounce"]["feedbackId"] == told["Bounce"]["bounce"]["feedbackId"]


def test_an_event_is_plain_json() -> None:
    post = Post()
    post.change_account(reasons=(Reason.BOUNCE,))
    post.send("ä@x.example")
    assert all(msgspec.json.decode(message) for _, message, *_ in post.board.published)
