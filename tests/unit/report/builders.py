"""Makes strikes, verdicts and figures with as few words as a test needs."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.model.actions import State
from sesauditd.model.calendar import hour_of, week_of
from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, DomainsHistory, Hourly, Reach, Strike
from sesauditd.model.statistics import sketch
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report.behaviour import Figures, Kind
from sesauditd.report.figures import Block, Counted, Span, StoredAction, StoredVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)
"""The present moment of these tests; the newest full week is 16 to 22 November."""
WEEK = datetime(2026, 11, 16, tzinfo=UTC)
DAY = WEEK.date()
SPAN = Span.between(MONDAY - timedelta(days=90), MONDAY)
DOMAIN = "shop.example"

_ordinals = itertools.count(1)


def strike(
    at: datetime = WEEK,
    recipient: str | None = None,
    outcome: Outcome = Outcome.HARD_BOUNCE,
    *,
    domain: str = DOMAIN,
    status: str | None = "5.1.1",
    diagnostic: str | None = None,
) -> Strike:
    """Return a strike of a new recipient, unless one is named."""
    number = next(_ordinals)
    address = recipient or f"r{number}@there.example"
    return Strike(
        event=f"{number:032x}",
        at=at,
        customer="k",
        domain=domain,
        recipient=address,
        spelling=address,
        outcome=outcome,
        message_id=f"m{number}",
        blockable=True,
        counted_as=address,
        status=status,
        diagnostic=diagnostic,
    )


def struck(
    count: int, at: datetime = WEEK, outcome: Outcome = Outcome.HARD_BOUNCE, **more: Any
) -> list[Strike]:
    """Return strikes of so many recipients, a minute apart."""
    return [strike(at + timedelta(minutes=one), None, outcome, **more) for one in range(count)]


def sent(
    count: int, at: datetime = WEEK, *, domain: str = DOMAIN, feeds_back: bool = True
) -> Hourly:
    """Return the hourly roll-up of Sends to so many different recipients."""
    return Hourly(
        domain=domain,
        hour=hour_of(at),
        outcome=Outcome.SENT,
        feeds_back=feeds_back,
        sketch=sketch(f"s{one}@{domain}" for one in range(count)),
    )


def history(
    strikes: Iterable[Strike] = (),
    hourly: Sequence[Hourly] = (),
    *,
    since: datetime | None = None,
    reinstated: Mapping[str, tuple[datetime, ...]] | None = None,
    reached_at: Mapping[tuple[str, str], datetime] | None = None,
) -> DomainsHistory:
    """Return a customer's history."""
    return DomainsHistory(
        customer="k",
        since=since,
        strikes=tuple(strikes),
        decisions=Decisions(reinstated=reinstated or {}),
        reach=Reach(hourly=hourly),
        reached_at=reached_at or {},
    )


def counted(
    count: int,
    outcome: Outcome = Outcome.SENT,
    day: date = DAY,
    *,
    domain: str = DOMAIN,
    feeds_back: bool = True,
) -> Counted:
    """Return a day's count."""
    return Counted(domain=domain, day=day, outcome=outcome, feeds_back=feeds_back, count=count)


def verdict(
    rule: Rule = Rule.HARD_BOUNCE_DISABLE,
    end: datetime = WEEK + timedelta(days=7),
    does: Does = Does.DISABLE,
    **more: Any,
) -> StoredVerdict:
    """Return a verdict that stands."""
    facts: dict[str, Any] = {
        "key": f"{next(_ordinals):016x}",
        "lane": "weekly",
        "customer": "k",
        "domain": DOMAIN,
        "recipient": None,
        "incident": week_of(end - timedelta(microseconds=1)).name,
        "window_start": end - timedelta(days=7),
        "reason": "too many",
        "mode": "enforce",
        "policy": "0" * 12,
        "judged_at": end,
    }
    return StoredVerdict(rule=rule, does=does, window_end=end, **(facts | more))


def action(kind: str = Does.DISABLE, state: State = State.DONE, **more: Any) -> StoredAction:
    """Return an action of an operator."""
    facts: dict[str, Any] = {
        "id": f"{next(_ordinals):012x}",
        "customer": "k",
        "domain": DOMAIN,
        "recipient": None,
        "lever": None,
        "actor": "operator",
        "cause": None,
        "reason": "because",
        "evidence_at": WEEK,
        "until": None,
        "approved": True,
        "requested_at": WEEK,
        "changed_at": WEEK,
        "attempts": 0,
        "outcome": None,
    }
    return StoredAction(kind=str(kind), state=state, **(facts | more))


def block(recipient: str = "gone@there.example", **more: Any) -> Block:
    """Return a block for good."""
    facts: dict[str, Any] = {
        "action": f"{next(_ordinals):012x}",
        "customer": "k",
        "domain": DOMAIN,
        "rule": "hard_bounce.block",
        "lever": "account_list",
        "state": State.DONE,
        "since": WEEK,
        "until": None,
        "lifted_at": None,
        "reason": "it came back",
    }
    return Block(recipient=recipient, **(facts | more))


def figures(known: DomainsHistory | None = None, **more: Any) -> Figures:
    """Return the figures of customer k with one domain."""
    facts: dict[str, Any] = {
        "kind": Kind.CUSTOMER,
        "name": "k",
        "customer": "k",
        "domains": (DOMAIN,),
        "span": SPAN,
    }
    return Figures(history=known or history(), **(facts | more))
