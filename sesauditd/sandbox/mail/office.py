"""The sending side of the sandbox, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.sandbox.mail.inbox import Inbox
from sesauditd.sandbox.mail.postman import Postman, Unrest
from sesauditd.sandbox.mail.publish import Press
from sesauditd.sandbox.mail.queues import MotoQueues, MotoTopics
from sesauditd.sandbox.mail.remote import RemoteQueues, RemoteTopics
from sesauditd.sandbox.mail.sending import Sending
from sesauditd.sandbox.mail.signing import Signer
from sesauditd.sandbox.mail.smtp import Door25
from sesauditd.sandbox.mail.world import Mailboxes, World

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Authorization
    from sesauditd.sandbox.ses.state import Ses


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """All parts: the front serves `signer`'s certificate, `world`, `inbox` and `postman`."""

    sending: Sending
    postman: Postman
    press: Press
    inbox: Inbox
    world: Mailboxes
    signer: Signer
    smtp: Door25


def opened(
    state: Ses,
    authorization: Authorization,
    clock: Callable[[], datetime],
    world: World | None = None,
    unrest: Unrest | None = None,
    *,
    elsewhere: Mapping[str, str] | None = None,
    hold_rate: bool = False,
) -> Office:
    """Return the sending side of one account.

    Topics and queues are moto's, in this process, unless `elsewhere` has another emulator's URL
    for "sns" or "sqs". `hold_rate` refuses mail beyond the account's rate a second.
    """
    signer = Signer(state.region)
    urls = elsewhere or {}
    topics = RemoteTopics(urls["sns"], state.region) if "sns" in urls else MotoTopics()
    queues = RemoteQueues(urls["sqs"], state.region) if "sqs" in urls else MotoQueues()
    press = Press(topics, queues, signer, state.account_id)
    inbox = Inbox()
    postman = Postman(state, press, inbox, clock, unrest)
    mailboxes = Mailboxes(world)
    sending = Sending(state, authorization, mailboxes, postman, clock, hold_rate=hold_rate)
    return Office(
        sending=sending,
        postman=postman,
        press=press,
        inbox=inbox,
        world=mailboxes,
        signer=signer,
        smtp=Door25(sending, authorization, state.region),
    )
