"""The weekly side of the store: which weeks are owed, what was judged in them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, or_, select

from sesauditd.model import lanes
from sesauditd.model.calendar import Week, hour_start, week_of
from sesauditd.model.guessed_week import suspected_places
from sesauditd.model.limits import Lane
from sesauditd.model.surge import longest_span
from sesauditd.model.verdicts import Rule
from sesauditd.store import blast, documents, guesses, history, ledger, precedents, register
from sesauditd.store.fastlane import WEEK_RULES
from sesauditd.store.occasion import Occasion
from sesauditd.store.statements import upsert
from sesauditd.store.tables import ENFORCEMENT, periods, reopened_weeks, verdicts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions, DomainsHistory, Strike
    from sesauditd.model.register import Register
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.engine import Database
    from sesauditd.store.stance import Stance

OTHER_RULES = tuple(rule for rule in Rule if rule not in WEEK_RULES)
INCIDENT = "incident-"


@dataclass(frozen=True, slots=True)
class Books:
    """Opens the weekly book of one database."""

    database: Database
    stance: Stance

    @asynccontextmanager
    async def open(self, now: datetime, *, keep: bool) -> AsyncIterator[Book]:
        """Open the book in one writing transaction; without `keep` it is rolled back."""
        async with self.database.write() as connection:
            outer = await connection.begin_nested()
            owners = await register.snapshot(connection)
            book = Book(connection, owners, Occasion(now=now, stance=self.stance), keep)
            yield book
            if keep:
                await outer.commit()
            else:
                await outer.rollback()


@dataclass(frozen=True, slots=True)
class Book:
    """The weekly judgement inside one transaction."""

    connection: AsyncConnection
    register: Register
    occasion: Occasion
    keeps: bool

    async def first_week(self) -> Week | None:
        """Return the oldest week with any event, None while there is none."""
        hour = await history.first_hour(self.connection)
        return None if hour is None else week_of(hour_start(hour))

    async def judged(self) -> Collection[Week]:
        """Return the weeks that were judged."""
        rows = await self.connection.execute(
            select(periods.c.starts_at).where(periods.c.job == ENFORCEMENT)
        )
        return {Week(at) for at in rows.scalars()}

    async def reopened(self) -> Mapping[str, Week]:
        """Return each customer's oldest week in which events came late."""
        rows = await self.connection.execute(
            select(
                reopened_weeks.c.customer, func.min(reopened_weeks.c.starts_at).label("starts_at")
            ).group_by(reopened_weeks.c.customer)
        )
        return {row.customer: Week(row.starts_at) for row in rows}

    async def customers_in(self, week: Week) -> Collection[str]:
        """Return the customers with strikes, Rejects or standing weekly verdicts in the week."""
        span = (week.start, week.end)
        struck = await history.struck_between(self.connection, *span)
        infected = await history.infected_between(self.connection, self.register, *span)
        rows = await self.connection.execute(
            select(verdicts.c.customer).where(
                verdicts.c.incident == week.name, verdicts.c.lane == str(Lane.WEEKLY)
            )
        )
        found = {*struck, *infected, *rows.scalars()}
        return {one for one in found if self.occasion.stance.mode_of(one) != "off"}

    async def judge(self, customer: str, week: Week) -> None:
        """Judge one customer's week and make the stored verdicts so."""
        mode = self.occasion.stance.mode_of(customer)
        decisions = await precedents.decisions_of(self.connection, self.register, customer, mode)
        # First, since a surge of the week may make a weekly rule's second offence.
        await self._moved_here(customer, week, decisions)
        await self._volumes(customer, week, decisions)

    async def finish(self, weeks: Sequence[Week]) -> None:
        """Mark the weeks as judged, hold back what is too much at once."""
        await blast.limit_blast(self.connection, Lane.WEEKLY, self.occasion)
        for week in weeks:
            await self.connection.execute(
                upsert(self.connection, periods)
                .values(
                    job=ENFORCEMENT,
                    period=week.name,
                    starts_at=week.start,
                    state="done",
                    done_at=self.occasion.now,
                )
                .on_conflict_do_nothing()
            )
        if weeks:
            await self.connection.execute(
                delete(reopened_weeks).where(reopened_weeks.c.starts_at <= max(weeks).start)
            )

    async def documents(self, as_of: datetime) -> Sequence[Mapping[str, object]]:
        """Return the verdicts of the last ended week and of the time since, as JSON."""
        return await documents.of_week(
            self.connection, as_of, judged_at=None if self.keeps else self.occasion.now
        )

    async def _volumes(self, customer: str, week: Week, decisions: Decisions) -> None:
        limits = self.occasion.stance.limits(customer)
        domains = self.register.domains_of(customer)
        strikes = await history.strikes_between(self.connection, domains, week.start, week.end)
        whole = await self._mailed(customer, week, strikes, decisions)
        earlier = await ledger.standing(
            self.connection,
            and_(
                verdicts.c.customer == customer,
                verdicts.c.recipient.is_(None),
                verdicts.c.window_end >= week.start - lanes.LOOK_BACK,
                or_(verdicts.c.lane == str(Lane.FAST), verdicts.c.window_end < week.end),
            ),
        )
        before_it = lanes.before_week(week, earlier)
        confirm = self.occasion.stance.confirms(customer)
        judged = lanes.whole_week(whole, week, limits, before_it, confirm=confirm)
        scope = and_(
            ledger.scope_of(customer, Lane.WEEKLY, (*WEEK_RULES, Rule.GUESSING_DISABLE)),
            verdicts.c.incident == week.name,
        )
        before = await ledger.stored(self.connection, scope)
        await ledger.settle(self.connection, judged, before, {customer: decisions}, self.occasion)

    async def _mailed(
        self, customer: str, week: Week, strikes: Sequence[Strike], decisions: Decisions
    ) -> DomainsHistory:
        """Return the week's history, with what was mailed beside unknown users if it matters."""
        whole = await history.domains_history(
            self.connection,
            self.register,
            customer,
            strikes,
            decisions,
            receiving=bool(suspected_places(strikes)),
        )
        free_mail = self.occasion.stance.limits(customer).general.free_mail
        domains = self.register.domains_of(customer)
        span = (week.start, week.end)
        return await guesses.with_arrivals(self.connection, domains, whole, span, free_mail)

    async def _moved_here(self, customer: str, week: Week, decisions: Decisions) -> None:
        """Judge the rules that the policy file moved from the fast lane to the weekly one."""
        limits = self.occasion.stance.limits(customer)
        if not lanes.has_moved(limits):
            return
        judged = [
            one for one in await self._sliding(customer, decisions) if one.window.end < week.end
        ]
        scope = and_(
            ledger.scope_of(customer, Lane.WEEKLY, OTHER_RULES),
            verdicts.c.window_end < week.end,
            # What the detector disables for carries the name of its week.
            verdicts.c.incident.startswith(INCIDENT)
            | (verdicts.c.rule != str(Rule.GUESSING_DISABLE)),
        )
        before = await ledger.stored(self.connection, scope)
        await ledger.settle(self.connection, judged, before, {customer: decisions}, self.occasion)

    async def _sliding(self, customer: str, decisions: Decisions) -> Sequence[Verdict]:
        limits = self.occasion.stance.limits(customer)
        confirm = self.occasion.stance.confirms(customer)
        domains = self.register.domains_of(customer)
        strikes = await history.strikes_between(self.connection, domains)
        whole = await history.domains_history(
            self.connection,
            self.register,
            customer,
            strikes,
            decisions,
            receiving=True,
            reach=longest_span(limits),
        )
        infected = await history.virus_history(self.connection, self.register, customer, decisions)
        pairs = {(customer, one.recipient) for one in strikes}
        found = lanes.surges(whole, limits, Lane.WEEKLY)
        found += lanes.viruses(infected, limits, Lane.WEEKLY, confirm=confirm)
        for one in await history.recipients(self.connection, pairs, {customer: decisions}):
            found += lanes.blocks(one, limits, Lane.WEEKLY)
        return found
