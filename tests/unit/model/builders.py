"""Small builders of what the judge looks at; every time is counted from one Monday."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sesauditd.model.calendar import Week, hour_of
from sesauditd.model.events import Outcome
from sesauditd.model.history import Decisions, DomainsHistory, Hourly, Infection, Reach, Strike
from sesauditd.model.limits import Lane, Limits
from sesauditd.model.statistics import sketch
from sesauditd.model.verdicts import Does, Rule, Verdict, Window

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WEEK = Week(MONDAY)
LIMITS = Limits()
SHOP = "shop.example"
BLOG = "blog.example"


def at(*, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


def strike(
    when: datetime,
    outcome: Outcome = Outcome.HARD_BOUNCE,
    *,
    recipient: str = "a@x.example",
    domain: str = SHOP,
    message: str | None = None,
    event: str | None = None,
    status: str | None = None,
    subtype: str | None = None,
    counted_as: str | None = None,
    blockable: bool = True,
    diagnostic: str | None = None,
) -> Strike:
    name = f"{when.isoformat()} {recipient} {domain}"
    return Strike(
        event=event or f"e {name}",
        at=when,
        customer="kim",
        domain=domain,
        recipient=recipient,
        spelling=recipient,
        outcome=outcome,
        message_id=message or f"m {name}",
        blockable=blockable,
        counted_as=counted_as or recipient,
        subtype=subtype,
        status=status,
        diagnostic=diagnostic,
    )


def strikes(
    count: int,
    outcome: Outcome = Outcome.HARD_BOUNCE,
    *,
    start: datetime = MONDAY,
    domain: str = SHOP,
    place: str = "x{}.example",
    status: str | None = "5.1.1",
    apart: timedelta = timedelta(seconds=1),
) -> list[Strike]:
    return [
        strike(
            start + number * apart,
            outcome,
            recipient=f"r{number}@{place.format(number)}",
            domain=domain,
            status=status,
        )
        for number in range(count)
    ]


def hourly(
    count: int,
    when: datetime = MONDAY,
    *,
    outcome: Outcome = Outcome.SENT,
    domain: str = SHOP,
    feeds_back: bool = True,
) -> Hourly:
    return Hourly(
        domain=domain,
        hour=hour_of(when),
        outcome=outcome,
        feeds_back=feeds_back,
        sketch=sketch(f"n{number}@many.example" for number in range(count)),
    )


def domains(
    struck: Iterable[Strike],
    *rows: Hourly,
    since: datetime | None = None,
    decisions: Decisions | None = None,
    reached_at: Mapping[tuple[str, str], datetime] | None = None,
) -> DomainsHistory:
    return DomainsHistory(
        customer="kim",
        since=since,
        strikes=tuple(struck),
        decisions=decisions or Decisions(),
        reach=Reach(hourly=rows),
        reached_at=reached_at or {},
    )


def enforcing(**reinstated: Sequence[datetime]) -> Decisions:
    """Return decisions of an enforced customer; `shop` and `blog` name their reinstatements."""
    names = {"shop": SHOP, "blog": BLOG}
    return Decisions(
        reinstated={names[name]: tuple(times) for name, times in reinstated.items()},
        shadow_since=None,
    )


def infection(
    when: datetime, *, domain: str = SHOP, recipients: tuple[str, ...] = ("a@x.example",)
) -> Infection:
    name = f"{when.isoformat()} {domain}"
    return Infection(event=name, at=when, domain=domain, message_id=name, recipients=recipients)


def verdict(
    rule: Rule,
    does: Does,
    end: datetime,
    *,
    domain: str = SHOP,
    lane: Lane = Lane.WEEKLY,
    incident: str = "",
    until: datetime | None = None,
    waits: str | None = None,
    evidence: Mapping[str, object] | None = None,
) -> Verdict:
    return Verdict(
        rule=rule,
        lane=lane,
        does=does,
        customer="kim",
        domain=domain,
        recipient="a@x.example" if does is Does.BLOCK else None,
        incident=incident or end.isoformat(),
        window=Window(start=end, end=end),
        reason="as built",
        until=until,
        waits=waits,
        evidence=evidence or {},
    )
