"""The rules that look at one ISO week, judged per domain and over a customer's domains."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import iso, week_of
from sesauditd.model.events import Outcome
from sesauditd.model.guessed_week import judge_guesses
from sesauditd.model.statistics import wilson_lower
from sesauditd.model.verdicts import Does, Rule, Verdict, Window
from sesauditd.model.week_counts import MICROSECOND, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory
    from sesauditd.model.limits import Disabling, Lane, Limits, Volume
    from sesauditd.model.week_counts import Counted

EVIDENCE_SHOWN = 20
AGAINST_COMPLAINTS = frozenset({Rule.COMPLAINT_DISABLE, Rule.COMPLAINT_SURGE})
WARNINGS = {
    Rule.HARD_BOUNCE_DISABLE: Rule.HARD_BOUNCE_WARN,
    Rule.COMPLAINT_DISABLE: Rule.COMPLAINT_WARN,
}


def judge_week(
    history: DomainsHistory,
    week: Week,
    limits: Limits,
    earlier: Sequence[Verdict],
    *,
    confirm: bool = False,
) -> tuple[Verdict, ...]:
    """Return the weekly verdicts of one customer for one week, the strongest a domain.

    `earlier` are the customer's standing verdicts of earlier weeks and of the fast lane: they
    tell third warnings, second offences, and which warnings a standing fast disable absorbs.
    With `confirm` a termination waits for the operator, and the disables stand meanwhile: who
    is to be ended must not mail on because of it.
    """
    found = [
        *judge_counts(history, week, limits, earlier),
        *judge_guesses(history, week, limits, confirm=confirm),
    ]
    return _strongest(found, week, earlier, confirm=confirm)


def judge_counts(
    history: DomainsHistory, week: Week, limits: Limits, earlier: Sequence[Verdict]
) -> tuple[Verdict, ...]:
    """Return every verdict on a week's bounces and complaints, weaker ones too."""
    return (
        *_outcome_verdicts(history, week, limits, earlier, Outcome.HARD_BOUNCE),
        *_outcome_verdicts(history, week, limits, earlier, Outcome.COMPLAINT),
    )


def _outcome_verdicts(
    history: DomainsHistory,
    week: Week,
    limits: Limits,
    earlier: Sequence[Verdict],
    outcome: Outcome,
) -> Iterable[Verdict]:
    seen: set[tuple[Rule, str]] = set()
    for count in counted(history, week, outcome):
        if outcome is Outcome.HARD_BOUNCE:
            found = list(_bounced(count, limits, earlier))
        else:
            found = list(_complained(history, count, limits, earlier))
        for verdict in found:
            if (verdict.rule, verdict.subject) not in seen:
                seen.add((verdict.rule, verdict.subject))
                yield verdict


def _bounced(counted: Counted, limits: Limits, earlier: Sequence[Verdict]) -> Iterable[Verdict]:
    bound = 100 * wilson_lower(counted.hits, counted.size, limits.general.wilson_z)
    rate = 100 * counted.hits / counted.size if counted.size else 0.0
    what = (
        f"{counted.hits} of {counted.size} recipients did not exist ({rate:.1f} %, at least "
        f"{bound:.1f} % when chance is allowed for)"
    )
    warn, disable = limits.hard_bounce.warn, limits.hard_bounce.disable
    if _reaches(counted, disable, bound):
        limit = _limit(counted, disable)
        yield from _each(counted, Rule.HARD_BOUNCE_DISABLE, disable.lane, f"{what}{limit}", bound)
    if _reaches(counted, warn, bound):
        yield from _warned(counted, Rule.HARD_BOUNCE_DISABLE, warn, disable, what, bound, earlier)


def _complained(
    history: DomainsHistory, counted: Counted, limits: Limits, earlier: Sequence[Verdict]
) -> Iterable[Verdict]:
    rate = 100 * counted.hits / counted.size if counted.size else 0.0
    what = f"{counted.hits} of {counted.size} recipients reported spam ({rate:.2f} %)"
    rules = limits.complaint
    again = _again(
        history, counted, limits, earlier, disables=_reaches(counted, rules.disable, rate)
    )
    if (_reaches(counted, rules.terminate, rate) or again) and counted.mail_seen:
        why = again or _limit(counted, rules.terminate)
        yield _verdict(
            counted,
            Rule.COMPLAINT_TERMINATE,
            rules.terminate.lane,
            counted.domains[0],
            f"{what}{why}",
            rate,
        )
    if _reaches(counted, rules.disable, rate):
        limit = _limit(counted, rules.disable)
        yield from _each(
            counted, Rule.COMPLAINT_DISABLE, rules.disable.lane, f"{what}{limit}", rate
        )
    if _reaches(counted, rules.warn, rate):
        yield from _warned(
            counted, Rule.COMPLAINT_DISABLE, rules.warn, rules.disable, what, rate, earlier
        )


def _reaches(counted: Counted, rule: Volume, percent: float) -> bool:
    if counted.size < rule.small_below:
        return counted.hits >= rule.small_count
    return counted.hits >= rule.count and percent >= rule.rate_percent


def _limit(counted: Counted, rule: Volume) -> str:
    if counted.size < rule.small_below:
        return f"; the limit is {rule.small_count} of them, below {rule.small_below} recipients"
    return f"; the limit is {rule.count} of them and {rule.rate_percent:g} %"


def _warned(
    counted: Counted,
    disabling: Rule,
    warn: Volume,
    disable: Disabling,
    what: str,
    percent: float,
    earlier: Sequence[Verdict],
) -> Iterable[Verdict]:
    """Yield a warning for each domain, or the disable that so many warnings make."""
    oldest = counted.week.back(disable.warnings_weeks - 1)
    warning = WARNINGS[disabling]
    for domain in counted.domains:
        before = {
            one.incident
            for one in earlier
            if one.rule is warning
            and one.domain == domain
            and oldest.end <= one.window.end < counted.week.end
        }
        if len(before) + 1 >= disable.warnings:
            why = (
                f"; this would be warning number {len(before) + 1} "
                f"in {disable.warnings_weeks} weeks"
            )
            yield _verdict(counted, disabling, disable.lane, domain, f"{what}{why}", percent)
        else:
            limit = _limit(counted, warn)
            yield _verdict(counted, warning, warn.lane, domain, f"{what}{limit}", percent)


def _again(
    history: DomainsHistory,
    counted: Counted,
    limits: Limits,
    earlier: Sequence[Verdict],
    *,
    disables: bool,
) -> str | None:
    """Say that the customer offends again soon after a reinstatement from the same, or None."""
    days = limits.complaint.terminate.again_within_days
    offences = [counted.week.end] if disables else []
    offences += [
        one.window.end
        for one in earlier
        if one.rule is Rule.COMPLAINT_SURGE
        and one.domain in counted.domains
        and week_of(one.window.end) == counted.week
    ]
    for offence in offences:
        for old in earlier:
            if old.rule not in AGAINST_COMPLAINTS:
                continue
            reinstated = history.decisions.next_after(old.domain, old.window.end - MICROSECOND)
            if reinstated and reinstated < offence <= reinstated + timedelta(days=days):
                return (
                    f", within {days} days after {old.domain} was reinstated on "
                    f"{reinstated:%Y-%m-%d} from {old.rule}"
                )
    return None


def _each(
    counted: Counted, rule: Rule, lane: Lane, reason: str, percent: float
) -> Iterable[Verdict]:
    for domain in counted.domains:
        yield _verdict(counted, rule, lane, domain, reason, percent)


def _verdict(
    counted: Counted, rule: Rule, lane: Lane, domain: str, reason: str, percent: float
) -> Verdict:
    match rule.rpartition(".")[2]:
        case "warn":
            does = Does.WARN
        case "terminate":
            does = Does.TERMINATE
        case _:
            does = Does.DISABLE
    whole = f"over {len(counted.domains)} domains: " if counted.scope == "customer" else ""
    return Verdict(
        rule=rule,
        lane=lane,
        does=does,
        customer=counted.customer,
        domain=domain,
        incident=counted.week.name,
        window=Window(start=counted.start, end=counted.week.end),
        reason=f"week {counted.week.name}, {whole}{reason}",
        evidence={
            "count": counted.hits,
            "n": counted.size,
            "rate_percent": round(percent, 4),
            "scope": counted.scope,
            "newest_at": iso(counted.strikes[-1].at),
            "strikes": [one.as_evidence() for one in counted.strikes[:EVIDENCE_SHOWN]],
        },
    )


def _strongest(
    found: Sequence[Verdict], week: Week, earlier: Sequence[Verdict], *, confirm: bool
) -> tuple[Verdict, ...]:
    if any(one.does is Does.TERMINATE for one in found):
        kept = {Does.TERMINATE, Does.DISABLE} if confirm else {Does.TERMINATE}
        return tuple(one for one in found if one.does in kept)
    fast = {
        one.domain
        for one in earlier
        if one.lane == "fast"
        and one.does is Does.DISABLE
        and week.start <= one.window.end < week.end
    }
    disabled = {one.domain for one in found if one.does is Does.DISABLE}
    return tuple(
        one
        for one in found
        if one.does is Does.DISABLE or (one.domain not in disabled and one.domain not in fast)
    )
