"""What follows from a week of guessed addresses: the end of access, or a stop and a question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import iso
from sesauditd.model.events import Outcome
from sesauditd.model.guessing import NONE, Suspicion, suspicion_of
from sesauditd.model.limits import Lane
from sesauditd.model.tried import Tried, crowds, places
from sesauditd.model.verdicts import Does, Rule, Verdict, Window
from sesauditd.model.week_counts import Counted, counted

if TYPE_CHECKING:
    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Limits

EVIDENCE_SHOWN = 20
REASONS_SHOWN = 5


def suspected_places(strikes: Iterable[Strike]) -> frozenset[str]:
    """Return the receiving domains whose unknown users are worth a look."""
    return frozenset(crowds(one for one in strikes if one.is_unknown_user))


def judge_guesses(
    history: DomainsHistory, week: Week, limits: Limits, *, confirm: bool = False
) -> tuple[Verdict, ...]:
    """Return a termination if the detector is sure, else a disable of each suspected domain.

    Judged per domain and over all domains of the customer; the surest finding is told. With
    `confirm` the termination waits for the operator, and the disables stand beside it.
    """
    if not suspected_places(history.strikes):
        return ()
    scopes = [
        (_suspicion(history, one, limits), one)
        for one in counted(history, week, Outcome.HARD_BOUNCE)
    ]
    rule = limits.guessing.terminate
    ranked = sorted(
        (one for one in scopes if one[0].score >= rule.ask_at),
        key=lambda one: (-one[0].score, len(one[1].domains), one[1].domains),
    )
    sure = [one for one in ranked if one[0].score >= rule.sure_at and one[1].mail_seen]
    ended: tuple[Verdict, ...] = ()
    if sure:
        found, count = sure[0]
        ended = (_verdict(found, count, count.domains[0], Rule.GUESSING_TERMINATE),)
        if not confirm:
            return ended
    disabled: dict[str, Verdict] = {}
    for found, count in ranked:
        for domain in count.domains:
            verdict = _verdict(found, count, domain, Rule.GUESSING_DISABLE)
            disabled.setdefault(domain, verdict)
    return (*ended, *(disabled[domain] for domain in sorted(disabled)))


def _suspicion(history: DomainsHistory, count: Counted, limits: Limits) -> Suspicion:
    unknown = tuple(one for one in count.strikes if one.is_unknown_user)
    if not unknown:
        return NONE
    tried = Tried(
        unknown=unknown,
        arrivals=tuple(
            one for one in history.arrivals if one.domain in count.domains or one.at < count.start
        ),
        reached_at=_reached(history, count),
        since=count.start,
        settled=timedelta(hours=limits.guessing.disable.delivered_before_hours),
    )
    found = list(places(tried, limits.general.free_mail))
    return suspicion_of(found, limits.guessing.terminate.guesses)


def _reached(history: DomainsHistory, count: Counted) -> Mapping[str, datetime]:
    """Return when each place was first reached: whom another domain knew before is no stranger."""
    first: dict[str, datetime] = {}
    for (domain, place), at in history.reached_at.items():
        if domain in count.domains or at < count.start:
            first[place] = min(at, first.get(place, at))
    return first


def _verdict(found: Suspicion, count: Counted, domain: str, rule: Rule) -> Verdict:
    ends = rule is Rule.GUESSING_TERMINATE
    told = {one.place for one in found.reasons}
    struck = [one for one in _unknown(count) if one.receiving_domain in told]
    whole = f"over {len(count.domains)} domains: " if count.scope == "customer" else ""
    return Verdict(
        rule=rule,
        lane=Lane.WEEKLY,
        does=Does.TERMINATE if ends else Does.DISABLE,
        customer=count.customer,
        domain=domain,
        incident=count.week.name,
        window=Window(start=count.start, end=count.week.end),
        reason=f"week {count.week.name}, {whole}addresses were "
        f"{'' if ends else 'probably '}guessed: {found.words}",
        evidence={
            "count": len({one.recipient for one in struck}),
            "score": found.score,
            "scope": count.scope,
            "at": [dict(one.facts) for one in found.reasons[:REASONS_SHOWN]],
            "newest_at": iso(struck[-1].at),
            "strikes": [one.as_evidence() for one in struck[:EVIDENCE_SHOWN]],
        },
    )


def _unknown(count: Counted) -> Iterator[Strike]:
    return (one for one in count.strikes if one.is_unknown_user)
