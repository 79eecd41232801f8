"""How one recipient stands with one customer: soft streak, hard bounces, complaints, blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sesauditd.model.calendar import iso
from sesauditd.model.events import Outcome
from sesauditd.model.history import shadow_end
from sesauditd.model.verdicts import Does, Rule, Verdict, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sesauditd.model.history import RecipientHistory, Strike
    from sesauditd.model.limits import Lane, Limits

EVIDENCE_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is shown of a recipient between verdicts."""

    soft_streak: int
    hard_bounces: int
    complaints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Firing:
    """One moment at which a recipient rule is fulfilled."""

    strikes: tuple[Strike, ...]
    for_good: bool = False
    again_at: datetime | None = None
    """When the rule was fulfilled last while the block stood."""

    @property
    def last(self) -> Strike:
        return self.strikes[-1]


def judge_recipient(history: RecipientHistory, limits: Limits) -> tuple[Verdict, ...]:
    """Return every block that the recipient's whole history justifies, oldest first.

    The result depends on the set of strikes, deliveries and lifts alone, never on the order
    in which they arrived.
    """
    strikes = sorted((one for one in history.strikes if one.blockable), key=lambda one: one.order)
    return (
        *_soft_bounce_blocks(history, strikes, limits),
        *_hard_bounce_blocks(history, strikes, limits),
        *_complaint_blocks(history, strikes, limits),
    )


def standing_of(history: RecipientHistory) -> Standing:
    """Return the figures that a list of recipients shows."""
    strikes = sorted(history.strikes, key=lambda one: one.order)
    hard = {one.message_id for one in strikes if one.outcome is Outcome.HARD_BOUNCE}
    complaints = {
        one.message_id for one in strikes if one.outcome is Outcome.COMPLAINT and one.blockable
    }
    last_delivery = max(history.deliveries, default=None)
    streak = {
        one.message_id
        for one in strikes
        if one.outcome is Outcome.SOFT_BOUNCE
        and one.blockable
        and (last_delivery is None or one.at > last_delivery)
    }
    return Standing(soft_streak=len(streak), hard_bounces=len(hard), complaints=len(complaints))


def _soft_bounce_blocks(
    history: RecipientHistory, strikes: Sequence[Strike], limits: Limits
) -> Iterable[Verdict]:
    rule = limits.soft_bounce.block
    softs = _first_of_each_message(strikes, Outcome.SOFT_BOUNCE)
    span = timedelta(days=rule.within_days)
    firings = []
    for index in range(rule.in_a_row - 1, len(softs)):
        row = tuple(softs[index - rule.in_a_row + 1 : index + 1])
        if row[-1].at - row[0].at <= span and not _delivered_between(history.deliveries, row):
            firings.append(_Firing(strikes=row))
    block = timedelta(days=rule.block_days)
    for number, firing, for_good in _blocks(firings, history, block):
        count = len(firing.strikes)
        yield _block(
            Rule.SOFT_BOUNCE_BLOCK,
            rule.lane,
            history,
            firing,
            number,
            until=None if for_good else firing.last.at + block,
            reason=f"{history.recipient} answered {count} messages in a row with a soft bounce, "
            f"from {_day(firing.strikes[0].at)} to {_day(firing.last.at)}, "
            f"with no delivery between",
        )


def _hard_bounce_blocks(
    history: RecipientHistory, strikes: Sequence[Strike], limits: Limits
) -> Iterable[Verdict]:
    rule = limits.hard_bounce.block
    block = timedelta(days=rule.block_days)
    firings = [
        _Firing(strikes=(one,), for_good=_mailbox_is_gone(one))
        for one in strikes
        if one.outcome is Outcome.HARD_BOUNCE
    ]
    for number, firing, for_good in _blocks(firings, history, block):
        status = f" with status {firing.last.status}" if firing.last.status else ""
        yield _block(
            Rule.HARD_BOUNCE_BLOCK,
            rule.lane,
            history,
            firing,
            number,
            until=None if for_good else firing.last.at + block,
            reason=f"mail to {history.recipient} came back as undeliverable{status} "
            f"on {_day(firing.last.at)}",
        )


def _complaint_blocks(
    history: RecipientHistory, strikes: Sequence[Strike], limits: Limits
) -> Iterable[Verdict]:
    rule = limits.complaint.block
    complaints = _first_of_each_message(strikes, Outcome.COMPLAINT)
    span = timedelta(days=rule.within_days)
    firings = []
    for index in range(rule.complaints - 1, len(complaints)):
        recent = tuple(complaints[index - rule.complaints + 1 : index + 1])
        if recent[-1].at - recent[0].at <= span:
            firings.append(_Firing(strikes=recent, for_good=True))
    for number, firing, _ in _blocks(firings, history, span):
        count = len(firing.strikes)
        yield _block(
            Rule.COMPLAINT_BLOCK,
            rule.lane,
            history,
            firing,
            number,
            until=None,
            reason=f"{history.recipient} reported {count} messages as spam within "
            f"{rule.within_days} days, the last on {_day(firing.last.at)}",
        )


def _blocks(
    firings: Sequence[_Firing], history: RecipientHistory, block: timedelta
) -> list[tuple[int, _Firing, bool]]:
    """Return (number, firing, for good) of each block that the firings set, in order.

    While a block stands, further firings are the same incident; one of them that is for good
    makes the whole incident so. A block ends by its time or by an operator's lift, and only an
    event later than that sets the next, which is for good. A block of shadow mode, which nobody
    set, ends with that mode and makes none the second.
    """
    found: list[tuple[int, _Firing, bool]] = []
    ends_at: datetime | None = None
    for firing in firings:
        at = firing.last.at
        standing = bool(found) and (ends_at is None or at <= ends_at)
        if standing:
            number, first, was_for_good = found[-1]
            first = replace(first, again_at=at)
            found[-1] = (number, first, was_for_good)
            if firing.for_good and not first.for_good:
                # What makes it so belongs to the evidence, beside what began it.
                both = replace(first, strikes=(*first.strikes, *firing.strikes), for_good=True)
                found[-1] = (number, both, True)
                ends_at = _end(history, at, None)
            continue
        in_shadow = shadow_end(history.shadows, at) is not None
        for_good = firing.for_good or any(
            in_shadow or shadow_end(history.shadows, earlier.last.at) is None
            for _, earlier, _ in found
        )
        found.append((len(found) + 1, firing, for_good))
        ends_at = _end(history, at, None if for_good else block)
    return found


def _end(history: RecipientHistory, at: datetime, block: timedelta | None) -> datetime | None:
    over = None if block is None else at + block
    ends = (_lifted_after(history.lifts, at), shadow_end(history.shadows, at), over)
    return min(filter(None, ends), default=None)


def _lifted_after(lifts: Sequence[datetime], moment: datetime) -> datetime | None:
    return min((lift for lift in lifts if lift >= moment), default=None)


def _first_of_each_message(strikes: Sequence[Strike], outcome: Outcome) -> list[Strike]:
    first: dict[str, Strike] = {}
    for one in strikes:
        if one.outcome is outcome:
            first.setdefault(one.message_id, one)
    return list(first.values())


def _delivered_between(deliveries: Sequence[datetime], row: Sequence[Strike]) -> bool:
    return any(
        earlier.at <= delivery <= later.at
        for earlier, later in pairwise(row)
        for delivery in deliveries
    )


def _mailbox_is_gone(strike: Strike) -> bool:
    """Say whether the bounce means for good: status 5.1.x, or none given.

    On SES's global list is what bounced for anyone lately; that passes after up to 14 days.
    """
    if strike.subtype == "Suppressed":
        return False
    return not strike.status or strike.status.startswith("5.1.")


def _block(
    rule: Rule,
    lane: Lane,
    history: RecipientHistory,
    firing: _Firing,
    number: int,
    *,
    until: datetime | None,
    reason: str,
) -> Verdict:
    return Verdict(
        rule=rule,
        lane=lane,
        does=Does.BLOCK,
        customer=history.customer,
        domain=firing.last.domain,
        recipient=history.recipient,
        spelling=firing.last.spelling,
        incident=f"block-{number}",
        window=Window(start=firing.strikes[0].at, end=firing.last.at),
        reason=reason,
        evidence={
            "count": len(firing.strikes),
            "block_number": number,
            "newest_at": iso(firing.again_at or firing.last.at),
            "status": firing.last.status,
            "mailbox_gone": rule is Rule.HARD_BOUNCE_BLOCK and firing.for_good,
            "strikes": [one.as_evidence() for one in firing.strikes[-EVIDENCE_SHOWN:]],
        },
        until=until,
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
