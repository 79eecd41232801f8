"""Events in the shapes that SES publishes, in both flavours (ses-facts.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

ACCOUNT = "111122223333"
"""The account of AWS's own examples."""
REGION = "eu-central-1"
MTA = f"b224-{{}}.smtp-out.{REGION}.amazonses.com"
SITE = "192.0.2.10"
"""Where the web sites are hosted; an address that RFC 5737 keeps for documentation."""
IDENTITY_KINDS = frozenset({"Bounce", "Complaint", "Delivery"})
"""All that identity notifications report."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A domain that mails, through the IAM user of its web site."""

    domain: str
    name: str
    local: str
    iam_user: str
    identity_flavour: bool = False
    """Set up the old way: no configuration set, so neither Sends nor Rejects are reported."""

    @property
    def address(self) -> str:
        """Return the sender as its mails show it."""
        return f"{self.name} <{self.local}@{self.domain}>"


def stamp(moment: datetime) -> str:
    """Return a time as SES writes it, to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def unique(draw: Random, moment: datetime) -> str:
    """Return an id such as SES gives to messages and to feedback: Region, time, chance."""
    chance = f"{draw.getrandbits(128):032x}"
    version_4 = f"{chance[:8]}-{chance[8:12]}-4{chance[13:16]}-a{chance[17:20]}-{chance[20:]}"
    return f"0107{int(moment.timestamp() * 1000):012x}-{version_4}-000000"


def mail(draw: Random, who: Sender, to: Sequence[str], subject: str, moment: datetime) -> Event:
    """Return the `mail` object that every event about one message carries."""
    number = unique(draw, moment)
    own_id = f"<wp-{draw.getrandbits(48):012x}@{who.domain}>"
    return {
        "timestamp": stamp(moment),
        "source": who.address,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{who.domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": number,
        "destination": list(to),
        "headersTruncated": False,
        "headers": [
            {"name": "Date", "value": f"{moment:%a, %d %b %Y %H:%M:%S} +0000"},
            {"name": "From", "value": who.address},
            {"name": "To", "value": ", ".join(to)},
            {"name": "Subject", "value": subject},
            {"name": "Message-ID", "value": own_id},
            {"name": "X-Mailer", "value": "PHPMailer (WordPress)"},
            {"name": "MIME-Version", "value": "1.0"},
        ],
        "commonHeaders": {
            "from": [who.address],
            "to": list(to),
            "messageId": number,
            "subject": subject,
        },
        "tags": {
            "ses:operation": ["SendRawEmail"],
            "ses:configuration-set": [f"sesaudit-{who.domain.replace('.', '-')}"],
            "ses:source-ip": [SITE],
            "ses:from-domain": [who.domain],
            "ses:caller-identity": [who.iam_user],
        },
    }


def send(about: Event) -> Event:
    """Return a Send, whose own object is always empty."""
    return {"eventType": "Send", "mail": about, "send": {}}


def reject(about: Event) -> Event:
    """Return a Reject: the scanner found a virus, the one reason that SES gives."""
    return {"eventType": "Reject", "mail": about, "reject": {"reason": "Bad content"}}


def delivery(draw: Random, about: Event, moment: datetime) -> Event:
    """Return a Delivery to everybody whom the mail was for."""
    outgoing = f"198.51.100.{draw.randrange(1, 255)}"
    return {
        "eventType": "Delivery",
        "mail": about | {"tags": about["tags"] | {"ses:outgoing-ip": [outgoing]}},
        "delivery": {
            "timestamp": stamp(moment),
            "processingTimeMillis": draw.randrange(400, 3500),
            "recipients": about["destination"],
            "smtpResponse": f"250 2.0.0 Ok: queued as {draw.getrandbits(40):010X}",
            "reportingMTA": MTA.format(draw.randrange(1, 60)),
        },
    }


def delay(draw: Random, about: Event, moment: datetime, kind: str, words: str) -> Event:
    """Return a DeliveryDelay of everybody; SES goes on trying for a day or so."""
    return {
        "eventType": "DeliveryDelay",
        "mail": {key: about[key] for key in about if "eaders" not in key},
        "deliveryDelay": {
            "timestamp": stamp(moment),
            "delayType": kind,
            "expirationTime": stamp(moment + timedelta(hours=14)),
            "delayedRecipients": [
                {"emailAddress": one, "status": "4.4.7", "diagnosticCode": f"smtp; {words}"}
                for one in about["destination"]
            ],
            "reportingMTA": MTA.format(draw.randrange(1, 60)),
        },
    }


def bounce(
    draw: Random,
    about: Event,
    moment: datetime,
    kind: tuple[str, str],
    recipients: Sequence[Event],
) -> Event:
    """Return a Bounce of a type and subtype; without recipients there was no DSN."""
    mta = MTA.format(draw.randrange(1, 60))
    return {
        "eventType": "Bounce",
        "mail": about,
        "bounce": {
            "feedbackId": unique(draw, moment),
            "bounceType": kind[0],
            "bounceSubType": kind[1],
            "bouncedRecipients": list(recipients),
            "timestamp": stamp(moment),
            "reportingMTA": f"dsn; {mta}",
        },
    }


def bounced(address: str, status: str, words: str) -> Event:
    """Return one bounced recipient as a DSN describes it."""
    return {
        "emailAddress": address,
        "action": "failed",
        "status": status,
        "diagnosticCode": f"smtp; {words}",
    }


def complaint(
    draw: Random, about: Event, moment: datetime, complainers: Sequence[str], kind: str = "abuse"
) -> Event:
    """Return a Complaint as an ARF report tells it (RFC 5965)."""
    return {
        "eventType": "Complaint",
        "mail": about,
        "complaint": {
            "feedbackId": unique(draw, moment),
            "complaintSubType": None,
            "complainedRecipients": [{"emailAddress": one} for one in complainers],
            "timestamp": stamp(moment),
            "userAgent": "Stadtpost-Feedback-Loop/2.1",
            "complaintFeedbackType": kind,
            "arrivalDate": stamp(moment - timedelta(seconds=90)),
        },
    }


def as_identity(event: Event, who: Sender) -> Event:
    """Return the event as an identity notification: no tags, no headers, the caller in `mail`."""
    kind = event["eventType"]
    plain = {key: value for key, value in event.items() if key != "eventType"}
    kept = {
        key: value
        for key, value in event["mail"].items()
        if key not in {"tags", "headers", "commonHeaders", "headersTruncated"}
    }
    caller = {"sourceIp": SITE, "callerIdentity": who.iam_user}
    return {"notificationType": kind, **plain, "mail": kept | caller}
