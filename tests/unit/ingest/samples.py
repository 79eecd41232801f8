"""SES events in the shapes that AWS documents, and what they travel in."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from typing import Any

Json = dict[str, Any]

MAIL_AT = "2026-11-02T10:00:00.512Z"
MESSAGE_ID = "0100018c2f5a7e31-6c3a9a1e-1b1d-4f0e-9a55-3f1a2b4c5d6e-000000"
FEEDBACK_ID = "0100018c2f5a9b02-8b6b1c5f-2c1e-41b7-bd58-6c1a5e9f7a10-000000"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-feedback"
VALIDATION_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."


def mail_of_event(*recipients: str) -> Json:
    """Return the `mail` object as event publishing writes it."""
    to = list(recipients or ("rita@example.org",))
    return {
        "timestamp": MAIL_AT,
        "source": "Baker's Shop <shop@bakery.example>",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/bakery.example",
        "sendingAccountId": "123456789012",
        "messageId": MESSAGE_ID,
        "destination": to,
        "headersTruncated": False,
        "headers": [
            {"name": "From", "value": "Baker's Shop <shop@bakery.example>"},
            {"name": "To", "value": ", ".join(to)},
            {"name": "Subject", "value": "Your order of Mon, 2 Nov"},
            {"name": "MIME-Version", "value": "1.0"},
            {"name": "Message-ID", "value": "<wp-5f1c@bakery.example>"},
        ],
        "commonHeaders": {
            "from": ["Baker's Shop <shop@bakery.example>"],
            "to": to,
            "messageId": MESSAGE_ID,
            "subject": "Your order of Mon, 2 Nov",
        },
        "tags": {
            "ses:operation": ["SendRawEmail"],
            "ses:configuration-set": ["bakery-example"],
            "ses:source-ip": ["192.0.2.10"],
            "ses:from-domain": ["bakery.example"],
            "ses:caller-identity": ["smtp-bakery"],
            "campaign": ["autumn"],
        },
    }


def mail_of_identity(*recipients: str) -> Json:
    """Return the `mail` object as identity notifications write it: no tags, no headers."""
    to = list(recipients or ("rita@example.org",))
    return {
        "timestamp": MAIL_AT,
        "source": "shop@bakery.example",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/bakery.example",
        "sourceIp": "192.0.2.10",
        "callerIdentity": "smtp-bakery",
        "sendingAccountId": "123456789012",
        "messageId": MESSAGE_ID,
        "destination": to,
    }


BODIES: dict[str, tuple[str, Json]] = {
    "Bounce": (
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "rita@example.org",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 <rita@example.org>: user unknown",
                }
            ],
            "timestamp": "2026-11-02T10:00:02.118Z",
            "feedbackId": FEEDBACK_ID,
            "reportingMTA": "dsn; b224-13.smtp-out.eu-west-1.amazonses.com",
        },
    ),
    "Complaint": (
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": "rita@example.org"}],
            "timestamp": "2026-11-02T12:41:09.000Z",
            "feedbackId": FEEDBACK_ID,
            "complaintSubType": None,
            "userAgent": "AnyCompany Feedback Loop (V0.01)",
            "complaintFeedbackType": "abuse",
            "arrivalDate": "2026-11-02T07:41:09.000-05:00",
        },
    ),
    "Delivery": (
        "delivery",
        {
            "timestamp": "2026-11-02T10:00:03.004Z",
            "processingTimeMillis": 2492,
            "recipients": ["rita@example.org"],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "198.51.100.7",
            "reportingMTA": "b224-13.smtp-out.eu-west-1.amazonses.com",
        },
    ),
    "Send": ("send", {}),
    "Reject": ("reject", {"reason": "Bad content"}),
    "Open": (
        "open",
        {
            "ipAddress": "203.0.113.9",
            "timestamp": "2026-11-02T11:00:00.000Z",
            "userAgent": "Mozilla/5.0",
        },
    ),
    "Click": (
        "click",
        {
            "ipAddress": "203.0.113.9",
            "timestamp": "2026-11-02T11:00:05.000Z",
            "userAgent": "Mozilla/5.0",
            "link": "https://bakery.example/offers",
            "linkTags": {"samplekey0": ["samplevalue0"]},
        },
    ),
    "Rendering Failure": (
        "failure",
        {
            "errorMessage": "Attribute 'attributeName' is not present in the rendering data.",
            "templateName": "MyTemplate",
        },
    ),
    "DeliveryDelay": (
        "deliveryDelay",
        {
            "timestamp": "2026-11-02T14:00:00.000Z",
            "delayType": "TransientCommunicationFailure",
            "expirationTime": "2026-11-03T00:00:00.000Z",
            "delayedRecipients": [
                {
                    "emailAddress": "rita@example.org",
                    "status": "4.4.1",
                    "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
                }
            ],
        },
    ),
    "Subscription": (
        "subscription",
        {
            "contactList": "News",
            "timestamp": "2026-11-02T12:00:00.000Z",
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": []},
            "oldTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": []},
        },
    ),
}
IDENTITY_KINDS = ("Bounce", "Complaint", "Delivery")


def event(kind: str, *, mail: Json | None = None, **changes: object) -> Json:
    """Return an event of event publishing; `changes` replace fields of the kind's own object."""
    key, body = BODIES[kind]
    return {
        "eventType": kind,
        "mail": {**mail_of_event(), **(mail or {})},
        key: {**deepcopy(body), **changes},
    }


def notification(kind: str, *, mail: Json | None = None, **changes: object) -> Json:
    """Return an identity notification; `changes` replace fields of the kind's own object."""
    key, body = BODIES[kind]
    return {
        "notificationType": kind,
        "mail": {**mail_of_identity(), **(mail or {})},
        key: {**deepcopy(body), **changes},
    }


def encoded(message: object) -> bytes:
    """Return JSON as SES writes it."""
    return json.dumps(message).encode()


def envelope(message: object, **changes: object) -> Json:
    """Return an SNS envelope around a message, which is encoded unless it is text."""
    inner = message if isinstance(message, str) else json.dumps(message)
    return {
        "Type": "Notification",
        "MessageId": "6b1c2c5e-7b0d-5f07-8d3c-7245f1a3a6f5",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": inner,
        "Timestamp": "2026-11-02T10:00:04.250Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmF0dXJl",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        **changes,
    }


def archive_record(body: bytes, **changes: object) -> Json:
    """Return a line of the archive around a raw SQS body."""
    return {
        "message_id": "0f1c6c1e-55a4-4f6c-9b50-d5b1d5f6a1b2",
        "received_at": "2026-11-02T10:00:05.000Z",
        "sent_at": "2026-11-02T10:00:04.300Z",
        "receive_count": 1,
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body.decode(),
        **changes,
    }
