"""Judges stored history by other limits, customer by customer, as both lanes would have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model import lanes
from sesauditd.model.calendar import Week, week_of
from sesauditd.model.limits import Lane
from sesauditd.model.surge import longest_span
from sesauditd.store import history

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sesauditd.model.history import Decisions, DomainsHistory, Strike
    from sesauditd.model.limits import Limits
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.stance import Stance
    from sesauditd.store.whatif.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The fast lane and every Monday, over what is stored."""

    records: Records
    stance: Stance
    """With the limits to try."""
    decided: Mapping[str, Decisions]
    """What operators decided about each customer, as it happened."""
    weeks: frozenset[Week]
    """Those that are over or were judged: the weekly lane judges no others."""

    async def verdicts(self, customer: str) -> list[Verdict]:
        """Return every verdict that would stand about one customer."""
        connection, register = self.records.connection, self.records.register
        strikes = await history.strikes_between(connection, register.domains_of(customer))
        decisions = self.decided[customer]
        infected = await history.virus_history(connection, register, customer, decisions)
        if not strikes and not infected.infections:
            return []
        limits = self.stance.limits(customer)
        confirm = self.stance.confirms(customer)
        wanted = _lanes(limits)
        found: list[Verdict] = []
        for lane in wanted:
            found += lanes.viruses(infected, limits, lane, confirm=confirm)
        for one in await self.records.recipients(customer, strikes, decisions):
            for lane in wanted:
                found += lanes.blocks(one, limits, lane)
        found = self._due(found)
        return found + await self._volumes(customer, strikes, limits, wanted, found)

    async def _volumes(
        self,
        customer: str,
        strikes: Sequence[Strike],
        limits: Limits,
        wanted: Sequence[Lane],
        before: Sequence[Verdict],
    ) -> list[Verdict]:
        """Return what surges bring, then each week in order by what stands before it."""
        decisions = self.decided[customer]
        reach = longest_span(limits)
        whole: DomainsHistory | None = None
        found: list[Verdict] = []
        if lanes.may_surge(strikes, limits):
            whole = await self.records.whole(customer, strikes, decisions, reach)
            for lane in wanted:
                found += self._due(lanes.surges(whole, limits, lane))
        standing = [one for one in (*before, *found) if one.recipient is None]
        for week, part in _weeks(strikes):
            if not lanes.may_judge(part, week, limits, standing):
                continue
            whole = whole or await self.records.whole(customer, strikes, decisions, reach)
            judged = await self._week(whole, week, part, limits, standing)
            standing += judged
            found += judged
        return found

    async def _week(
        self,
        whole: DomainsHistory,
        week: Week,
        strikes: Sequence[Strike],
        limits: Limits,
        standing: Sequence[Verdict],
    ) -> list[Verdict]:
        part = await self.records.of_week(whole, strikes, week, limits.general.free_mail)
        judged: list[Verdict] = []
        if lanes.has_fast_weeks(limits):
            judged += lanes.week_so_far(part, week, limits, standing)
        if week in self.weeks:
            earlier = lanes.before_week(week, (*standing, *judged))
            confirm = self.stance.confirms(whole.customer)
            judged += lanes.whole_week(part, week, limits, earlier, confirm=confirm)
        return judged

    def _due(self, sliding: Iterable[Verdict]) -> list[Verdict]:
        """Return, of what slides, all of the fast lane and what the last Monday came to."""
        over = max((one.end for one in self.weeks), default=None)
        return [
            one
            for one in sliding
            if one.lane is Lane.FAST or (over is not None and one.window.end < over)
        ]


def _lanes(limits: Limits) -> Sequence[Lane]:
    return (Lane.FAST, Lane.WEEKLY) if lanes.has_moved(limits) else (Lane.FAST,)


def _weeks(strikes: Sequence[Strike]) -> list[tuple[Week, list[Strike]]]:
    """Return each week with strikes in it; one at its very end belongs to the next as well."""
    found: dict[Week, list[Strike]] = defaultdict(list)
    for one in strikes:
        week = week_of(one.at)
        found[week].append(one)
        if one.at == week.start:
            found[week.back(1)].append(one)
    return sorted(found.items())
