"""Builders of SES notifications in their real shape, event-publishing flavour."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
"""The Monday of the ISO week that most tests look at."""
ACCOUNT = "111122223333"
_numbers = itertools.count(1)

Event = dict[str, Any]


def at(day: int = 0, hour: int = 10, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment that many days after the Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def stamp(moment: datetime) -> str:
    """Return the time as SES writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def mail(
    recipients: list[str],
    moment: datetime,
    *,
    domain: str = "a.example",
    message: str | None = None,
    caller: str | None = None,
) -> Event:
    """Return the `mail` object of an event."""
    name = message or f"0102{next(_numbers):012x}-000000"
    tags = {
        "ses:configuration-set": [f"sesaudit-{domain.replace('.', '-')}"],
        "ses:from-domain": [domain],
        "ses:source-ip": ["192.0.2.7"],
    }
    if caller:
        tags["ses:caller-identity"] = [caller]
    return {
        "timestamp": stamp(moment),
        "messageId": name,
        "source": f"Shop <shop@{domain}>",
        "sourceArn": f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "destination": recipients,
        "headersTruncated": False,
        "headers": [{"name": "Subject", "value": "News"}],
        "commonHeaders": {"from": [f"shop@{domain}"], "to": recipients, "subject": "News"},
        "tags": tags,
    }


def send(recipient: str, moment: datetime, **about: Any) -> Event:
    """Return a Send."""
    return {"eventType": "Send", "mail": mail([recipient], moment, **about), "send": {}}


def delivery(recipient: str, moment: datetime, **about: Any) -> Event:
    """Return a Delivery."""
    return {
        "eventType": "Delivery",
        "mail": mail([recipient], moment, **about),
        "delivery": {
            "timestamp": stamp(moment + timedelta(seconds=2)),
            "processingTimeMillis": 2000,
            "recipients": [recipient],
            "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "a1-2.smtp-out.eu-west-1.amazonses.com",
        },
    }


def bounce(
    recipient: str,
    moment: datetime,
    *,
    kind: str = "Permanent",
    subtype: str = "General",
    status: str | None = "5.1.1",
    action: str = "failed",
    diagnostic: str = "smtp; 550 5.1.1 user unknown",
    destination: list[str] | None = None,
    sent: datetime | None = None,
    **about: Any,
) -> Event:
    """Return a Bounce of one recipient."""
    bounced: Event = {"emailAddress": recipient}
    if status:
        bounced |= {"status": status, "action": action, "diagnosticCode": diagnostic}
    return {
        "eventType": "Bounce",
        "mail": mail(destination or [recipient], sent or moment, **about),
        "bounce": {
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": [bounced],
            "timestamp": stamp(moment),
            "feedbackId": f"0102{next(_numbers):08x}-feed",
            "reportingMTA": "dsn; a1-2.smtp-out.eu-west-1.amazonses.com",
        },
    }


def soft(recipient: str, moment: datetime, **about: Any) -> Event:
    """Return a soft bounce: a full mailbox."""
    about = {"subtype": "MailboxFull", "status": "4.2.2", "diagnostic": "smtp; 452 full"} | about
    return bounce(recipient, moment, kind="Transient", **about)


def complaint(
    recipients: str | list[str],
    moment: datetime,
    *,
    kind: str | None = "abuse",
    subtype: str | None = None,
    **about: Any,
) -> Event:
    """Return a Complaint that names one recipient or several."""
    named = [recipients] if isinstance(recipients, str) else recipients
    event: Event = {
        "eventType": "Complaint",
        "mail": mail(named, moment, **about),
        "complaint": {
            "complainedRecipients": [{"emailAddress": one} for one in named],
            "timestamp": stamp(moment),
            "feedbackId": f"0102{next(_numbers):08x}-feed",
            "complaintSubType": subtype,
        },
    }
    if kind:
        event["complaint"]["complaintFeedbackType"] = kind
    return event


def reject(recipient: str, moment: datetime, **about: Any) -> Event:
    """Return a Reject for a virus."""
    return {
        "eventType": "Reject",
        "mail": mail([recipient], moment, **about),
        "reject": {"reason": "Bad content"},
    }


def sns(event: Event | str) -> str:
    """Return the SNS envelope of an event, as it lies in the queue."""
    message = event if isinstance(event, str) else json.dumps(event)
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": hashlib.sha256(message.encode()).hexdigest()[:32],
            "TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:sesaudit-feedback",
            "Message": message,
            "Timestamp": stamp(MONDAY + timedelta(days=6)),
            "SignatureVersion": "2",
            "Signature": "AA==",
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        }
    )


def archived(body: str, received: datetime) -> str:
    """Return the archive record of a raw queue message."""
    return json.dumps(
        {
            "message_id": hashlib.sha256(body.encode()).hexdigest()[:32],
            "received_at": stamp(received),
            "sent_at": stamp(received),
            "receive_count": 1,
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
            "body": body,
        }
    )
