"""The world of mailboxes: how each address answers mail, told in TOML or JSON."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, TypeAlias

import msgspec

from sesauditd.errors import Refused
from sesauditd.sandbox.mail.delays import duration

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Reply(StrEnum):
    """What a mailbox does with a message."""

    DELIVER = "deliver"
    HARD = "hard"
    SOFT = "soft"
    UNDETERMINED = "undetermined"
    OUT_OF_OFFICE = "out_of_office"
    COMPLAIN = "complain"
    FORWARD = "forward"
    DELAY = "delay"
    SUPPRESSED = "suppressed"


class Mailbox(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of mailbox; the first that matches an address, and whose time it is, answers.

    `address` is an address or a pattern such as `*@gone.example`, or a list of them, whatever
    the case; `sender` a pattern of the authors to whom it answers so. `after` is the delay of
    the answer since the send (`90s`, `2h`), `at` a moment instead. `since` and `until` limit
    when the entry holds. `status`, `diagnostic` (`{address}` in it is replaced) and `subtype`
    describe a bounce, `names` whom it or the complaint names instead. A complaint comes from
    message number `after_messages` + 1 on; with `everyone` it names each recipient of the
    message at that receiving domain. A delayed message arrives `then` after its delay was told.
    """

    address: str | tuple[str, ...]
    sender: str = "*"
    reply: Reply = msgspec.field(name="answer", default=Reply.DELIVER)
    after: str = "0s"
    at: Moment | None = None
    since: Moment | None = None
    until: Moment | None = None
    status: str | None = None
    diagnostic: str | None = None
    subtype: str | None = None
    names: tuple[str, ...] = ()
    after_messages: int = 0
    feedback_type: str | None = "abuse"
    everyone: bool = False
    delay_type: str = "TransientCommunicationFailure"
    then: str = "1h"

    def __post_init__(self) -> None:
        """Check what a type alone cannot say.

        Raises:
            ValueError: a delay cannot be read, or a forwarding names nobody.
        """
        duration(self.after)
        duration(self.then)
        if self.reply is Reply.FORWARD and not self.names:
            message = '`answer = "forward"` needs `names`, the addresses that bounces tell of'
            raise ValueError(message)

    @property
    def then_after(self) -> timedelta:
        """How long after its delay was reported a message arrives."""
        return duration(self.then)

    def due(self, sent_at: datetime) -> datetime:
        """Return when it answers a message; never before the message."""
        return max(sent_at, self.at or sent_at + duration(self.after))

    def matches(self, address: str, sender: str, sent_at: datetime) -> bool:
        """Tell whether this entry answers a sender's message for an address at that time."""
        if not fnmatchcase(sender.casefold(), self.sender.casefold()):
            return False
        if self.since is not None and sent_at < self.since:
            return False
        if self.until is not None and sent_at >= self.until:
            return False
        patterns = (self.address,) if isinstance(self.address, str) else self.address
        return any(fnmatchcase(address.casefold(), one.casefold()) for one in patterns)


DELIVERS = Mailbox(address="*")
SIMULATOR_DOMAIN = "simulator.amazonses.com"


class World(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All mailboxes that do more than take their mail."""

    mailboxes: tuple[Mailbox, ...] = ()

    def mailbox(self, address: str, sender: str, sent_at: datetime) -> Mailbox:
        """Return how an address answers a sender's message of that time."""
        for one in (*SIMULATOR, *self.mailboxes):
            if one.matches(address, sender, sent_at):
                return one
        return DELIVERS


def _simulated(name: str, reply: Reply, diagnostic: str | None = None) -> Mailbox:
    address = (f"{name}@{SIMULATOR_DOMAIN}", f"{name}+*@{SIMULATOR_DOMAIN}")
    return Mailbox(address=address, reply=reply, diagnostic=diagnostic)


SIMULATOR = (
    _simulated("success", Reply.DELIVER),
    _simulated("bounce", Reply.HARD, "smtp; 550 5.1.1 user unknown"),
    _simulated("ooto", Reply.OUT_OF_OFFICE),
    _simulated("complaint", Reply.COMPLAIN),
    _simulated("suppressionlist", Reply.SUPPRESSED),
)
"""AWS's mailbox simulator, labels allowed (ses-facts 8)."""


def is_simulator(address: str) -> bool:
    """Tell whether AWS answers for an address itself, without effect on lists and quotas."""
    return address.casefold().endswith(f"@{SIMULATOR_DOMAIN}")


class Mailboxes:
    """The world as it is now; an operator may put another in its place."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()


def from_toml(text: str, source: str) -> World:
    """Read a world file.

    Raises:
        Refused: it is no TOML, or holds what a world cannot; the line names it and `source`.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{source} is not TOML: {error}") from error
    return checked(found, source)


def from_json(body: bytes, source: str) -> World:
    """Read the same world from JSON.

    Raises:
        Refused: it is no JSON, or holds what a world cannot; the line names it and `source`.
    """
    try:
        found: object = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise Refused(f"{source} is not JSON: {error}") from error
    return checked(found, source)


def checked(found: object, source: str) -> World:
    """Return a world from what TOML or JSON said.

    Raises:
        Refused: an unknown key, a wrong type or value; the line says where.
    """
    try:
        return msgspec.convert(found, World)
    except msgspec.ValidationError as error:
        raise Refused(f"{source}: {error}") from error


def as_json(world: World) -> bytes:
    """Return a world as `from_json` reads it."""
    return msgspec.json.encode(world)
