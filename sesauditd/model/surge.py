"""The rules that look at hours: surges of bounces and complaints, and plain guessing."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.model.calendar import hour_of
from sesauditd.model.events import Outcome
from sesauditd.model.sliding import Incidents, Slide, slides
from sesauditd.model.strangers import strangers_live_at
from sesauditd.model.verdicts import Does, Rule, Verdict, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Lane, Limits

EVIDENCE_SHOWN = 20


def judge_surges(history: DomainsHistory, limits: Limits) -> tuple[Verdict, ...]:
    """Return every disable that a sliding window of the customer's history justifies."""
    bounces = [one for one in history.strikes if one.outcome is Outcome.HARD_BOUNCE]
    complaints = [one for one in history.strikes if one.outcome is Outcome.COMPLAINT]
    unknown = [one for one in bounces if one.is_unknown_user]
    sizes = _Sizes(history)
    surge, complained, guessed = (
        limits.hard_bounce.surge,
        limits.complaint.surge,
        limits.guessing.disable,
    )
    return (
        *_judge(
            history,
            Rule.HARD_BOUNCE_SURGE,
            surge.lane,
            bounces,
            timedelta(hours=surge.within_hours),
            min(surge.count, surge.new_customer_count),
            partial(_bounce_surge, history, limits, sizes),
        ),
        *_judge(
            history,
            Rule.COMPLAINT_SURGE,
            complained.lane,
            complaints,
            timedelta(hours=complained.within_hours),
            complained.count,
            partial(_complaint_surge, limits, sizes),
        ),
        *_judge(
            history,
            Rule.GUESSING_DISABLE,
            guessed.lane,
            unknown,
            timedelta(minutes=guessed.within_minutes),
            guessed.unknown_users,
            partial(_guessing, history.first_contact, limits),
        ),
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
    rule: Rule,
    lane: Lane,
    strikes: Sequence[Strike],
    span: timedelta,
    least: int,
    grounds: Callable[[Slide], tuple[str, dict[str, object]] | None],
) -> Iterable[Verdict]:
    incidents = Incidents(decisions=history.decisions)
    for domain, candidates in slides(strikes, span, history.decisions, least, incidents):
        for slide in candidates:
            found = grounds(slide)
            if found is None:
                continue
            number = incidents.open(domain, slide.end)
            reason, figures = found
            yield _verdict(history.customer, rule, lane, domain, slide, number, reason, figures)
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
        f"{slide.count} of {size} recipients did not exist within {rule.within_hours} hours "
        f"(limit {least} and {rule.rate_percent:g} %{new})"
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
        f"{slide.count} of {size} recipients reported spam within {rule.within_hours} hours "
        f"(limit {rule.count} and {rule.rate_percent:g} %)"
    )
    return reason, {"complaints": slide.count, "n": size, "limit": rule.count}


def _guessing(
    reached: Mapping[str, datetime], limits: Limits, slide: Slide
) -> tuple[str, dict[str, object]] | None:
    rule = limits.guessing.disable
    if slide.count < rule.unknown_users:
        return None
    places: dict[str, set[str]] = {}
    first: dict[str, datetime] = {}
    for one in slide.strikes:
        places.setdefault(one.receiving_domain, set()).add(one.counted_as)
        first.setdefault(one.receiving_domain, one.at)
    before = timedelta(hours=rule.delivered_before_hours)
    strangers = {
        place: len(found)
        for place, found in places.items()
        if len(found) >= rule.at_one_domain
        and not strangers_live_at(place, limits.general.free_mail)
        and not (place in reached and reached[place] <= first[place] - before)
    }
    if not strangers:
        return None
    place = max(sorted(strangers), key=lambda name: strangers[name])
    reason = (
        f"{slide.count} unknown addresses within {rule.within_minutes} minutes, "
        f"{strangers[place]} of them at {place}, where nothing was ever delivered before"
    )
    return reason, {"unknown_users": slide.count, "at": place, "there": strangers[place]}


def _verdict(  # noqa: PLR0913
    customer: str,
    rule: Rule,
    lane: Lane,
    domain: str,
    slide: Slide,
    number: int,
    reason: str,
    figures: dict[str, object],
) -> Verdict:
    scope = "over all domains of the customer: " if slide.domain is None else ""
    return Verdict(
        rule=rule,
        lane=lane,
        does=Does.DISABLE,
        customer=customer,
        domain=domain,
        incident=f"incident-{number}",
        window=Window(start=slide.start, end=slide.end),
        reason=scope + reason,
        evidence={
            **figures,
            "scope": "domain" if slide.domain else "customer",
            "strikes": [one.as_evidence() for one in slide.strikes[:EVIDENCE_SHOWN]],
        },
    )
