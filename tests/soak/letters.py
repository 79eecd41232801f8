"""Mixed messages of a soak test, and what must become of each."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks import generator

TOPIC = "arn:aws:sns:eu-west-1:111122223333:sesaudit-feedback"
"""What the generator's envelopes name."""
OF_BOTH_FLAVOURS = frozenset({"Bounce", "Complaint", "Delivery"})
REMEMBERED = 500

Identity = tuple[str, ...]
"""What makes an event one and the same, whichever way it arrives."""


class Fate(StrEnum):
    """Where a message must end, beside the archive."""

    STORED = "stored"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message for the queue."""

    body: str
    fate: Fate
    identity: Identity = ()
    """Of the event in it."""

    @property
    def sha256(self) -> str:
        """Return the hash by which archive and store name the body."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def mixed(count: int, seed: int, *, poison: float = 0.04) -> list[Letter]:
    """Return so many messages: events of every form, repetitions, rubbish and noise.

    `poison` is the share of what cannot be read.
    """
    draw = random.Random(seed)
    events = generator.notifications(count, seed)
    sent: list[Letter] = []
    while len(sent) < count:
        if draw.random() < poison:
            sent.append(_rubbish(draw, len(sent)))
        else:
            sent.append(_next(draw, events, sent[-REMEMBERED:]))
    return sent


def _next(draw: random.Random, events: Iterator[str], before: Sequence[Letter]) -> Letter:
    chance = draw.random()
    if chance < 0.01:
        return Letter(body=draw.choice(NOISE), fate=Fate.IGNORED)
    if chance < 0.06 and before:
        return _again(draw, draw.choice(before))
    envelope = json.loads(next(events))
    return _event(draw, json.loads(envelope["Message"]), envelope)


def _event(draw: random.Random, event: dict[str, Any], envelope: dict[str, Any]) -> Letter:
    """Return the event enveloped or raw, as event publishing or as an identity's notification."""
    identity = _identity(event)
    if event["eventType"] in OF_BOTH_FLAVOURS and draw.random() < 0.2:
        event = {"notificationType": event.pop("eventType"), **event}
        del event["mail"]["tags"]
    inner = json.dumps(event)
    raw = draw.random() < 0.15
    body = inner if raw else json.dumps({**envelope, "Message": inner})
    return Letter(body=body, fate=Fate.STORED, identity=identity)


def _again(draw: random.Random, letter: Letter) -> Letter:
    """Return a message that came before: the same bytes, or the same event in another form."""
    if letter.fate is Fate.STORED and draw.random() < 0.5:
        document = json.loads(letter.body)
        inner = document.get("Message")
        envelope = {"Type": "Notification", "TopicArn": TOPIC, "Message": letter.body}
        body = inner if inner is not None else json.dumps(envelope)
        return Letter(body=body, fate=Fate.STORED, identity=letter.identity)
    return letter


def _identity(event: dict[str, Any]) -> Identity:
    kind, mail = event["eventType"], event["mail"]
    feedback = event.get(kind.lower(), {}).get("feedbackId")
    rest = [feedback] if feedback else [*sorted(mail["destination"]), mail["timestamp"]]
    return (kind, mail["messageId"], *rest)


def _rubbish(draw: random.Random, number: int) -> Letter:
    body = draw.choice(RUBBISH).replace("NUMBER", str(number))
    return Letter(body=body, fate=Fate.QUARANTINED)


RUBBISH = (
    "not JSON at all, number NUMBER",
    '{"eventType": "Bounce", "mail": {"messageId": "NUMBER',
    '{"NUMBER": true}',
    "[NUMBER]",
    "NUMBER",
    '"NUMBER, a text in \u00e4\u00f6\u00fc and \U0001f980"',
    '{"Type": "Notification", "Message": {"not": "a text", "but": NUMBER}}',
    json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": "{broken NUMBER"}),
    json.dumps({"Type": "Notification", "TopicArn": f"{TOPIC}-of-a-stranger", "Message": "{}"}),
    '{"eventType": "Delivery", "mail": {}, "delivery": {"NUMBER": 1}}',
    "x" * 100_000 + "NUMBER",
)
NOISE = (
    "Successfully validated SNS topic for Amazon SES event publishing.",
    json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have."}),
    json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "Token": "t"}),
)
