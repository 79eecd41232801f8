"""From one line of a replay source, or one queue message, to what was made of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from sesauditd.errors import Unreadable
from sesauditd.ingest.envelope import unwrap, unwrap_document
from sesauditd.ingest.fields import moment
from sesauditd.ingest.notification import parse
from sesauditd.ingest.wire import Document, decode
from sesauditd.model.classify import CLOCK_TOLERANCE, SES_LAUNCH, interpret
from sesauditd.model.events import Origin, Reading

if TYPE_CHECKING:
    from sesauditd.ingest.envelope import Unwrapped
    from sesauditd.model.register import OwnNotices, Register

LAST_RECEIPT = datetime(2200, 1, 1, tzinfo=UTC)
"""No daemon wrote a receive time after this; sums with it stay inside the calendar."""
UNVERIFIED = "unverified:"
"""How the reason begins where a message may be forged: it is kept and never acted on."""


class RawLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a source and where it stands."""

    text: bytes
    origin_source: str
    """Archive object or file name."""
    line: int
    """One-based."""
    fault: str | None = None
    """Why the line is not to be read whatever it holds; `text` may be only its beginning."""
    received_at: datetime | None = None
    """When the queue handed it over; `text` is then the raw body itself, no record around it."""
    topics: frozenset[str] | None = None
    """The SNS topics whose envelopes are believed; None believes them all."""


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """The raw body that a line holds."""

    body: bytes
    sha256: bytes
    """Of the body, 32 bytes."""
    document: Document | None = None
    """The body, if it was decoded already."""
    received_at: datetime | None = None
    fault: str | None = None

    def unwrapped(self) -> Unwrapped:
        if self.fault is not None:
            raise Unreadable(self.fault)
        return unwrap(self.body) if self.document is None else unwrap_document(self.document)


def read(raw: RawLine, *, now: datetime, register: Register, own_notices: OwnNotices) -> Reading:
    """Return what one line means: an event, noise, or the reason why it cannot be read.

    A line is an archive record, an item of ReceiveMessage, a raw SQS body (an SNS envelope),
    or a bare SES event. Never raises, whatever the line holds.
    """
    held = _held(raw)
    origin = Origin(source=raw.origin_source, line=raw.line, sha256=held.sha256)
    received_at = held.received_at or now
    try:
        unwrapped = held.unwrapped()
        _check_topic(unwrapped, raw.topics)
        if unwrapped.message is None:
            return Reading(origin=origin, received_at=received_at, noise=unwrapped.noise)
        feedback = parse(unwrapped.message)
    except Unreadable as reason:
        return Reading(
            origin=origin, received_at=received_at, unreadable=str(reason), body=held.body
        )
    if held.received_at is None:
        received_at = _sent_as_received(unwrapped.sent_at, feedback.mail_at, now)
    event = interpret(
        feedback, received_at=received_at, own_notice=own_notices.are(feedback, register)
    )
    return Reading(origin=origin, received_at=received_at, event=event)


def _held(raw: RawLine) -> _Held:
    if raw.received_at is not None or raw.fault is not None:
        return _whole(raw.text, received_at=_believed(raw.received_at), fault=raw.fault)
    try:
        document = decode(raw.text)
    except Unreadable:
        # Not JSON: it may still be the text by which SES tries out a topic.
        return _whole(raw.text)
    if document.mail is not None:
        return _whole(raw.text, document=document)
    if isinstance(document.archived_body, str):
        return _archived(document, document.archived_body.encode())
    if isinstance(document.sqs_body, str):
        return _whole(document.sqs_body.encode())
    return _whole(raw.text, document=document)


def _archived(record: Document, body: bytes) -> _Held:
    held = _whole(body, received_at=_believed(moment(record.archived_received_at)))
    claimed = record.archived_sha256
    if claimed is None or claimed == held.sha256.hex():
        return held
    return replace(held, fault="an archive record whose body does not match its sha256")


def _whole(
    body: bytes,
    *,
    document: Document | None = None,
    received_at: datetime | None = None,
    fault: str | None = None,
) -> _Held:
    return _Held(
        body=body,
        sha256=hashlib.sha256(body).digest(),
        document=document,
        received_at=received_at,
        fault=fault,
    )


def _believed(received_at: datetime | None) -> datetime | None:
    """Return a receive time that a working clock can have shown, None for any other."""
    if received_at is None or not SES_LAUNCH <= received_at < LAST_RECEIPT:
        return None
    return received_at


def _check_topic(unwrapped: Unwrapped, topics: frozenset[str] | None) -> None:
    """Raise Unreadable for an envelope of a topic that is not ours; a raw delivery has none."""
    if topics is not None and unwrapped.enveloped and unwrapped.topic not in topics:
        raise Unreadable(
            f"{UNVERIFIED} an envelope of the topic {unwrapped.topic or 'without a name'}, "
            "which is not in queue.topic_arns"
        )


def _sent_as_received(
    sent_at: datetime | None, mail_at: datetime | None, now: datetime
) -> datetime:
    """Return when SNS passed the event on, if that can be true, else `now`.

    SNS hands over within moments, so its time stands in for the receipt. One that lies ahead
    of the clock or before the mail that it reports is itself absurd.
    """
    latest = now + CLOCK_TOLERANCE
    if sent_at is None or not SES_LAUNCH <= sent_at <= latest:
        return now
    mail_is_believable = mail_at is not None and SES_LAUNCH <= mail_at <= latest
    if mail_is_believable and mail_at is not None and sent_at < mail_at:
        return now
    return sent_at
