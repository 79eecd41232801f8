"""From a decoded SES message of either flavour to the feedback that it reports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sesauditd.errors import Unreadable
from sesauditd.ingest.fields import first_text, moment, text
from sesauditd.ingest.wire import Document, Mail, Report, Tags
from sesauditd.model.addresses import canonical, comparable_domain, spelling
from sesauditd.model.events import Feedback, Named

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_KIND = 64
LONGEST_WORD = 64
LONGEST_ID = 256
LONGEST_ADDRESS_FIELD = 500
LONGEST_DIAGNOSTIC = 500

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Where a kind of event keeps what is read of it."""

    body: str | None
    """Wire name of the object beside `mail`; None if nothing of it is read."""
    report: Callable[[Document], Any] = lambda _: None
    recipients: Callable[[Report], Any] | None = None
    """None: the event names no one, so it is about everyone in `mail.destination`."""
    listed_in: str = "mail.destination"
    needs_body: bool = False
    needs_somebody: bool = False
    """True where the decision table gives the event a meaning for its recipients."""


def _listing(body: str, report: str, field: str, recipients: str) -> _Shape:
    return _Shape(
        body=body,
        report=attrgetter(report),
        recipients=attrgetter(recipients),
        listed_in=f"{body}.{field}",
        needs_body=True,
        needs_somebody=True,
    )


_SHAPES = {
    "Bounce": _listing("bounce", "bounce", "bouncedRecipients", "bounced_recipients"),
    "Complaint": _listing(
        "complaint", "complaint", "complainedRecipients", "complained_recipients"
    ),
    "Delivery": _listing("delivery", "delivery", "recipients", "recipients"),
    "DeliveryDelay": _listing(
        "deliveryDelay", "delivery_delay", "delayedRecipients", "delayed_recipients"
    ),
    "Send": _Shape(body=None, needs_somebody=True),
    "Reject": _Shape(
        body="reject", report=attrgetter("reject"), needs_body=True, needs_somebody=True
    ),
    "Open": _Shape(body="open", report=attrgetter("opened")),
    "Click": _Shape(body="click", report=attrgetter("click")),
    "Subscription": _Shape(body="subscription", report=attrgetter("subscription")),
    "Rendering Failure": _Shape(body=None),
}
_NOTHING = Report()


def parse(message: Document) -> Feedback:
    """Return the feedback in a SES event; raises Unreadable with what is missing or wrong.

    A kind that is not known yet is kept and names nobody. `commonHeaders`, `headers` and the
    tags of users are never read: customers write them.
    """
    kind = _kind(message)
    mail = message.mail
    if not isinstance(mail, Mail):
        raise _no_object("mail", mail)
    message_id = text(mail.message_id, LONGEST_ID)
    if message_id is None:
        raise Unreadable("mail.messageId is missing or not a text")
    shape = _SHAPES.get(kind)
    report = _report(shape, message)
    tags = mail.tags if isinstance(mail.tags, Tags) else None
    return Feedback(
        kind=kind,
        message_id=message_id,
        feedback_id=text(report.feedback_id, LONGEST_ID),
        mail_at=moment(mail.timestamp),
        inner_at=moment(report.timestamp),
        source=canonical(_address_field(mail.source)),
        identity=_identity(mail.source_arn),
        caller=_caller(mail, tags),
        configuration_set=first_text(tags.configuration_set, LONGEST_ID) if tags else None,
        tenant=first_text(tags.tenant, LONGEST_ID) if tags else None,
        destination=_destination(mail.destination),
        named=_named(shape, report, mail),
        type=text(report.bounce_type, LONGEST_WORD),
        subtype=text(report.bounce_sub_type, LONGEST_WORD)
        or text(report.complaint_sub_type, LONGEST_WORD),
        complaint_type=text(report.complaint_feedback_type, LONGEST_WORD),
        reason=text(report.reason, LONGEST_ID) or text(report.delay_type, LONGEST_ID),
    )


def _kind(message: Document) -> str:
    given = message.event_type if message.event_type is not None else message.notification_type
    kind = text(given, LONGEST_KIND)
    if kind is not None:
        return kind
    if given is None and message.mail is None:
        raise Unreadable("JSON, but no SES event: neither eventType nor mail")
    raise Unreadable("eventType is missing or not a text")


def _report(shape: _Shape | None, message: Document) -> Report:
    if shape is None or shape.body is None:
        return _NOTHING
    report = shape.report(message)
    if isinstance(report, Report):
        return report
    if shape.needs_body:
        raise _no_object(shape.body, report)
    return _NOTHING


def _named(shape: _Shape | None, report: Report, mail: Mail) -> tuple[Named, ...]:
    if shape is None:
        return ()
    listed = shape.recipients(report) if shape.recipients else mail.destination
    if not isinstance(listed, list):
        if not shape.needs_somebody:
            return ()
        raise Unreadable(f"{shape.listed_in} is {'missing' if listed is None else 'not a list'}")
    entries = [_one(entry) for entry in listed]
    named = tuple(filter(None, entries))
    if shape.needs_somebody and not entries:
        raise Unreadable(f"{shape.listed_in} names nobody")
    if shape.needs_somebody and len(named) < len(entries):
        # Leaving one out could make several complainers look like one whom we then block.
        raise Unreadable(f"{shape.listed_in} holds an entry without an address")
    return named


def _one(entry: object) -> Named | None:
    given: dict[str, Any] = entry if isinstance(entry, dict) else {"emailAddress": entry}
    field = _address_field(given.get("emailAddress"))
    address = canonical(field)
    if not address:
        return None
    if len(given) == 1:
        return Named(address=address, spelling=spelling(field))
    return Named(
        address=address,
        spelling=spelling(field),
        action=text(given.get("action"), LONGEST_WORD),
        status=_status(given.get("status")),
        diagnostic=text(given.get("diagnosticCode"), LONGEST_DIAGNOSTIC),
    )


def _status(value: object) -> str | None:
    """Return the bare status code: a DSN may put a comment behind it (RFC 3464 section 2.3.4)."""
    words = text(value, LONGEST_WORD)
    code = _STATUS.match(words) if words else None
    return code[0] if code else words


def _destination(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    addresses = tuple(canonical(_address_field(entry)) for entry in value)
    # With an entry that cannot be read nobody knows who else was mailed.
    return addresses if all(addresses) else None


def _address_field(value: object) -> str:
    """Return an address field as text, empty if it is none; an over-long one loses its start.

    The address stands at the end, behind a display name of any length.
    """
    return value[-LONGEST_ADDRESS_FIELD:] if isinstance(value, str) else ""


def _identity(arn: object) -> str:
    name = arn.partition("identity/")[2] if isinstance(arn, str) else ""
    name = text(name, LONGEST_ADDRESS_FIELD) or ""
    return canonical(name) if "@" in name else comparable_domain(name)


def _caller(mail: Mail, tags: Tags | None) -> str | None:
    tagged = first_text(tags.caller, LONGEST_ID) if tags else None
    return tagged or text(mail.caller_identity, LONGEST_ID)


def _no_object(name: str, value: object) -> Unreadable:
    return Unreadable(f"{name} is {'missing' if value is None else 'not an object'}")
