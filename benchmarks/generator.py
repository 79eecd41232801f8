"""Makes realistic notifications: 500 domains with a Zipf spread, in SNS envelopes of about 3 kB."""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 10, 26, tzinfo=UTC)
DOMAINS = 500
FILLER = [{"name": f"X-Header-{number}", "value": "v" * 60} for number in range(14)]


def domain(number: int) -> str:
    """Return the name of a customer's domain."""
    return f"shop{number}.example"


def notifications(events: int, seed: int) -> Iterator[str]:
    """Yield so many queue messages: Sends, Deliveries, some bounces and complaints."""
    draw = random.Random(seed)
    numbers = range(1, DOMAINS + 1)
    spread = list(itertools.accumulate(1 / number for number in numbers))
    for index in range(events):
        name = domain(draw.choices(numbers, cum_weights=spread)[0])
        moment = START + timedelta(days=28) * (index / events)
        recipient = f"person{draw.randrange(200_000)}@provider{draw.randrange(400)}.example"
        yield _sns(_event(draw, name, moment, recipient, index))


def _event(
    draw: random.Random, name: str, moment: datetime, recipient: str, index: int
) -> dict[str, Any]:
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    mail = {
        "timestamp": stamp,
        "messageId": f"0102{index // 2:012x}-000000",
        "source": f"shop@{name}",
        "sourceArn": f"arn:aws:ses:eu-west-1:111122223333:identity/{name}",
        "sendingAccountId": "111122223333",
        "destination": [recipient],
        "headersTruncated": False,
        "headers": FILLER,
        "tags": {"ses:from-domain": [name], "ses:configuration-set": ["sesaudit"]},
    }
    chance = draw.random()
    if chance < 0.47:
        return {"eventType": "Send", "mail": mail, "send": {}}
    if chance < 0.96:
        delivery = {"timestamp": stamp, "recipients": [recipient], "smtpResponse": "250 OK"}
        return {"eventType": "Delivery", "mail": mail, "delivery": delivery}
    if chance < 0.999:
        hard = chance < 0.975
        bounced = {"emailAddress": recipient, "status": "5.1.1" if hard else "4.2.2"}
        bounce = {
            "bounceType": "Permanent" if hard else "Transient",
            "bounceSubType": "General" if hard else "MailboxFull",
            "bouncedRecipients": [bounced | {"action": "failed", "diagnosticCode": "smtp; 550"}],
            "timestamp": stamp,
            "feedbackId": f"f{index}",
        }
        return {"eventType": "Bounce", "mail": mail, "bounce": bounce}
    complaint = {
        "complainedRecipients": [{"emailAddress": recipient}],
        "timestamp": stamp,
        "feedbackId": f"f{index}",
        "complaintFeedbackType": "abuse",
    }
    return {"eventType": "Complaint", "mail": mail, "complaint": complaint}


def _sns(event: dict[str, Any]) -> str:
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "b1",
            "TopicArn": "arn:aws:sns:eu-west-1:111122223333:sesaudit-feedback",
            "Message": json.dumps(event),
            "Timestamp": "2026-11-23T00:00:00.000Z",
            "SignatureVersion": "2",
            "Signature": "A" * 344,
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        }
    )
