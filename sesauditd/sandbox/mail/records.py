"""What SES itself notes on its suppression lists when mail bounces or is complained about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sesauditd.sandbox.mail.events import Accepted, Happening, Kind, Value
from sesauditd.sandbox.mail.world import is_simulator
from sesauditd.sandbox.ses.values import Reason, Scope, Suppressed

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.state import Ses

HARD = frozenset({"General", "NoEmail"})
"""Subtypes of a permanent bounce that was really tried; the others come from lists."""


def remember(state: Ses, mail: Accepted, happening: Happening) -> None:
    """Put addresses on the list that holds for the message, if its reasons ask for it."""
    body = happening.body
    if happening.kind is Kind.BOUNCE and _is_hard(body):
        _list(state, mail, happening, Reason.BOUNCE, _addresses(body, "bouncedRecipients"))
    elif happening.kind is Kind.COMPLAINT and not body.get("complaintSubType"):
        named = _addresses(body, "complainedRecipients")
        if body.get("complaintFeedbackType") == "not-spam":
            _forgive(state, mail, named)
        else:
            _list(state, mail, happening, Reason.COMPLAINT, named)


def _list(
    state: Ses, mail: Accepted, happening: Happening, reason: Reason, addresses: Iterator[str]
) -> None:
    """The simulator's addresses are not added to any list (ses-facts 8)."""
    held = state.sets.get(mail.configuration_set or "")
    for address in addresses:
        if is_simulator(address):
            continue
        entry = Suppressed(
            address=address,
            reason=reason,
            updated_at=happening.at,
            message_id=mail.message_id,
            feedback_id=str(happening.body.get("feedbackId")),
        )
        state.remember(entry, held, mail.tenant)


def _forgive(state: Ses, mail: Accepted, addresses: Iterator[str]) -> None:
    """A not-spam report takes a complainer off the tenant's list (ses-facts 3 [?])."""
    held = state.sets.get(mail.configuration_set or "")
    scope, _reasons = state.suppression_settings(held, mail.tenant)
    if scope is not Scope.TENANT or not state.switches.not_spam_unlists:
        return
    entries = state.suppression_list(mail.tenant)
    forgiven = {address.casefold() for address in addresses}
    for address, entry in tuple(entries.items()):
        if entry.reason is Reason.COMPLAINT and address.casefold() in forgiven:
            del entries[address]


def _is_hard(body: Mapping[str, Value]) -> bool:
    return body.get("bounceType") == "Permanent" and body.get("bounceSubType") in HARD


def _addresses(body: Mapping[str, Value], key: str) -> Iterator[str]:
    named = body.get(key)
    if not isinstance(named, Sequence):
        return
    for one in named:
        if isinstance(one, Mapping):
            yield str(one["emailAddress"])
