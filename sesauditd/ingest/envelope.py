"""From the body of a queue message to the SES event inside it, or to the name of noise."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from sesauditd.errors import Unreadable
from sesauditd.ingest.fields import moment, text
from sesauditd.ingest.wire import Document, decode

if TYPE_CHECKING:
    from datetime import datetime

VALIDATION_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."
LONGEST_ARN = 512
_VALIDATION_BYTES = VALIDATION_TEXT.encode()


class Noise(StrEnum):
    """What SES and SNS put on a topic that is no feedback (ses-facts.md 1.6)."""

    SES_VALIDATION = "ses_validation"
    SNS_SUBSCRIPTION_SUCCEEDED = "sns_subscription_succeeded"
    SNS_SUBSCRIPTION_CONFIRMATION = "sns_subscription_confirmation"
    SNS_UNSUBSCRIBE_CONFIRMATION = "sns_unsubscribe_confirmation"


_CONFIRMATIONS = {
    "SubscriptionConfirmation": Noise.SNS_SUBSCRIPTION_CONFIRMATION,
    "UnsubscribeConfirmation": Noise.SNS_UNSUBSCRIBE_CONFIRMATION,
}


class Unwrapped(msgspec.Struct, frozen=True, kw_only=True):
    """What a body holds: either a message or noise, and what the SNS envelope says about it."""

    message: Document | None = None
    noise: Noise | None = None
    topic: str | None = None
    """TopicArn of the envelope; None for a raw delivery."""
    sent_at: datetime | None = None
    """When SNS sent it, by the envelope."""
    enveloped: bool = False
    """Whether there was an envelope, with or without a topic in it."""


def unwrap(body: bytes | str) -> Unwrapped:
    """Return what the body of a queue message holds: enveloped, raw, or noise.

    Raises Unreadable with the reason for everything else. Addresses in it are never fetched.
    """
    if _is_validation(body):
        return Unwrapped(noise=Noise.SES_VALIDATION)
    return unwrap_document(decode(body))


def unwrap_document(document: Document) -> Unwrapped:
    """Return what a decoded body holds; raises Unreadable if its envelope holds no text."""
    if document.sns_type == "Notification":
        return _enveloped(document)
    if isinstance(document.sns_type, str) and document.sns_type in _CONFIRMATIONS:
        return Unwrapped(
            noise=_CONFIRMATIONS[document.sns_type],
            topic=text(document.sns_topic, LONGEST_ARN),
            sent_at=moment(document.sns_timestamp),
            enveloped=True,
        )
    noise = _noise_in(document)
    return Unwrapped(message=None if noise else document, noise=noise)


def _enveloped(envelope: Document) -> Unwrapped:
    inner = envelope.sns_message
    if not isinstance(inner, str):
        raise Unreadable("an SNS envelope whose Message is not a string")
    message = None if _is_validation(inner) else _decoded(inner)
    noise = Noise.SES_VALIDATION if message is None else _noise_in(message)
    return Unwrapped(
        message=None if noise else message,
        noise=noise,
        topic=text(envelope.sns_topic, LONGEST_ARN),
        sent_at=moment(envelope.sns_timestamp),
        enveloped=True,
    )


def _decoded(inner: str) -> Document:
    try:
        return decode(inner)
    except Unreadable as error:
        raise Unreadable(f"an SNS envelope whose Message is {error}") from error


def _is_validation(body: bytes | str) -> bool:
    if isinstance(body, str):
        return body.strip() == VALIDATION_TEXT
    return body.strip() == _VALIDATION_BYTES


def _noise_in(message: Document) -> Noise | None:
    if message.notification_type == "AmazonSnsSubscriptionSucceeded":
        return Noise.SNS_SUBSCRIPTION_SUCCEEDED
    return None
