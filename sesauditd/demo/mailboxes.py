"""How each kind of mailbox answers a mail, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from sesauditd.demo import notifications as ses

if TYPE_CHECKING:
    from random import Random

    from sesauditd.demo.notifications import Event

Answers = list[tuple[datetime, "Event"]]

UNKNOWN_USER = (
    "550 5.1.1 <{0}>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 {0}: no such user here",
    "550 5.1.1 Requested action not taken: mailbox unavailable (user unknown)",
    "550-5.1.1 The address you tried to reach does not exist; 550 5.1.1 check for typos",
)
SIMULATOR = "simulator.amazonses.com"


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
    LISTED = auto()
    """Amazon's own suppression list holds it: nothing was sent."""
    FORWARDING = auto()
    """Passes mail on to a mailbox that is gone."""
    INFECTED = auto()
    """Never gets the mail, because the scanner finds a virus in it."""
    MUTE = auto()
    """Its server answers what SES cannot make sense of."""


def answers(draw: Random, mailbox: Mailbox, about: Event, moment: datetime) -> Answers:
    """Return every event that follows the Send of a mail, each with its time."""
    soon = moment + timedelta(seconds=draw.uniform(0.6, 9))
    match mailbox:
        case Mailbox.OPEN:
            return [(soon, ses.delivery(draw, about, soon))]
        case Mailbox.INFECTED:
            return [(soon, ses.reject(about))]
        case Mailbox.SLOW | Mailbox.SUSPICIOUS:
            return _delayed(draw, mailbox, about, soon)
        case Mailbox.AWAY | Mailbox.CROSS | Mailbox.KIND | Mailbox.SHARED:
            return [(soon, ses.delivery(draw, about, soon)), *_afterwards(draw, mailbox, about)]
        case _:
            return [(soon, _bounce(draw, mailbox, about, soon))]


def _afterwards(draw: Random, mailbox: Mailbox, about: Event) -> Answers:
    sent = datetime.fromisoformat(about["timestamp"])
    to = about["destination"]
    if mailbox is Mailbox.AWAY:
        # An out-of-office answer is published as a soft bounce of a mail that was delivered.
        at = sent + timedelta(seconds=draw.uniform(15, 60))
        away = [{"emailAddress": one} for one in to]
        return [(at, ses.bounce(draw, about, at, ("Transient", "General"), away))]
    at = sent + timedelta(hours=draw.uniform(0.5, 5))
    kind = "not-spam" if mailbox is Mailbox.KIND else "abuse"
    complainers = to if mailbox is Mailbox.SHARED else to[:1]
    return [(at, ses.complaint(draw, about, at, complainers, kind))]


def _delayed(draw: Random, mailbox: Mailbox, about: Event, soon: datetime) -> Answers:
    suspicious = mailbox is Mailbox.SUSPICIOUS
    kind = "SpamDetected" if suspicious else "TransientCommunicationFailure"
    words = "421 4.7.0 unusual rate of mail" if suspicious else "451 4.7.1 greylisted, try again"
    tried = soon + timedelta(minutes=draw.uniform(5, 15))
    arrived = tried + timedelta(minutes=draw.uniform(20, 90))
    late = ses.delivery(draw, about, arrived)
    return [(tried, ses.delay(draw, about, tried, kind, words)), (arrived, late)]


def _bounce(draw: Random, mailbox: Mailbox, about: Event, at: datetime) -> Event:
    kind, status, words = _refusal(draw, mailbox)
    if mailbox is Mailbox.FORWARDING:
        # The server behind the forwarding names its own address, which nobody mailed.
        named = ["chef.privat@altfurt-privat.example"]
    else:
        named = about["destination"]
    recipients = [ses.bounced(one, status, words.format(one)) for one in named]
    return ses.bounce(draw, about, at, kind, recipients)


def _refusal(draw: Random, mailbox: Mailbox) -> tuple[tuple[str, str], str, str]:
    match mailbox:
        case Mailbox.NO_HOST:
            return ("Transient", "General"), "5.4.4", "Unable to route: no such host"
        case Mailbox.FULL:
            return ("Transient", "MailboxFull"), "4.2.2", "452 4.2.2 <{0}> mailbox over quota"
        case Mailbox.STRICT:
            return ("Permanent", "General"), "5.7.1", "554 5.7.1 message refused as spam"
        case Mailbox.SMALL:
            return ("Transient", "MessageTooLarge"), "5.3.4", "552 5.3.4 message too large"
        case Mailbox.LISTED:
            listed = "the address is on the suppression list of your account"
            return ("Permanent", "OnAccountSuppressionList"), "5.1.1", f"Amazon SES: {listed}"
        case Mailbox.MUTE:
            return ("Undetermined", "Undetermined"), "5.0.0", "550 request denied"
        case _:
            return ("Permanent", "General"), "5.1.1", draw.choice(UNKNOWN_USER)
