"""A small SES for tests of its sending side: a shop, its set, a topic that keeps what it hears."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sesauditd.sandbox.authorization import Decision
from sesauditd.sandbox.mail.inbox import Inbox
from sesauditd.sandbox.mail.outgoing import Door, Outgoing
from sesauditd.sandbox.mail.postman import Postman, Unrest
from sesauditd.sandbox.mail.sending import Sending
from sesauditd.sandbox.mail.world import Mailboxes, World, from_toml
from sesauditd.sandbox.ses.state import Ses, Switches
from sesauditd.sandbox.ses.values import (
    Account,
    Check,
    ConfigurationSet,
    Destination,
    Identity,
    Reason,
)
from sesauditd.sandbox.statements import Effect, Request, effect_of

ACCOUNT = "123456789012"
REGION = "eu-central-1"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
SHOP = "shop.example"
SET = "sesaudit-shop"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:feedback"
IDENTITY_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:identities"
EVERYTHING = ("SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY")


def arn(kind: str, name: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT}:{kind}/{name}"


def statement(effect: str, **more: Any) -> str:
    whole = {"Effect": effect, "Action": "ses:Send*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


ALLOWED = statement("Allow", Resource=[arn("identity", SHOP), arn("configuration-set", SET)])


@dataclass
class Policies:
    """IAM of one user, by its documents; it keeps what it was asked."""

    documents: list[str] = field(default_factory=lambda: [ALLOWED])
    asked: list[Mapping[str, Sequence[str]]] = field(default_factory=list)

    def user_arn(self, user: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:user/{user}"

    def decide(
        self,
        user: str,
        action: str,
        resources: Sequence[str],
        context: Mapping[str, Sequence[str]],
    ) -> Decision:
        self.asked.append(context)
        for resource in resources:
            request = Request(action=action, resource=resource, context=context)
            effects = {effect_of(document, request) for document in self.documents}
            if Effect.DENY in effects or Effect.ALLOW not in effects:
                return Decision(allowed=False, why="in the test")
        return Decision(allowed=True, why="in the test")


@dataclass
class Board:
    """Topics, by what was published to them; a closed one refuses."""

    closed: set[str] = field(default_factory=set)
    published: list[tuple[str, str, str, datetime]] = field(default_factory=list)

    def publish(
        self, topic_arn: str, message: str, *, source_arn: str, subject: str | None, at: datetime
    ) -> bool:
        if topic_arn in self.closed:
            return False
        self.published.append((topic_arn, message, source_arn, at))
        return True

    def events(self, topic: str = TOPIC) -> list[dict[str, Any]]:
        return [json.loads(message) for at, message, *_ in self.published if at == topic]


class Post:
    """The sending side on fakes, with a clock that a test moves."""

    def __init__(
        self,
        world: str = "",
        *,
        unrest: Unrest | None = None,
        kept: int = 100,
        hold_rate: bool = False,
    ) -> None:
        self.now = START
        self.state = Ses(clock=self.clock, account_id=ACCOUNT, region=REGION, switches=Switches())
        self.add_identity(SHOP, configuration_set=SET)
        destination = Destination(name="sns", enabled=True, types=EVERYTHING, topic=TOPIC)
        self.state.sets[SET] = ConfigurationSet(name=SET, destinations=(destination,))
        self.state.account = Account(reasons=(Reason.BOUNCE,))
        self.iam = Policies()
        self.board = Board()
        self.inbox = Inbox(kept)
        self.postman = Postman(self.state, self.board, self.inbox, self.clock, unrest)
        self.mailboxes = Mailboxes(from_toml(world, "test") if world else World())
        self.sending = Sending(
            self.state,
            self.iam,
            self.mailboxes,
            self.postman,
            self.clock,
            hold_rate=hold_rate,
        )

    def clock(self) -> datetime:
        return self.now

    def add_identity(self, name: str, **more: Any) -> None:
        """Add a verified identity; an address stays as it is, without records."""
        self.state.identities[name] = Identity(
            name=name, created_at=START, verification=Check.SUCCESS, **more
        )
        self.state.switches.verify_at_once = "@" not in name or self.state.switches.verify_at_once

    def change_set(self, **more: Any) -> None:
        self.state.sets[SET] = replace(self.state.sets[SET], **more)

    def change_account(self, **more: Any) -> None:
        self.state.account = replace(self.state.account, **more)

    def later(self, **time: float) -> int:
        self.now += timedelta(**time)
        return self.postman.advance()

    def send(self, *recipients: str, raw: bytes | None = None, **more: Any) -> str:
        message = raw if raw is not None else letter(*recipients)
        given = {"user": SHOP, "sender": f"info@{SHOP}", "api": Door.SMTP, **more}
        return self.sending.send(Outgoing(recipients=recipients, raw=message, **given))

    def kinds(self) -> list[str]:
        return [one["eventType"] for one in self.board.events()]


def letter(*recipients: str, headers: str = "", sender: str = f"Shop <info@{SHOP}>") -> bytes:
    """Return a plain message; `headers` are whole lines."""
    to = ", ".join(recipients)
    return f"From: {sender}\r\nTo: {to}\r\nSubject: Offers\r\n{headers}\r\nHello\r\n".encode()
