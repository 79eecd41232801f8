"""The rules that look at hours: surges of bounces and complaints, and plain guessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from sesauditd.model.calendar import EPOCH, hour_of
from sesauditd.model.crowds import Contacts, Crowds
from sesauditd.model.events import Outcome
from sesauditd.model.sliding import Incidents, Recipients, Slide, Tally, slides
from sesauditd.model.verdicts import Does, Rule, Verdict, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Lane, Limits

EVIDENCE_SHOWN = 20


def judge_surges(
    history: DomainsHistory,
    limits: Limits,
    *,
    since: datetime = EPOCH,
    before: Sequence[Verdict] = (),
) -> tuple[Verdict, ...]:
    """Return every disable that a sliding window of the customer's history justifies.

    With `since`, only windows that end then or later are judged: the history need not reach
    further back than one window before it, and `before` are the verdicts about earlier ones.
    """
    bounces = [one for one in history.strikes if one.outcome is Outcome.HARD_BOUNCE]
    complaints = [one for one in history.strikes if one.outcome is Outcome.COMPLAINT]
    unknown = [one for one in bounces if one.is_unknown_user]
    sizes = _Sizes(history)
    judge = partial(_judge, history, since, before)
    return (
        *judge(_bouncing(limits), bounces, partial(_bounce_surge, history, limits, sizes)),
        *judge(_complaining(limits), complaints, partial(_complaint_surge, limits, sizes)),
        *judge(_trying(limits, history), unknown, partial(_guessing, limits)),
    )


def longest_span(limits: Limits) -> timedelta:
    """Return how long the longest window of this module is."""
    return max(
        timedelta(hours=limits.hard_bounce.surge.within_hours),
        timedelta(hours=limits.complaint.surge.within_hours),
        timedelta(minutes=limits.guessing.disable.within_minutes),
    )


def could_surge(strikes: Sequence[Strike], limits: Limits) -> bool:
    """Say whether there are enough strikes for any rule of this module, whatever their times."""
    bounces = sum(one.outcome is Outcome.HARD_BOUNCE for one in strikes)
    complaints = sum(one.outcome is Outcome.COMPLAINT for one in strikes)
    return bounces >= _least_bounces(limits) or complaints >= limits.complaint.surge.count


def least_to_surge(limits: Limits) -> int:
    """Return how few strikes may fulfil a rule of this module."""
    return min(_least_bounces(limits), limits.complaint.surge.count)


def _least_bounces(limits: Limits) -> int:
    surge = limits.hard_bounce.surge
    return min(surge.count, surge.new_customer_count, limits.guessing.disable.unknown_users)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliding:
    """One rule of this module."""

    rule: Rule
    lane: Lane
    span: timedelta
    least: int
    """Different recipients below which it never fires."""
    tally: Callable[[], Tally] = Recipients


def _bouncing(limits: Limits) -> Sliding:
    surge = limits.hard_bounce.surge
    return Sliding(
        rule=Rule.HARD_BOUNCE_SURGE,
        lane=surge.lane,
        span=timedelta(hours=surge.within_hours),
        least=min(surge.count, surge.new_customer_count),
    )


def _complaining(limits: Limits) -> Sliding:
    surge = limits.complaint.surge
    return Sliding(
        rule=Rule.COMPLAINT_SURGE,
        lane=surge.lane,
        span=timedelta(hours=surge.within_hours),
        least=surge.count,
    )


def _trying(limits: Limits, history: DomainsHistory) -> Sliding:
    guessed = limits.guessing.disable
    return Sliding(
        rule=Rule.GUESSING_DISABLE,
        lane=guessed.lane,
        span=timedelta(minutes=guessed.within_minutes),
        least=guessed.unknown_users,
        tally=partial(Crowds, Contacts(history.first_contact, limits), guessed),
    )


class _Sizes:
    """`n` of a window, remembered by hour: it comes from hourly roll-ups anyway."""

    def __init__(self, history: DomainsHistory) -> None:
        self._decisions = history.decisions
        self._mailed = history.mailed
        self._reach = history.reach
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, slide: Slide, span: timedelta, *, feeding_back: bool = False) -> int:
        # All of a customer's mail stands beside the strikes of several of the domains.
        starts = slide.starts
        if slide.domain is None:
            starts = self._decisions.window_starts(self._mailed, slide.end - span, slide.end)
        key = (
            tuple((name, hour_of(start)) for name, start in sorted(starts.items())),
            hour_of(slide.end),
            feeding_back,
        )
        if key not in self._known:
            self._known[key] = self._reach.different(starts, slide.end, feeding_back=feeding_back)
        return max(self._known[key], slide.count)


def _judge(
    history: DomainsHistory,
    since: datetime,
    before: Sequence[Verdict],
    sliding: Sliding,
    strikes: Sequence[Strike],
    grounds: Callable[[Slide], tuple[str, dict[str, object]] | None],
) -> Iterable[Verdict]:
    incidents = Incidents(decisions=history.decisions)
    for one in sorted(before, key=lambda each: each.window.end):
        if one.rule is sliding.rule:
            incidents.resume(one.domain, int(one.incident.partition("-")[2]), one.window.end)
    heavy = slides(
        strikes, sliding.span, incidents, sliding.least, since=since, tally=sliding.tally
    )
    together: tuple[Slide, tuple[str, dict[str, object]] | None] | None = None
    for domain, candidates in heavy:
        for slide in candidates:
            if slide.domain is not None:
                found = grounds(slide)
            else:
                # All domains with a share ask the same about the whole customer.
                if together is None or together[0] is not slide:
                    together = slide, grounds(slide)
                found = together[1]
            if found is None:
                continue
            number = incidents.open(domain, slide.end)
            yield _verdict(history.customer, sliding, domain, slide, number, *found)
            break


def _bounce_surge(
    history: DomainsHistory, limits: Limits, sizes: _Sizes, slide: Slide
) -> tuple[str, dict[str, object]] | None:
    rule = limits.hard_bounce.surge
    is_new = history.since is not None and slide.end - history.since < timedelta(
        days=rule.new_customer_days
    )
    least = rule.new_customer_count if is_new else rule.count
    if slide.count < least:
        return None
    size = sizes.of(slide, timedelta(hours=rule.within_hours))
    if slide.count * 100 < rule.rate_percent * size:
        return None
    new = ", and the customer is new" if is_new else ""
    reason = (
        f"{slide.count} of {size} recipients did not exist within {rule.within_hours} hours; "
        f"the limit is {least} of them and {rule.rate_percent:g} %{new}"
    )
    return reason, {"hard_bounces": slide.count, "n": size, "limit": least}


def _complaint_surge(
    limits: Limits, sizes: _Sizes, slide: Slide
) -> tuple[str, dict[str, object]] | None:
    rule = limits.complaint.surge
    size = sizes.of(slide, timedelta(hours=rule.within_hours), feeding_back=True)
    if slide.count < rule.count or slide.count * 100 < rule.rate_percent * size:
        return None
    reason = (
        f"{slide.count} of {size} recipients reported spam within {rule.within_hours} hours; "
        f"the limit is {rule.count} of them and {rule.rate_percent:g} %"
    )
    return reason, {"complaints": slide.count, "n": size, "limit": rule.count}


def _guessing(limits: Limits, slide: Slide) -> tuple[str, dict[str, object]] | None:
    rule = limits.guessing.disable
    strangers = slide.tally.strangers if isinstance(slide.tally, Crowds) else {}
    if slide.count < rule.unknown_users or not strangers:
        return None
    place = max(sorted(strangers), key=lambda name: strangers[name])
    reason = (
        f"{slide.count} unknown addresses within {rule.within_minutes} minutes, "
        f"{strangers[place]} of them at {place}, where nothing was ever delivered before"
    )
    return reason, {"unknown_users": slide.count, "at": place, "there": strangers[place]}


def _verdict(
    customer: str,
    sliding: Sliding,
    domain: str,
    slide: Slide,
    number: int,
    reason: str,
    figures: dict[str, object],
) -> Verdict:
    scope = "over all domains of the customer: " if slide.domain is None else ""
    return Verdict(
        rule=sliding.rule,
        lane=sliding.lane,
        does=Does.DISABLE,
        customer=customer,
        domain=domain,
        incident=f"incident-{number}",
        window=Window(start=slide.start, end=slide.end),
        reason=scope + reason,
        evidence={
            **figures,
            "scope": "domain" if slide.domain else "customer",
            "strikes": [one.as_evidence() for one in islice(slide.strikes, EVIDENCE_SHOWN)],
        },
    )
