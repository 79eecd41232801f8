"""Makes realistic notifications: 500 domains with a Zipf spread, in SNS envelopes of about 3 kB.

`notifications` are whole; `patterns` leave numbers, times and people to whoever serves them (the
stub), so that a few thousand make as many messages as are wanted.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 10, 26, tzinfo=UTC)
DOMAINS = 500
TOPIC = "arn:aws:sns:eu-west-1:111122223333:sesaudit-feedback"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
FILLER = [{"name": f"X-Header-{number}", "value": "v" * 60} for number in range(14)]

MAIL, OWN, TIME = "~" * 12, "^" * 12, "@" * 24
"""What a pattern has in the place of a mail's number, the message's own, and its time."""
PERSON, OFFENDER = "%" * 7, "$" * 7
"""... of one of 200,000 people, and of one of 100 whose mailbox fails or who complains again."""
OUTCOMES = (
    ("Delivery", "", "", 9_620),
    ("Bounce", "Transient", "MailboxFull", 130),
    ("Bounce", "Transient", "General", 40),
    ("Bounce", "Permanent", "General", 100),
    ("Bounce", "Permanent", "Suppressed", 30),
    ("DeliveryDelay", "", "", 65),
    ("Complaint", "", "", 10),
    ("Reject", "", "", 5),
)
"""What becomes of mails, and of how many in ten thousand."""
OF_IDENTITIES = 0.2
"""The share of deliveries, bounces and complaints that an identity's own topic reports."""


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


def patterns(mails: int, seed: int) -> Iterator[str]:
    """Yield two messages a mail, its Send and what became of it; half of all events are Sends.

    Both flavours: event publishing, and the notifications of an identity.
    """
    draw = random.Random(seed)
    numbers = range(1, DOMAINS + 1)
    spread = list(itertools.accumulate(1 / number for number in numbers))
    chances = [outcome[-1] for outcome in OUTCOMES]
    for _ in range(mails):
        name = domain(draw.choices(numbers, cum_weights=spread)[0])
        kind, type_, subtype, _ = draw.choices(OUTCOMES, chances)[0]
        person = PERSON if kind == "Delivery" else OFFENDER
        recipient = f"person{person}@provider{draw.randrange(400)}.example"
        mail = _mail(draw, name, recipient)
        yield _enveloped(draw, {"eventType": "Send", "mail": mail, "send": {}})
        about = _about(kind, recipient, type_, subtype)
        member = kind[0].lower() + kind[1:]
        if kind in {"Delivery", "Bounce", "Complaint"} and draw.random() < OF_IDENTITIES:
            bare = {key: value for key, value in mail.items() if key != "tags"}
            yield _enveloped(draw, {"notificationType": kind, "mail": bare, member: about})
        else:
            yield _enveloped(draw, {"eventType": kind, "mail": mail, member: about})


def filled(pattern: str, number: int, at: datetime) -> str:
    """Return the message that the stub makes of a pattern under this number."""
    mail, time = number // 2, at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    drawn = mail * 2_654_435_761 & 0xFFFF_FFFF
    patched = pattern.replace(MAIL, f"{mail:012x}").replace(OWN, f"{number:012x}")
    patched = patched.replace(TIME, time).replace(PERSON, f"{drawn % 200_000:07d}")
    return patched.replace(OFFENDER, f"{drawn % 100:07d}")


def _mail(draw: random.Random, name: str, recipient: str) -> dict[str, Any]:
    """Return the `mail` object; how much of headers it brings along differs between senders."""
    subject = "Your order has been shipped"[: draw.randrange(8, 27)]
    return {
        "timestamp": TIME,
        "source": f"Shop <shop@{name}>",
        "sourceArn": f"arn:aws:ses:eu-west-1:111122223333:identity/{name}",
        "sendingAccountId": "111122223333",
        "messageId": f"0102{MAIL}-{_uuid(draw)}-000000",
        "destination": [recipient],
        "headersTruncated": False,
        "headers": _headers(draw, name, recipient, subject),
        "commonHeaders": {"from": [f"shop@{name}"], "to": [recipient], "subject": subject},
        "tags": {
            "ses:source-tls-version": ["TLSv1.3"],
            "ses:configuration-set": [f"sesaudit-{name.replace('.', '-')}"],
            "ses:source-ip": ["192.0.2.7"],
            "ses:from-domain": [name],
            "ses:caller-identity": [f"sesaudit-{name.replace('.', '-')}"],
        },
    }


def _headers(draw: random.Random, name: str, recipient: str, subject: str) -> list[dict[str, str]]:
    headers = {
        "Received": f"from web{draw.randrange(40)}.{name} ([192.0.2.{draw.randrange(256)}]) by "
        f"email-smtp.amazonaws.com with SMTP id {_token(draw, 12)} for <{recipient}>",
        "Date": TIME,
        "From": f"Shop <shop@{name}>",
        "To": recipient,
        "Message-ID": f"<{_token(draw, 12)}@{name}>",
        "Subject": subject,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="b1_{_token(draw, 16)}"',
        "X-Mailer": "PHPMailer 6.9.3 (https://github.com/PHPMailer/PHPMailer)",
        "List-Unsubscribe": f"<https://{name}/leave?who={_token(draw, 16)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Reply-To": f"Shop <help@{name}>",
        "X-SES-CONFIGURATION-SET": f"sesaudit-{name.replace('.', '-')}",
        "X-Entity-Ref-ID": _token(draw, 16),
        "Feedback-ID": f"{_token(draw, 4)}:order:wordpress",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    shown = list(headers.items())[: draw.randrange(8, len(headers) + 1)]
    return [{"name": key, "value": value} for key, value in shown]


def _uuid(draw: random.Random) -> str:
    return "-".join(_token(draw, size) for size in (4, 2, 2, 2, 6))


def _token(draw: random.Random, size: int) -> str:
    return draw.randbytes(size).hex()


def _about(kind: str, recipient: str, type_: str, subtype: str) -> dict[str, Any]:
    host = "a4-12.smtp-out.eu-west-1.amazonses.com"
    if kind == "Delivery":
        took = {"timestamp": TIME, "processingTimeMillis": 812, "recipients": [recipient]}
        return took | {"smtpResponse": "250 2.0.0 OK 1764547201 queued", "reportingMTA": host}
    if kind == "Bounce":
        status = "5.1.1" if type_ == "Permanent" else "4.2.2"
        said = f"smtp; {status[0]}50 {status} the mailbox cannot be reached now or ever"
        return {
            "feedbackId": f"0102{OWN}-feed",
            "bounceType": type_,
            "bounceSubType": subtype,
            "bouncedRecipients": [
                {"emailAddress": recipient, "action": "failed", "status": status}
                | {"diagnosticCode": said}
            ],
            "timestamp": TIME,
            "reportingMTA": f"dsn; {host}",
        }
    if kind == "Complaint":
        return {
            "feedbackId": f"0102{OWN}-feed",
            "complaintSubType": None,
            "complainedRecipients": [{"emailAddress": recipient}],
            "timestamp": TIME,
            "userAgent": "Provider-Feedback/1.0",
            "complaintFeedbackType": "abuse",
        }
    if kind == "DeliveryDelay":
        delayed = {"emailAddress": recipient, "status": "4.4.1", "diagnosticCode": "smtp; 421"}
        when = {"timestamp": TIME, "delayType": "TransientCommunicationFailure"}
        return when | {"expirationTime": TIME, "delayedRecipients": [delayed]}
    return {"reason": "Bad content"}


def _enveloped(draw: random.Random, event: dict[str, Any]) -> str:
    """Return what SNS puts into the queue; its signature fits nothing, but is as long."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": f"5e1f0000-0000-4000-8000-{OWN}",
            "TopicArn": TOPIC,
            "Message": json.dumps(event, separators=(",", ":")),
            "Timestamp": TIME,
            "SignatureVersion": "2",
            "Signature": base64.b64encode(draw.randbytes(256)).decode(),
            "SigningCertURL": CERTIFICATE,
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe"
            f"&SubscriptionArn={TOPIC}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
        }
    )


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
            "TopicArn": TOPIC,
            "Message": json.dumps(event),
            "Timestamp": "2026-11-23T00:00:00.000Z",
            "SignatureVersion": "2",
            "Signature": "A" * 344,
            "SigningCertURL": CERTIFICATE,
        }
    )
