"""Notifications in the shape that SES publishes them, wrapped as SNS and the archive do."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ACCOUNT = "111122223333"
REGION = "eu-central-1"
LAG = timedelta(seconds=40)
"""From an event to its arrival in the queue."""

Event = dict[str, Any]


def stamp(moment: datetime) -> str:
    """Return a time as SES writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def mail(message: str, domain: str, user: str, recipients: list[str], moment: datetime) -> Event:
    """Return the `mail` object that every event carries."""
    return {
        "timestamp": stamp(moment),
        "messageId": message,
        "source": f"Shop <info@{domain}>",
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "destination": recipients,
        "headersTruncated": False,
        "headers": [{"name": "From", "value": f"info@{domain}"}],
        "commonHeaders": {"from": [f"info@{domain}"], "to": recipients},
        "tags": {
            "ses:caller-identity": [user],
            "ses:configuration-set": [f"sesaudit-{domain.replace('.', '-')}"],
            "ses:from-domain": [domain],
            "ses:source-ip": ["192.0.2.10"],
        },
    }


def send(about: Event) -> Event:
    """Return a Send."""
    return {"eventType": "Send", "mail": about, "send": {}}


def delivery(about: Event, moment: datetime) -> Event:
    """Return a Delivery to everybody."""
    return {
        "eventType": "Delivery",
        "mail": about,
        "delivery": {
            "timestamp": stamp(moment),
            "processingTimeMillis": 1800,
            "recipients": about["destination"],
            "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "b224-1.smtp-out.eu-central-1.amazonses.com",
        },
    }


def bounce(about: Event, moment: datetime, *, hard: bool, office: bool = False) -> Event:
    """Return a Bounce: no such user, a full mailbox, or an out-of-office answer."""
    status, words = ("5.1.1", "550 5.1.1 user unknown") if hard else ("4.2.2", "452 mailbox full")
    subtype = "General" if hard or office else "MailboxFull"
    return {
        "eventType": "Bounce",
        "mail": about,
        "bounce": {
            "feedbackId": f"{about['messageId'][:12]}-{moment:%d%H%M%S}",
            "bounceType": "Permanent" if hard else "Transient",
            "bounceSubType": subtype,
            "bouncedRecipients": [
                {
                    "emailAddress": one,
                    "action": "failed",
                    "status": status,
                    "diagnosticCode": f"smtp; {words}",
                }
                for one in about["destination"]
            ],
            "timestamp": stamp(moment),
            "reportingMTA": "dsn; b224-1.smtp-out.eu-central-1.amazonses.com",
        },
    }


def complaint(about: Event, moment: datetime) -> Event:
    """Return a Complaint of one recipient."""
    return {
        "eventType": "Complaint",
        "mail": about,
        "complaint": {
            "feedbackId": f"{about['messageId'][:12]}-{moment:%d%H%M%S}",
            "complaintSubType": None,
            "complainedRecipients": [{"emailAddress": one} for one in about["destination"]],
            "timestamp": stamp(moment),
            "userAgent": "Example-Feedback/1.0",
            "complaintFeedbackType": "abuse",
        },
    }


def reject(about: Event) -> Event:
    """Return a Reject: a virus was found."""
    return {"eventType": "Reject", "mail": about, "reject": {"reason": "Bad content"}}


def envelope(message: str, moment: datetime) -> str:
    """Return the body of the queue message in which SNS wraps a text."""
    name = hashlib.sha256(message.encode()).hexdigest()
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": name[:32],
            "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:sesaudit-feedback",
            "Message": message,
            "Timestamp": stamp(moment),
            "SignatureVersion": "2",
            "Signature": "ZGVtbw==",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0.pem",
        }
    )


def archive(folder: Path, bodies: Iterable[tuple[datetime, str]]) -> list[Path]:
    """Write bodies as the daemon archives them, one object an hour; return the files."""
    hours: dict[datetime, list[tuple[datetime, str]]] = defaultdict(list)
    for moment, body in bodies:
        hours[moment.replace(minute=0, second=0, microsecond=0)].append((moment, body))
    files = []
    for hour, found in sorted(hours.items()):
        text = "".join(_record(moment + LAG, body) + "\n" for moment, body in found)
        name = f"{int(hour.timestamp() * 1000)}-{hashlib.sha256(text.encode()).hexdigest()}"
        path = folder / f"dt={hour:%Y-%m-%d}" / f"hour={hour:%H}" / f"{name}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=1, mtime=0))
        files.append(path)
    return files


def _record(received: datetime, body: str) -> str:
    name = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps(
        {
            "message_id": name[:32],
            "received_at": stamp(received),
            "sent_at": stamp(received),
            "receive_count": 1,
            "sha256": name,
            "body": body,
        }
    )
