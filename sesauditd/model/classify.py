"""From feedback to one outcome per recipient, and to the event's own time (policy.md section 1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from sesauditd.model.addresses import domain_of, is_simulator
from sesauditd.model.events import Event, Feedback, Flag, Named, Outcome, Suffered

CLOCK_TOLERANCE = timedelta(minutes=15)
"""How far an event may lie ahead of its receipt before its time is taken for absurd."""
SES_LAUNCH = datetime(2011, 1, 1, tzinfo=UTC)

NO_SUCH_HOST = "5.4.4"
HARD_SUBTYPES = frozenset({"General", "NoEmail", "Suppressed"})
OUT_OF_OFFICE_SUBTYPES = frozenset({"General", "MailboxFull"})
CONTENT_SUBTYPES = frozenset(
    {"MessageTooLarge", "ContentRejected", "AttachmentRejected", "CustomTimeoutExceeded"}
)
COMPLAINT_TYPES = frozenset({"abuse", "fraud", "virus", "other"})
SIMPLE_KINDS = {
    "Delivery": Outcome.DELIVERED,
    "Send": Outcome.SENT,
    "DeliveryDelay": Outcome.DELAYED,
}


def interpret(feedback: Feedback, *, received_at: datetime, own_notice: bool = False) -> Event:
    """Return the event that the feedback reports: its time, outcomes and flags.

    Whether a soft bounce is an out-of-office answer is not decided here: that needs the
    message's deliveries, which may arrive later (`could_be_auto_reply`).
    """
    at, replaced = event_time(feedback, received_at)
    flags = {Flag.TIME_REPLACED} if replaced else set()
    stand_ins = _stand_ins(feedback)
    if any(one.unknown for one in stand_ins):
        flags.add(Flag.FORWARDED)
    suffered: tuple[Suffered, ...]
    if own_notice:
        flags.add(Flag.OWN_NOTICE)
        suffered = tuple(_as(named, Outcome.NOTICE) for named in feedback.named)
    else:
        complainer = _hidden_complainer(feedback, stand_ins)
        suffered = tuple(
            _suffered(feedback, named, stand_in, complainer)
            for named, stand_in in zip(feedback.named, stand_ins, strict=True)
        )
        if complainer and any(one.outcome is Outcome.COMPLAINT for one in suffered):
            flags.add(Flag.AMBIGUOUS)
    return Event(
        feedback=feedback,
        at=at,
        received_at=received_at,
        suffered=_once_each(suffered),
        flags=frozenset(flags),
    )


def event_time(feedback: Feedback, received_at: datetime) -> tuple[datetime, bool]:
    """Return the event's own time and whether SES's inner time had to be replaced.

    The inner time is the receiving provider's clock, which may be anywhere; SES's own mail
    time bounds it from below and the receipt from above. Age alone is never absurd.
    """
    latest = received_at + CLOCK_TOLERANCE
    mail_at = feedback.mail_at
    inner_at = feedback.inner_at if feedback.inner_at is not None else mail_at
    inner_is_sane = inner_at is not None and SES_LAUNCH <= inner_at <= latest
    if inner_at is not None and inner_is_sane and (mail_at is None or inner_at >= mail_at):
        return inner_at, False
    if mail_at is not None and SES_LAUNCH <= mail_at <= latest:
        return mail_at, True
    return received_at, True


def could_be_auto_reply(feedback: Feedback, outcome: Outcome) -> bool:
    """Say whether a Delivery of the same message would turn this bounce into an auto-reply.

    An out-of-office answer is published as a soft bounce of a message that was delivered.
    """
    return (
        outcome is Outcome.SOFT_BOUNCE
        and feedback.type == "Transient"
        and feedback.subtype in OUT_OF_OFFICE_SUBTYPES
    )


class _StandIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a named address stands for."""

    recipient: str
    unknown: bool = False
    """True if nobody knows through which destination the mail came there."""


def _suffered(
    feedback: Feedback, named: Named, stand_in: _StandIn, complainer: str | None
) -> Suffered:
    if is_simulator(named.address):
        return _as(named, Outcome.SIMULATED)
    outcome = _outcome(feedback, named)
    recipient = stand_in.recipient
    blockable = not stand_in.unknown
    counted_as = recipient
    if outcome is Outcome.COMPLAINT and complainer is not None:
        blockable = False
        counted_as = complainer
    elif outcome is Outcome.HARD_BOUNCE and named.status == NO_SUCH_HOST:
        # One broken name server is not fifteen dead addresses.
        counted_as = f"@{domain_of(recipient)}"
    return Suffered(
        recipient=recipient,
        spelling=named.spelling if recipient == named.address else recipient,
        outcome=outcome,
        blockable=blockable,
        counted_as=counted_as,
        action=named.action,
        status=named.status,
        diagnostic=named.diagnostic,
    )


def _outcome(feedback: Feedback, named: Named) -> Outcome:
    match feedback.kind:
        case "Bounce":
            return _bounced(feedback, named)
        case "Complaint":
            return _complained(feedback)
        case "Reject":
            infected = (feedback.reason or "").strip().lower() == "bad content"
            return Outcome.VIRUS if infected else Outcome.OTHER
        case kind:
            return SIMPLE_KINDS.get(kind, Outcome.OTHER)


def _bounced(feedback: Feedback, named: Named) -> Outcome:
    subtype = feedback.subtype or "General"
    if feedback.type == "Permanent" and subtype.endswith("SuppressionList"):
        return Outcome.ECHO
    if feedback.type == "Undetermined":
        return Outcome.UNDETERMINED
    no_such_host = feedback.type == "Transient" and named.status == NO_SUCH_HOST
    if no_such_host or (feedback.type == "Permanent" and subtype in HARD_SUBTYPES):
        still_trying = (named.action or "").lower() == "delayed"
        temporary = (named.status or "").startswith("4.")
        return Outcome.DELAYED if still_trying or temporary else Outcome.HARD_BOUNCE
    if feedback.type == "Transient" and subtype in OUT_OF_OFFICE_SUBTYPES:
        return Outcome.SOFT_BOUNCE
    if feedback.type == "Transient" and subtype in CONTENT_SUBTYPES:
        return Outcome.REFUSED_CONTENT
    # A type or subtype that AWS adds later says nothing yet that somebody could be blamed for.
    return Outcome.OTHER


def _complained(feedback: Feedback) -> Outcome:
    if (feedback.subtype or "").endswith("SuppressionList"):
        return Outcome.ECHO
    complaint_type = (feedback.complaint_type or "").strip().lower()
    if complaint_type and complaint_type not in COMPLAINT_TYPES:
        return Outcome.OTHER
    return Outcome.COMPLAINT


def _stand_ins(feedback: Feedback) -> list[_StandIn]:
    """Return whom each named address stands for.

    After forwarding, a bounce names the address behind the one that was mailed: it stands
    for the only destination if there is one, else nobody knows whose it is.
    """
    if feedback.destination is None:
        return [_StandIn(recipient=named.address) for named in feedback.named]
    mailed = frozenset(feedback.destination)
    only = feedback.destination[0] if len(mailed) == 1 else None
    return [
        _StandIn(recipient=named.address)
        if named.address in mailed
        else _StandIn(recipient=only or named.address, unknown=only is None)
        for named in feedback.named
    ]


def _hidden_complainer(feedback: Feedback, stand_ins: list[_StandIn]) -> str | None:
    """Return a name for the one complainer among several recipients, None if there is but one.

    Most providers hide who complained, and SES then lists everybody of that message at the
    provider: one complainer, nobody knows which.
    """
    if feedback.kind != "Complaint" or len({one.recipient for one in stand_ins}) <= 1:
        return None
    return f"event:{feedback.dedupe.hex()}"


def _once_each(suffered: tuple[Suffered, ...]) -> tuple[Suffered, ...]:
    """Drop repetitions: an event that names one recipient twice means it once."""
    first: dict[str, Suffered] = {}
    for one in suffered:
        first.setdefault(one.recipient, one)
    return tuple(first.values())


def _as(named: Named, outcome: Outcome) -> Suffered:
    return Suffered(
        recipient=named.address,
        spelling=named.spelling,
        outcome=outcome,
        blockable=False,
        counted_as=named.address,
        action=named.action,
        status=named.status,
        diagnostic=named.diagnostic,
    )
