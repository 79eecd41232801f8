"""How near each limit came, as a table with bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.calendar import week_of
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import Basis, last_moment
from sesauditd.report.plain import bar, minute, number, percent, shortened
from sesauditd.report.tables import INDENT, filled, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.distances import Distance, Nearness

NOUNS = {
    Basis.RECIPIENTS: ("recipient", "recipients"),
    Basis.WARNINGS: ("warning", "warnings"),
    Basis.AT_ONE_PROVIDER: ("recipient at one provider", "recipients at one provider"),
    Basis.VIRUSES: ("virus", "viruses"),
}
WEEKLY = frozenset({Rule.HARD_BOUNCE_DISABLE, Rule.COMPLAINT_DISABLE})
NAME_SHOWN = 60


def limits_section(nearnesses: Sequence[Nearness]) -> str:
    """Return a line a rule that disables, and what was observed where it came nearest."""
    columns = ("Rule that disables", "Newest full week", "At worst in the span")
    rows = [(one.rule, _bar(one.newest), _bar(one.worst)) for one in nearnesses]
    worst = [one.worst for one in nearnesses if one.worst is not None]
    observed = [filled(observation(one), indent=INDENT) for one in worst]
    drawn = table(columns, rows)
    return section(
        "Distance to each limit", "\n".join([drawn, *([""] if observed else []), *observed])
    )


def observation(distance: Distance) -> str:
    """Return in words what was observed beside its limit, when, and where."""
    one, several = NOUNS[distance.basis]
    of = "" if distance.size is None else f" of {number(distance.size)}"
    alone = distance.count == 1 and distance.size is None
    seen = f"{number(distance.count)}{of} {one if alone else several}"
    limit = f"limit {number(distance.count_limit)}"
    if distance.percent is not None and distance.percent_limit is not None:
        bound = "at least " if distance.rule is Rule.HARD_BOUNCE_DISABLE else ""
        seen = f"{seen} ({bound}{percent(distance.percent)})"
        limit = f"{limit} and {percent(distance.percent_limit)}"
    where = shortened(distance.scope, NAME_SHOWN)
    return f"{distance.rule}: {seen}, {limit}; {where}, {period(distance)}"


def period(distance: Distance) -> str:
    """Return when it was: the week by its name, or the end of a sliding window."""
    if distance.rule in WEEKLY:
        return week_of(last_moment(distance)).name
    return f"until {minute(distance.end)}"


def _bar(distance: Distance | None) -> str:
    ratio = 0.0 if distance is None else distance.ratio
    return f"{bar(ratio)} {round(100 * ratio):>4} %"
