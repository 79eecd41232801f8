"""What becomes of a message at its recipients: one happening for each group that answers alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sesauditd.sandbox.mail.events import Accepted, Happening, Kind, Value, stamp
from sesauditd.sandbox.mail.world import Mailbox, Reply

LAST_TRY = timedelta(hours=14)
"""How long SES still tries after it reported a delay."""
OUTGOING_IP = "198.51.100.71"
REMOTE_IP = "198.51.100.25"
"""Addresses that RFC 5737 keeps for documentation."""
MTA = "b224-13.smtp-out.{}.amazonses.com"
ON_ACCOUNT_LIST = (
    "Amazon SES did not send the message to this address because it is on the suppression list "
    "for your account."
)
ON_TENANT_LIST = (
    "Amazon SES did not send the message to this address because it is on the suppression list "
    "for your tenant."
)
ON_GLOBAL_LIST = (
    "Amazon SES has suppressed sending to this address because it has a recent history of "
    "bouncing as an invalid address."
)
WORDS = {
    Reply.HARD: ("5.1.1", "smtp; 550 5.1.1 <{address}>: user unknown"),
    Reply.FORWARD: ("5.1.1", "smtp; 550 5.1.1 <{address}>: user unknown"),
    Reply.SOFT: ("4.4.7", "smtp; 451 4.4.7 <{address}>: message expired"),
    Reply.DELAY: ("4.4.7", "smtp; 451 4.7.1 <{address}>: greylisted, try again later"),
}
UNCLEAR = ("5.0.0", "smtp; 550 <{address}>: refused")
TYPES = {
    Reply.HARD: ("Permanent", "General"),
    Reply.FORWARD: ("Permanent", "General"),
    Reply.SOFT: ("Transient", "General"),
    Reply.UNDETERMINED: ("Undetermined", "Undetermined"),
    Reply.OUT_OF_OFFICE: ("Transient", "General"),
    Reply.SUPPRESSED: ("Permanent", "Suppressed"),
}
"""Bounce types of ses-facts 1.3; an out-of-office answer is one too."""

FeedbackIds = Callable[[datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Recipients of one message at one receiving domain whose mailboxes answer alike."""

    mailbox: Mailbox
    addresses: tuple[str, ...]
    complainers: tuple[str, ...] = ()


def grouped(boxes: Mapping[str, Mailbox], heard: Callable[[str], int]) -> Sequence[Group]:
    """Return the recipients by how and where they answer; `heard` counts their messages so far.

    Several bounces of one request arrive as one event (ses-facts 8).
    """
    alike: dict[tuple[Mailbox, str], list[str]] = {}
    for address, mailbox in boxes.items():
        alike.setdefault((mailbox, _domain(address)), []).append(address)
    return [
        Group(
            mailbox=mailbox,
            addresses=tuple(addresses),
            complainers=tuple(one for one in addresses if heard(one) >= mailbox.after_messages),
        )
        for (mailbox, _), addresses in alike.items()
    ]


def answers(mail: Accepted, group: Group, ids: FeedbackIds, region: str) -> Sequence[Happening]:
    """Return what a group answers, each with its time."""
    due = group.mailbox.due(mail.sent_at)
    match group.mailbox.reply:
        case Reply.DELIVER:
            return [delivered(mail, group.addresses, due, region)]
        case Reply.COMPLAIN:
            arrived = delivered(mail, group.addresses, mail.sent_at, region)
            if not group.complainers:
                return [arrived]
            return [arrived, _complaint(mail, group, due, ids)]
        case Reply.DELAY:
            arrives = due + group.mailbox.then_after
            late = delivered(mail, group.addresses, arrives, region)
            return [_delay(group, due, region), late]
        case Reply.OUT_OF_OFFICE | Reply.FORWARD:
            # Both took the message first: what comes back was written by somebody behind them.
            arrived = delivered(mail, group.addresses, mail.sent_at, region)
            return [arrived, _bounce(group, due, ids, region)]
        case _:
            return [_bounce(group, due, ids, region)]


def sent(mail: Accepted) -> Happening:
    """Return the Send, whose own object is always empty (ses-facts 1.5)."""
    return Happening(kind=Kind.SEND, at=mail.sent_at, recipients=mail.recipients, body={})


def rejected(mail: Accepted) -> Happening:
    """Return the Reject of a virus, which names no recipients (ses-facts 1.5)."""
    body = {"reason": "Bad content"}
    return Happening(kind=Kind.REJECT, at=mail.sent_at, recipients=mail.recipients, body=body)


def delivered(mail: Accepted, addresses: Sequence[str], at: datetime, region: str) -> Happening:
    """Return the Delivery to some recipients."""
    body: Mapping[str, Value] = {
        "timestamp": stamp(at),
        "processingTimeMillis": int((at - mail.sent_at) / timedelta(milliseconds=1)),
        "recipients": list(addresses),
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": MTA.format(region),
    }
    return Happening(
        kind=Kind.DELIVERY,
        at=at,
        recipients=tuple(addresses),
        body=body,
        outgoing_ip=OUTGOING_IP,
        remote_ip=REMOTE_IP,
    )


def list_bounce(
    addresses: Sequence[str], at: datetime, ids: FeedbackIds, *, of_tenant: bool
) -> Happening:
    """Return the bounce that a suppression list of ours answers; nothing was sent."""
    subtype = "OnTenantSuppressionList" if of_tenant else "OnAccountSuppressionList"
    words = ON_TENANT_LIST if of_tenant else ON_ACCOUNT_LIST
    return Happening(
        kind=Kind.BOUNCE,
        at=at,
        recipients=tuple(addresses),
        body={
            "feedbackId": ids(at),
            "bounceType": "Permanent",
            "bounceSubType": subtype,
            "bouncedRecipients": [_bounced(one, "5.1.1", words) for one in addresses],
            "timestamp": stamp(at),
            "reportingMTA": "dns; amazonses.com",
        },
    )


def list_complaint(
    addresses: Sequence[str], at: datetime, ids: FeedbackIds, *, of_tenant: bool
) -> Happening:
    """Return the complaint that SES makes up for a listed complainer (ses-facts 1.4)."""
    subtype = "OnTenantSuppressionList" if of_tenant else "OnAccountSuppressionList"
    return Happening(
        kind=Kind.COMPLAINT,
        at=at,
        recipients=tuple(addresses),
        body={
            "feedbackId": ids(at),
            "complaintSubType": subtype,
            "complainedRecipients": [{"emailAddress": one} for one in addresses],
            "timestamp": stamp(at),
        },
    )


def global_bounce(addresses: Sequence[str], at: datetime, ids: FeedbackIds) -> Happening:
    """Return the bounce of SES's own list, which counts as a hard one (ses-facts 1.3)."""
    mailbox = Mailbox(address="*", reply=Reply.SUPPRESSED)
    return _bounce(Group(mailbox=mailbox, addresses=tuple(addresses)), at, ids, "")


def _bounce(group: Group, at: datetime, ids: FeedbackIds, region: str) -> Happening:
    reply, mailbox = group.mailbox.reply, group.mailbox
    kind, subtype = TYPES[reply]
    body: dict[str, Value] = {
        "feedbackId": ids(at),
        "bounceType": kind,
        "bounceSubType": mailbox.subtype or subtype,
        "bouncedRecipients": _named(mailbox, mailbox.names or group.addresses),
        "timestamp": stamp(at),
    }
    if reply is Reply.SUPPRESSED:
        body["reportingMTA"] = "dns; amazonses.com"
    elif _notified(mailbox):
        # Only a bounce with a delivery status notification has a reporting server.
        body["reportingMTA"] = f"dns; {MTA.format(region)}"
    connected = reply in WORDS and reply is not Reply.FORWARD
    return Happening(
        kind=Kind.BOUNCE,
        at=at,
        recipients=group.addresses,
        body=body,
        outgoing_ip=OUTGOING_IP if connected else None,
        remote_ip=REMOTE_IP if connected else None,
    )


def _named(mailbox: Mailbox, addresses: Iterable[str]) -> Sequence[Mapping[str, Value]]:
    if mailbox.reply is Reply.SUPPRESSED:
        return [_bounced(one, "5.1.1", ON_GLOBAL_LIST) for one in addresses]
    if not _notified(mailbox):
        # Without a delivery status notification there is nothing but the address (ses-facts 1.3).
        return [{"emailAddress": one} for one in addresses]
    status, words = WORDS.get(mailbox.reply, UNCLEAR)
    if mailbox.status is not None:
        code = "550" if mailbox.status.startswith("5") else "450"
        status, words = mailbox.status, f"smtp; {code} {mailbox.status} <{{address}}>: refused"
    text = mailbox.diagnostic or words
    return [_bounced(one, status, text.replace("{address}", one)) for one in addresses]


def _notified(mailbox: Mailbox) -> bool:
    return mailbox.reply in WORDS or mailbox.diagnostic is not None


def _bounced(address: str, status: str, words: str) -> Mapping[str, Value]:
    return {
        "emailAddress": address,
        "action": "failed",
        "status": status,
        "diagnosticCode": words,
    }


def _complaint(mail: Accepted, group: Group, at: datetime, ids: FeedbackIds) -> Happening:
    """Most providers do not say who complained: SES then names all of theirs (ses-facts 1.4)."""
    domain = _domain(group.addresses[0])
    everyone = [one for one in mail.recipients if _domain(one) == domain]
    shown = everyone if group.mailbox.everyone else group.complainers
    body: dict[str, Value] = {
        "feedbackId": ids(at),
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": one} for one in group.mailbox.names or shown],
        "timestamp": stamp(at),
    }
    if group.mailbox.feedback_type is not None:
        body |= {
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": group.mailbox.feedback_type,
            "arrivalDate": stamp(at),
        }
    return Happening(kind=Kind.COMPLAINT, at=at, recipients=group.addresses, body=body)


def _delay(group: Group, at: datetime, region: str) -> Happening:
    named = [
        {key: value for key, value in one.items() if key != "action"}
        for one in _named(group.mailbox, group.addresses)
    ]
    body: Mapping[str, Value] = {
        "timestamp": stamp(at),
        "delayType": group.mailbox.delay_type,
        "expirationTime": stamp(at + LAST_TRY),
        "delayedRecipients": named,
        "reportingMTA": MTA.format(region),
    }
    return Happening(kind=Kind.DELAY, at=at, recipients=group.addresses, body=body)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()
