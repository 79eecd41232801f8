"""How each kind of mailbox answers a mail, in the words of the sandbox's world."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SIMULATOR = "simulator.amazonses.com"
UNKNOWN_USER = (
    "smtp; 550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox",
    "smtp; 550 5.1.1 {address}: no such user here",
    "smtp; 550 5.1.1 Requested action not taken: mailbox unavailable (user unknown)",
    "smtp; 550 5.1.1 The address you tried to reach does not exist, check for typos",
)

Answer = dict[str, object]


class Mailbox(Enum):
    """What a mailbox does with mail."""

    OPEN = auto()
    GONE = auto()
    """There is no such mailbox."""
    NO_HOST = auto()
    """There is no such domain."""
    FULL = auto()
    AWAY = auto()
    """An answering machine says so, after the delivery."""
    CROSS = auto()
    """Its reader presses "This is spam"."""
    KIND = auto()
    """Its reader takes the mail out of the spam folder."""
    SHARED = auto()
    """Somebody at this provider complained, and the provider does not say who."""
    SLOW = auto()
    """Its server asks to come back later."""
    SUSPICIOUS = auto()
    """Its server takes the sender for a spammer and keeps him waiting."""
    STRICT = auto()
    """Its server refuses the sender's mail as spam."""
    SMALL = auto()
    """Its server takes no large mails."""
    FORWARDING = auto()
    """Passes mail on to a mailbox that is gone."""
    INFECTED = auto()
    """Never gets the mail, because the scanner finds a virus in it."""
    MUTE = auto()
    """Its server answers what SES cannot make sense of."""


ANSWERS: Mapping[Mailbox, Answer] = {
    Mailbox.NO_HOST: {
        "answer": "soft",
        "subtype": "General",
        "status": "5.4.4",
        "diagnostic": "smtp; 550 5.4.4 Unable to route: no such host",
    },
    Mailbox.FULL: {
        "answer": "soft",
        "subtype": "MailboxFull",
        "status": "4.2.2",
        "diagnostic": "smtp; 452 4.2.2 <{address}> mailbox over quota",
    },
    Mailbox.AWAY: {"answer": "out_of_office", "after": "40s"},
    Mailbox.CROSS: {"answer": "complain", "after": "2h"},
    Mailbox.KIND: {"answer": "complain", "after": "3h", "feedback_type": "not-spam"},
    Mailbox.SHARED: {"answer": "complain", "after": "4h", "everyone": True},
    Mailbox.SLOW: {"answer": "delay", "after": "9m"},
    Mailbox.SUSPICIOUS: {"answer": "delay", "after": "7m", "delay_type": "SpamDetected"},
    Mailbox.STRICT: {
        "answer": "hard",
        "subtype": "General",
        "status": "5.7.1",
        "diagnostic": "smtp; 554 5.7.1 message refused as spam",
    },
    Mailbox.SMALL: {
        "answer": "soft",
        "subtype": "MessageTooLarge",
        "status": "5.3.4",
        "diagnostic": "smtp; 552 5.3.4 message too large",
    },
    Mailbox.FORWARDING: {
        "answer": "forward",
        # The server behind the forwarding names its own address, which nobody mailed.
        "names": ["chef.privat@altfurt-privat.example"],
        "status": "5.1.1",
        "diagnostic": "smtp; 550 5.1.1 no such user here",
    },
    Mailbox.MUTE: {"answer": "undetermined", "diagnostic": "smtp; 550 request denied"},
}
