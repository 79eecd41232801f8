"""The shapes that lie in the queue and in the archive, decoded as leniently as JSON allows."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import msgspec

from sesauditd.errors import Unreadable

NoObject: TypeAlias = list[Any] | str | float | bool | None
"""What may stand where an object is expected; whoever reads the field says what is wrong."""

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)


class Tags(msgspec.Struct, gc=False):
    """The tags that SES itself sets and that customers cannot forge."""

    caller: Any = msgspec.field(default=None, name="ses:caller-identity")
    configuration_set: Any = msgspec.field(default=None, name="ses:configuration-set")
    tenant: Any = msgspec.field(default=None, name="ses:tenant-name")


class Mail(msgspec.Struct, rename="camel"):
    """The `mail` object, without the headers, which say nothing that could be trusted."""

    timestamp: Any = None
    message_id: Any = None
    source: Any = None
    source_arn: Any = None
    destination: Any = None
    caller_identity: Any = None
    tags: Tags | NoObject = None


class Report(msgspec.Struct, rename="camel"):
    """The object under `bounce`, `complaint`, ...: every field of them that is read."""

    timestamp: Any = None
    feedback_id: Any = None
    bounce_type: Any = None
    bounce_sub_type: Any = None
    bounced_recipients: Any = None
    complaint_sub_type: Any = None
    complaint_feedback_type: Any = None
    complained_recipients: Any = None
    recipients: Any = None
    reason: Any = None
    delay_type: Any = None
    delayed_recipients: Any = None


class Document(msgspec.Struct, rename="camel"):
    """Any JSON object that is known here: a SES event, an SNS envelope, an archive record.

    SES may add fields at any time, so unknown ones are skipped. Of a key that stands there
    twice the last one counts, as in every common reader of JSON.
    """

    event_type: Any = None
    notification_type: Any = None
    mail: Mail | NoObject = None
    bounce: Report | NoObject = None
    complaint: Report | NoObject = None
    delivery: Report | NoObject = None
    reject: Report | NoObject = None
    delivery_delay: Report | NoObject = None
    opened: Report | NoObject = msgspec.field(default=None, name="open")
    click: Report | NoObject = None
    subscription: Report | NoObject = None

    sns_type: Any = msgspec.field(default=None, name="Type")
    sns_message: Any = msgspec.field(default=None, name="Message")
    sns_topic: Any = msgspec.field(default=None, name="TopicArn")
    sns_timestamp: Any = msgspec.field(default=None, name="Timestamp")

    sqs_body: Any = msgspec.field(default=None, name="Body")

    archived_body: Any = msgspec.field(default=None, name="body")
    archived_sha256: Any = msgspec.field(default=None, name="sha256")
    archived_received_at: Any = msgspec.field(default=None, name="received_at")


_DECODER = msgspec.json.Decoder(Document)


def decode(text: bytes | str) -> Document:
    """Return the JSON object in the text; raises Unreadable with the reason if there is none.

    A half of a surrogate pair (SES cuts long headers anywhere) becomes U+FFFD, because no
    store can keep it. NaN and Infinity are not JSON. Bytes that are not UTF-8 do no harm in a
    field that nobody reads.
    """
    try:
        return _decoded(text)
    except UnicodeError as error:
        raise Unreadable("not UTF-8 text") from error
    except RecursionError as error:
        raise Unreadable("JSON that is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise Unreadable(_reason(error)) from error


def _decoded(text: bytes | str) -> Document:
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        mended = _mended(text)
        if mended is None:
            raise
        return _DECODER.decode(mended)


def _mended(text: bytes | str) -> bytes | None:
    """Return the text with lone halves of surrogate pairs replaced, None if it has none."""
    raw = text.encode() if isinstance(text, str) else text
    mended = _ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], raw)
    return None if mended == raw else mended


def _reason(error: msgspec.DecodeError) -> str:
    words = str(error)
    if words.startswith("Expected `object`, got "):
        return f"JSON, but no object: {words.rpartition(' ')[2].strip('`')}"
    if isinstance(error, msgspec.ValidationError):
        return f"JSON that holds what cannot be read: {words}"
    return f"not JSON: {words.removeprefix('JSON is malformed: ')}"
