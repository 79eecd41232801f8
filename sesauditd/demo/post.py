"""Sends mails, and brings what comes back about them through SNS out of the queue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.demo import notifications as ses
from sesauditd.demo.archive import Arrival
from sesauditd.demo.mailboxes import Mailbox, answers

if TYPE_CHECKING:
    from random import Random

    from sesauditd.demo.notifications import Event, Sender

TOPIC = f"arn:aws:sns:{ses.REGION}:{ses.ACCOUNT}:sesaudit-feedback"
CERTIFICATE = f"https://sns.{ses.REGION}.amazonaws.com/SimpleNotificationService-{'0' * 32}.pem"
TWICE = 0.015
"""How often a queue delivers a message a second time, or SES publishes an event twice."""
LATE = 0.01
"""How often a notification is held up for a while."""


@dataclass(slots=True)
class Post:
    """Sends mails and collects everything that comes back about them."""

    draw: Random
    until: datetime
    """When the last notification arrives."""
    arrivals: list[Arrival] = field(default_factory=list)

    def mail(
        self,
        who: Sender,
        to: str | list[str],
        moment: datetime,
        subject: str,
        mailbox: Mailbox = Mailbox.OPEN,
        *,
        held_up: timedelta = timedelta(),
    ) -> None:
        """Send a mail at the moment or within the second after, and collect the answers.

        These reach the queue within seconds, most of them; `held_up` makes all of them late.
        """
        moment += timedelta(milliseconds=self.draw.randrange(1000))
        recipients = [to] if isinstance(to, str) else to
        about = ses.mail(self.draw, who, recipients, subject, moment)
        events = [(moment, ses.send(about)), *answers(self.draw, mailbox, about, moment)]
        for at, event in events:
            self._publish(who, at, event, held_up)

    def text(self, at: datetime, text: str, *, wrapped: bool = False) -> None:
        """Let a text arrive that is no event."""
        body = envelope(self.draw, text, at) if wrapped else text
        self.arrivals.append(Arrival(at=at, body=body))

    def _publish(self, who: Sender, at: datetime, event: Event, lag: timedelta) -> None:
        if who.identity_flavour:
            if event["eventType"] not in ses.IDENTITY_KINDS:
                return
            event = ses.as_identity(event, who)
        message = json.dumps(event, separators=(",", ":"))
        body = envelope(self.draw, message, at)
        lag += timedelta(seconds=0.4 + self.draw.expovariate(0.5))
        if self.draw.random() < LATE:
            lag += timedelta(minutes=self.draw.uniform(10, 180))
        self._arrive(at + lag, body)
        if self.draw.random() < TWICE:
            again = at + lag + timedelta(seconds=self.draw.uniform(30, 600))
            published_anew = self.draw.random() < 1 / 2
            other = envelope(self.draw, message, again) if published_anew else body
            self._arrive(again, other, count=1 if published_anew else 2)

    def _arrive(self, at: datetime, body: str, count: int = 1) -> None:
        self.arrivals.append(Arrival(at=min(at, self.until), body=body, count=count))


def envelope(draw: Random, message: str, moment: datetime) -> str:
    """Return the body of the queue message in which SNS wraps a text."""
    number = f"{draw.getrandbits(128):032x}"
    name = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": name,
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": ses.stamp(moment),
            "SignatureVersion": "2",
            "Signature": "bm8gc2lnbmF0dXJlIGluIGEgZGVtbw==",
            "SigningCertURL": CERTIFICATE,
        }
    )
