"""Builders of SES notifications in the shapes that AWS documents, both flavours, every type."""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

Event: TypeAlias = dict[str, Any]
Flavour: TypeAlias = Literal["publishing", "identity"]

ACCOUNT = "123456789012"
REGION = "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:sesaudit-feedback"
VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
IDENTITY_TYPES = frozenset({"Bounce", "Complaint", "Delivery"})
MOST_DESTINATIONS = 50
"""SES accepts no message with more recipients."""

_ordinals = itertools.count(1)


def message_id(seed: object = None) -> str:
    """Return an id as SES makes them; the same for the same seed, a new one without."""
    digits = hashlib.sha256(f"message {seed or next(_ordinals)}".encode()).hexdigest()
    return (
        f"0107019{digits[:9]}-{digits[9:17]}-{digits[17:21]}-{digits[21:25]}"
        f"-{digits[25:29]}-{digits[29:41]}-000000"
    )


def feedback_id(seed: object = None) -> str:
    """Return a feedbackId; the same for the same seed, a new one without."""
    return message_id(f"feedback {seed or next(_ordinals)}")


def stamp(moment: datetime) -> str:
    """Return a time as SES writes it in events."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def mail(
    domain: str,
    destination: Sequence[str],
    at: datetime,
    *,
    flavour: Flavour = "publishing",
    message: str | None = None,
    source: str | None = None,
    identity: str | None = None,
    caller: str | None = "ses-smtp-user",
    configuration_set: str = "sesaudit-default",
    **overrides: object,
) -> Event:
    """Return the `mail` object; an override of None leaves its key out."""
    sender = source or f"shop@{domain}"
    held: Event = {
        "timestamp": stamp(at),
        "source": sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{identity or domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": message or message_id(),
        "destination": list(destination),
    }
    if flavour == "identity":
        held |= {"sourceIp": "192.0.2.10", "callerIdentity": caller}
    else:
        held |= {
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": sender},
                {"name": "To", "value": ", ".join(destination)},
                {"name": "Subject", "value": "News of the week"},
            ],
            "commonHeaders": {
                "from": [sender],
                "date": at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
                "to": list(destination),
                "messageId": held["messageId"],
                "subject": "News of the week",
            },
            "tags": {
                "ses:operation": ["SendRawEmail"],
                "ses:configuration-set": [configuration_set],
                "ses:source-ip": ["192.0.2.10"],
                "ses:from-domain": [domain],
                "ses:caller-identity": [caller],
            },
        }
        if caller is None:
            del held["tags"]["ses:caller-identity"]
    held |= overrides
    return {key: value for key, value in held.items() if value is not None}


def event(
    kind: str, held: Event, body: Mapping[str, object], *, flavour: Flavour = "publishing"
) -> Event:
    """Return a whole notification of one type with the type's own object."""
    keys = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}
    key = keys.get(kind, kind.lower())
    if flavour == "identity":
        assert kind in IDENTITY_TYPES, f"there is no identity notification of {kind}"
        return {"notificationType": kind, key: dict(body), "mail": held}
    return {"eventType": kind, "mail": held, key: dict(body)}


def send(domain: str, recipients: Sequence[str] | str, at: datetime, **of_mail: Any) -> Event:
    """Return a Send of one message to all recipients; its time is the mail's."""
    return event("Send", mail(domain, _several(recipients), at, **of_mail), {})


def sends(
    domain: str, recipients: Sequence[str], at: datetime, *, size: int = MOST_DESTINATIONS
) -> list[Event]:
    """Return Sends to all recipients, as few messages as SES allows."""
    return [
        send(domain, recipients[start : start + size], at)
        for start in range(0, len(recipients), size)
    ]


def delivery(
    domain: str,
    recipients: Sequence[str] | str,
    at: datetime,
    *,
    flavour: Flavour = "publishing",
    mail_at: datetime | None = None,
    **of_mail: Any,
) -> Event:
    """Return a Delivery to the recipients."""
    reached = _several(recipients)
    destination = of_mail.pop("destination", reached)
    held = mail(
        domain, destination, mail_at or at - timedelta(seconds=2), flavour=flavour, **of_mail
    )
    body = {
        "timestamp": stamp(at),
        "processingTimeMillis": 1893,
        "recipients": reached,
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "198.51.100.25",
        "reportingMTA": "b224-13.smtp-out.eu-central-1.amazonses.com",
    }
    return event("Delivery", held, body, flavour=flavour)


def bounced(
    address: str,
    status: str | None = "5.1.1",
    *,
    action: str | None = "failed",
    diagnostic: str | None = "",
) -> Event:
    """Return one of `bouncedRecipients`; without a status it comes from a bounce without DSN."""
    if status is None:
        return {"emailAddress": address}
    words = f"smtp; 550 {status} refused" if diagnostic == "" else diagnostic
    found = {
        "emailAddress": address,
        "action": action,
        "status": status,
        "diagnosticCode": words,
    }
    return {key: value for key, value in found.items() if value is not None}


def bounce(
    domain: str,
    recipients: Sequence[str | Event] | str,
    at: datetime,
    *,
    kind: str = "Permanent",
    subtype: str = "General",
    status: str | None = "5.1.1",
    feedback: str | None = None,
    flavour: Flavour = "publishing",
    mail_at: datetime | None = None,
    **of_mail: Any,
) -> Event:
    """Return a Bounce; a recipient may be an address or what `bounced` returns."""
    given = [recipients] if isinstance(recipients, str) else list(recipients)
    hit = [bounced(one, status) if isinstance(one, str) else one for one in given]
    destination = of_mail.pop("destination", [one["emailAddress"] for one in hit])
    held = mail(
        domain, destination, mail_at or at - timedelta(seconds=2), flavour=flavour, **of_mail
    )
    body: Event = {
        "feedbackId": feedback or feedback_id(),
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": hit,
        "timestamp": stamp(at),
    }
    if any("status" in one for one in hit):
        body["reportingMTA"] = "dns; b224-13.smtp-out.eu-central-1.amazonses.com"
    if flavour == "identity":
        body["remoteMtaIp"] = "198.51.100.25"
    return event("Bounce", held, body, flavour=flavour)


def soft(domain: str, recipient: str, at: datetime, **overrides: Any) -> Event:
    """Return a Transient General bounce: a full or slow mailbox, or an out-of-office answer."""
    settings = {"kind": "Transient", "subtype": "General", "status": "4.2.1"} | overrides
    return bounce(domain, recipient, at, **settings)


def complaint(
    domain: str,
    recipients: Sequence[str] | str,
    at: datetime,
    *,
    kind: str | None = "abuse",
    subtype: str | None = None,
    feedback: str | None = None,
    flavour: Flavour = "publishing",
    mail_at: datetime | None = None,
    **of_mail: Any,
) -> Event:
    """Return a Complaint; without a kind it comes from a provider that says nothing."""
    named = _several(recipients)
    destination = of_mail.pop("destination", named)
    held = mail(domain, destination, mail_at or at - timedelta(hours=1), flavour=flavour, **of_mail)
    body: Event = {
        "feedbackId": feedback or feedback_id(),
        "complaintSubType": subtype,
        "complainedRecipients": [{"emailAddress": one} for one in named],
        "timestamp": stamp(at),
    }
    if kind is not None:
        body |= {
            "userAgent": "ExampleCorp Feedback Loop (V0.01)",
            "complaintFeedbackType": kind,
            "arrivalDate": stamp(at),
        }
    return event("Complaint", held, body, flavour=flavour)


def reject(
    domain: str,
    recipients: Sequence[str] | str,
    at: datetime,
    *,
    reason: str = "Bad content",
    **of_mail: Any,
) -> Event:
    """Return a Reject for a virus; it names nobody and has no time of its own."""
    held = mail(domain, _several(recipients), at, **of_mail)
    return event("Reject", held, {"reason": reason})


def delay(
    domain: str,
    recipients: Sequence[str] | str,
    at: datetime,
    *,
    kind: str = "TransientCommunicationFailure",
    **of_mail: Any,
) -> Event:
    """Return a DeliveryDelay; AWS's sample of it has no headers."""
    late = _several(recipients)
    without = {"headers": None, "commonHeaders": None, "headersTruncated": None}
    held = mail(domain, late, at - timedelta(hours=1), **(without | of_mail))
    body = {
        "timestamp": stamp(at),
        "delayType": kind,
        "expirationTime": stamp(at + timedelta(hours=14)),
        "delayedRecipients": [
            {
                "emailAddress": one,
                "status": "4.4.1",
                "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
            }
            for one in late
        ],
    }
    return event("DeliveryDelay", held, body)


def opened(domain: str, recipient: str, at: datetime) -> Event:
    """Return an Open; AWS's sample of it has no sourceArn."""
    body = {"ipAddress": "192.0.2.1", "timestamp": stamp(at), "userAgent": "Mozilla/5.0"}
    return event("Open", mail(domain, [recipient], at, sourceArn=None), body)


def clicked(domain: str, recipient: str, at: datetime) -> Event:
    """Return a Click; AWS's sample of it has no sourceArn."""
    body = {
        "ipAddress": "192.0.2.1",
        "timestamp": stamp(at),
        "userAgent": "Mozilla/5.0",
        "link": "https://example.com/offer",
        "linkTags": {"samplekey0": ["samplevalue0"]},
    }
    return event("Click", mail(domain, [recipient], at, sourceArn=None), body)


def subscription(domain: str, recipient: str, at: datetime) -> Event:
    """Return a Subscription: somebody changed what a contact list sends them."""
    topics = {"unsubscribeAll": True, "topicSubscriptionStatus": []}
    body = {
        "contactList": "Newsletter",
        "timestamp": stamp(at),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": topics,
        "oldTopicPreferences": topics | {"unsubscribeAll": False},
    }
    return event("Subscription", mail(domain, [recipient], at), body)


def rendering_failure(domain: str, recipient: str, at: datetime) -> Event:
    """Return a Rendering Failure, whose object is called `failure`."""
    body = {
        "errorMessage": "Attribute 'name' is not present in the rendering data.",
        "templateName": "Welcome",
    }
    return event("Rendering Failure", mail(domain, [recipient], at, headers=None), body)


def time_of(one: Event) -> datetime:
    """Return the time of what the notification tells: its own, else the mail's."""
    key = next((key for key in one if key not in {"mail", "eventType", "notificationType"}), "")
    written = one.get(key, {}).get("timestamp") or one["mail"]["timestamp"]
    return datetime.fromisoformat(written)


def sns(one: Event | str, *, sent_at: datetime | None = None) -> str:
    """Return the SNS envelope around a notification, as SQS hands it over."""
    if isinstance(one, str):
        inner, moment = one, sent_at or datetime(2026, 11, 1, tzinfo=UTC)
    else:
        inner, moment = json.dumps(one), sent_at or time_of(one) + timedelta(seconds=1)
    digest = hashlib.sha256(inner.encode()).hexdigest()
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(uuid.UUID(digest[:32])),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": inner,
            "Timestamp": stamp(moment),
            "SignatureVersion": "1",
            "Signature": "EXAMPLEw6JRN",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-1.pem",
            "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe",
        }
    )


def archived(body: str, received_at: datetime) -> str:
    """Return the archive's line about a raw body, which may be an envelope or a bare event."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps(
        {
            "message_id": str(uuid.UUID(digest[32:])),
            "received_at": stamp(received_at),
            "sent_at": stamp(received_at - timedelta(seconds=1)),
            "receive_count": 1,
            "sha256": digest,
            "body": body,
        }
    )


def lines(events: Iterable[Event]) -> list[str]:
    """Return one line an event, in turn bare, enveloped, and archived in both ways."""
    forms = (
        json.dumps,
        sns,
        lambda one: archived(sns(one), time_of(one) + timedelta(seconds=3)),
        lambda one: archived(json.dumps(one), time_of(one) + timedelta(seconds=3)),
    )
    return [forms[position % len(forms)](one) for position, one in enumerate(events)]


def people(count: int, prefix: str = "reader", *, domain: str = "mail.example") -> list[str]:
    """Return so many different addresses at one receiving domain."""
    return [f"{prefix}{number}@{domain}" for number in range(count)]


def _several(recipients: Sequence[str] | str) -> list[str]:
    return [recipients] if isinstance(recipients, str) else list(recipients)
