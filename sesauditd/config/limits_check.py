"""What the limits must be to one another: a warning before the disable, percent, sane lanes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from sesauditd.errors import Refused
from sesauditd.model import addresses
from sesauditd.model.limits import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.model.limits import Limits, Volume

LOWEST_BOUNCE_PERCENT = 0.1
"""Below, somebody wrote a fraction: the shipped limits as fractions are 0.01 to 0.08."""
LOWEST_COMPLAINT_PERCENT = 0.02
"""A quarter of the shipped 0.08 %; the shipped limits as fractions are 0.0008 to 0.01."""
LOWEST_CUSTOMERS_PERCENT = 0.1

ONLY_WEEKLY = {
    "hard_bounce.warn": "a warning judges a whole week",
    "complaint.warn": "a warning judges a whole week",
    "guessing.terminate": "only virus.terminate may end a customer's access at once",
    "complaint.terminate": "only virus.terminate may end a customer's access at once",
}


def checked(limits: Limits, *, where: str) -> Limits:
    """Return the limits, domains as A-labels; raises Refused with the key's name behind `where`."""
    for problem in (*_lanes(limits), *_fractions(limits), *_order(limits), *_inside(limits)):
        raise Refused(where + problem)
    return replace(
        limits,
        general=replace(
            limits.general,
            free_mail=_domains(limits.general.free_mail, f"{where}general.free_mail"),
            no_complaint_feedback=_domains(
                limits.general.no_complaint_feedback, f"{where}general.no_complaint_feedback"
            ),
        ),
    )


def _lanes(limits: Limits) -> Iterator[str]:
    """Yield rules on the fast lane that may not be there (policy.md section 2, Lanes)."""
    lanes = {
        "hard_bounce.warn": limits.hard_bounce.warn.lane,
        "complaint.warn": limits.complaint.warn.lane,
        "guessing.terminate": limits.guessing.terminate.lane,
        "complaint.terminate": limits.complaint.terminate.lane,
    }
    for rule, lane in lanes.items():
        if lane is Lane.FAST:
            yield f'{rule}.lane = "fast": the fast lane blocks and disables; {ONLY_WEEKLY[rule]}'


def _fractions(limits: Limits) -> Iterator[str]:
    for group, lowest in (
        ("hard_bounce", LOWEST_BOUNCE_PERCENT),
        ("complaint", LOWEST_COMPLAINT_PERCENT),
    ):
        rules = getattr(limits, group)
        for rule in fields(rules):
            percent = getattr(getattr(rules, rule.name), "rate_percent", None)
            if percent is not None and percent < lowest:
                yield _fraction(f"{group}.{rule.name}.rate_percent", percent)
    percent = limits.blast_radius.percent_of_customers
    if percent < LOWEST_CUSTOMERS_PERCENT:
        yield _fraction("blast_radius.percent_of_customers", percent)


def _fraction(name: str, percent: float) -> str:
    return (
        f"{name} = {percent:g}: {percent:g} would be {percent:g} %: "
        f"rates are percent, write {percent * 100:g}"
    )


def _order(limits: Limits) -> Iterator[str]:
    """Yield limits of a milder rule that lie above those of the next harder one."""
    hard, complaint = limits.hard_bounce, limits.complaint
    yield from _not_above("hard_bounce.warn", hard.warn, "hard_bounce.disable", hard.disable)
    yield from _not_above("complaint.warn", complaint.warn, "complaint.disable", complaint.disable)
    yield from _not_above(
        "complaint.disable", complaint.disable, "complaint.terminate", complaint.terminate
    )


def _not_above(mild_name: str, mild: Volume, hard_name: str, hard: Volume) -> Iterator[str]:
    for key in ("small_count", "rate_percent", "count"):
        below, above = getattr(mild, key), getattr(hard, key)
        if below > above:
            yield (
                f"{mild_name}.{key} = {below:g}: above {hard_name}.{key} = {above:g}, "
                "so the milder step would never come first"
            )


def _inside(limits: Limits) -> Iterator[str]:
    """Yield numbers that another number of the same rule makes meaningless."""
    surge, guessing = limits.hard_bounce.surge, limits.guessing.disable
    if surge.new_customer_count > surge.count:
        yield (
            f"hard_bounce.surge.new_customer_count = {surge.new_customer_count}: above "
            f"hard_bounce.surge.count = {surge.count}, yet new customers are trusted less"
        )
    if guessing.at_one_domain > guessing.unknown_users:
        yield (
            f"guessing.disable.at_one_domain = {guessing.at_one_domain}: above "
            f"guessing.disable.unknown_users = {guessing.unknown_users}, of which it is a part"
        )
    detector = limits.guessing.terminate
    if detector.ask_at > detector.sure_at:
        yield (
            f"guessing.terminate.ask_at = {detector.ask_at:g}: above "
            f"guessing.terminate.sure_at = {detector.sure_at:g}, so nobody would be asked first"
        )


def _domains(entries: tuple[str, ...], name: str) -> tuple[str, ...]:
    try:
        return tuple(addresses.registrable(entry) for entry in entries)
    except Refused as refusal:
        raise Refused(f"{name}: {refusal}") from refusal
