"""Takes messages as SES does, or refuses them, and foresees what becomes of them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.sandbox.mail import answers, letter
from sesauditd.sandbox.mail.events import Accepted, Happening, identifier
from sesauditd.sandbox.mail.outgoing import Door, Outgoing
from sesauditd.sandbox.mail.permission import Iam, Permission, Permit
from sesauditd.sandbox.mail.refusals import Refusal
from sesauditd.sandbox.mail.world import Mailboxes, is_simulator
from sesauditd.sandbox.ses.values import Reason, Scope, Suppressed

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.state import Ses

__all__ = ["Door", "Outgoing", "Refusal", "Sending"]


class Publisher(Protocol):
    """Who tells what became of messages, each at its time."""

    def accept(self, mail: Accepted, happenings: Sequence[Happening]) -> None:
        """Tell all of it, what is due now at once."""
        ...


class Sending:
    """The sending side of SES; safe to call from several threads.

    `hold_rate` refuses what goes beyond the account's rate a second. It is off by itself, since
    the clock of a story stands still while many mails are sent.
    """

    def __init__(
        self,
        state: Ses,
        authorization: Iam,
        world: Mailboxes,
        publisher: Publisher,
        clock: Callable[[], datetime],
        *,
        hold_rate: bool = False,
    ) -> None:
        self._state = state
        self._permission = Permission(state, authorization, hold_rate=hold_rate)
        self._world = world
        self._publisher = publisher
        self._clock = clock
        self._heard: Counter[str] = Counter()

    def send(self, outgoing: Outgoing) -> str:
        """Take a message and return the id that SES gives it.

        Raises:
            Refusal: SES does not take it; nothing is sent and no event tells of it.
        """
        read = letter.read(outgoing.raw)
        with self._state.lock:
            permit = self._permission.permit(outgoing, read)
            mail = self._accepted(outgoing, read, permit)
            counted = [one for one in mail.recipients if not is_simulator(one)]
            self._state.count_sent(len(counted))
            happenings = self._happenings(mail, permit)
        self._publisher.accept(mail, happenings)
        return mail.message_id

    def _accepted(self, outgoing: Outgoing, read: letter.Letter, permit: Permit) -> Accepted:
        held, now = permit.configuration_set, self._clock()
        return Accepted(
            message_id=self._id(now),
            sent_at=now,
            source=outgoing.sender,
            identity=permit.identity.name,
            identity_arn=self._state.arn("identity", permit.identity.name),
            account_id=self._state.account_id,
            recipients=tuple(dict.fromkeys(outgoing.recipients)),
            letter=read,
            caller=outgoing.user or "root",
            source_ip=outgoing.source_ip,
            operation=outgoing.api.operation,
            configuration_set=held.name if held else None,
            tenant=permit.tenant,
            tags={**read.tags, **outgoing.tags},
        )

    def _happenings(self, mail: Accepted, permit: Permit) -> Sequence[Happening]:
        first = answers.sent(mail)
        if mail.letter.infected:
            # A virus drops the message whole, after it was accepted (ses-facts 1.5).
            return [first, answers.rejected(mail)]
        listed = self._listed(mail, permit)
        tried = [one for one in mail.recipients if one not in listed]
        globally = [one for one in tried if self._globally_suppressed(one, permit)]
        world = self._world.world
        boxes = {
            one: world.mailbox(one, mail.author, mail.sent_at)
            for one in tried
            if one not in globally
        }
        told = [first, *self._from_lists(mail, listed, permit)]
        if globally:
            told.append(answers.global_bounce(globally, mail.sent_at, self._id))
        for group in answers.grouped(boxes, self._times_heard):
            told += answers.answers(mail, group, self._id, self._state.region)
        self._heard.update(one.casefold() for one in boxes)
        return told

    def _globally_suppressed(self, address: str, permit: Permit) -> bool:
        """SES's own list stops only who does not use the account's for bounces.

        An address on the global list, but not on an account's list in use, is tried all the
        same (https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html).
        """
        _scope, reasons = self._state.suppression_settings(permit.configuration_set, permit.tenant)
        if Reason.BOUNCE in reasons or is_simulator(address):
            return False
        return self._state.globally_suppressed(address)

    def _listed(self, mail: Accepted, permit: Permit) -> Mapping[str, Suppressed]:
        """The recipients on the list that holds; AWS's simulator may be put there (8 [?])."""
        simulated = self._state.switches.simulator_can_be_listed
        return {
            one: entry
            for one in mail.recipients
            if (simulated or not is_simulator(one))
            and (entry := self._state.suppressed(one, permit.configuration_set, permit.tenant))
        }

    def _from_lists(
        self, mail: Accepted, listed: Mapping[str, Suppressed], permit: Permit
    ) -> Sequence[Happening]:
        """A complainer's entry answers with a made-up complaint (ses-facts 1.4, 4.2 [?])."""
        scope, _reasons = self._state.suppression_settings(permit.configuration_set, permit.tenant)
        of_tenant = scope is Scope.TENANT
        complain = self._state.switches.complaint_entries_complain
        complainers = [
            one for one, entry in listed.items() if complain and entry.reason is Reason.COMPLAINT
        ]
        dead = [one for one in listed if one not in complainers]
        told: list[Happening] = []
        if dead:
            told.append(answers.list_bounce(dead, mail.sent_at, self._id, of_tenant=of_tenant))
        if complainers:
            told.append(
                answers.list_complaint(complainers, mail.sent_at, self._id, of_tenant=of_tenant)
            )
        return told

    def _times_heard(self, address: str) -> int:
        return self._heard[address.casefold()]

    def _id(self, moment: datetime) -> str:
        return identifier(self._state.region, moment, str(uuid.uuid4()))
