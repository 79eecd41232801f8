"""Puts together what one run of `report` or `status` shows, from one state of the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sesauditd.errors import Refused
from sesauditd.model.actions import State
from sesauditd.model.addresses import registrable
from sesauditd.model.events import Outcome
from sesauditd.report import counts
from sesauditd.report.account import account
from sesauditd.report.behaviour import Figures, behaviour, narrowed
from sesauditd.report.figures import Span
from sesauditd.report.pages import EVERYBODY, Report, Standing, Status, mode_of
from sesauditd.store import register, reputation
from sesauditd.store.reports import decided, observed, overview, people
from sesauditd.store.reports.behaviour import counted_of_each, figures_of, figures_of_each
from sesauditd.store.reports.daemon import daemon
from sesauditd.store.reports.grades import grades

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.config import Policies
    from sesauditd.report.score import Score

GRADED_OVER = timedelta(days=90)
WEEKS_DRAWN = 8
SHADOW_SHOWN = timedelta(days=30)


async def account_report(
    connection: AsyncConnection, policies: Policies, span: Span, *, whole: bool = True
) -> Report:
    """Return the account page; without `whole`, without the behaviour of each customer."""
    snapshot = await register.snapshot(connection)
    limits = {one: policies.of(one) for one in snapshot.customers}
    counted, behaviours, everybody = {}, [], []
    async for figures in figures_of_each(connection, snapshot, limits, span, whole=whole):
        counted[figures.customer] = figures.counted
        if whole:
            behaviours.append(behaviour(figures, limits[figures.customer]))
        else:
            everybody.append(figures)
    scores = await grades(connection, everybody, limits)
    scores |= {one.customer: one.score for one in behaviours}
    unattributed = await observed.unattributed_count(connection)
    polled = await reputation.newest(connection, 1)
    page = account(span, counted, scores, unattributed, polled[0] if polled else None)
    return Report(
        span=span,
        account=page,
        customers=tuple(behaviours),
        stopped=await _stopped(connection),
    )


async def subject_report(
    connection: AsyncConnection, policies: Policies, name: str, span: Span
) -> Report:
    """Return the report of a customer with its domains, or of one domain.

    Raises Refused for a name that is neither, with names that look like it.
    """
    snapshot = await register.snapshot(connection)
    customers = {*snapshot.customers, *snapshot.since}
    domain = _as_domain(name)
    owner = name if name in customers else snapshot.owners.get(domain)
    if owner is None:
        said = "is neither a customer nor a domain"
        raise Refused(_unknown(name, said, sorted({*customers, *snapshot.owners})))
    limits = policies.of(owner)
    figures = await figures_of(connection, snapshot, owner, span, limits)
    stopped = await _stopped(connection)
    if name not in customers:
        own = behaviour(narrowed(figures, domain), limits)
        return Report(span=span, domains=(own,), stopped=stopped)
    domains = [behaviour(narrowed(figures, one), limits) for one in figures.domains]
    whole = (behaviour(figures, limits),)
    return Report(span=span, customers=whole, domains=tuple(domains), stopped=stopped)


async def check_domain(connection: AsyncConnection, name: str) -> None:
    """Raise Refused for a domain that is not registered, with names that look like it."""
    known = (await register.snapshot(connection)).owners
    if name not in known:
        raise Refused(_unknown(name, "is not a registered domain", sorted(known)))


async def status(
    connection: AsyncConnection,
    policies: Policies,
    configured: Callable[[str], str],
    now: datetime,
    *,
    shown: int | None = None,
) -> Status:
    """Return the morning's screen; `configured` says the mode a customer has in the settings.

    Only of so many customers, those who cost the account most, it is found out how they behave.
    """
    snapshot = await register.snapshot(connection)
    span = Span.between(now - GRADED_OVER, now)
    armings = await overview.armings(connection)
    counted = await counted_of_each(connection, snapshot, snapshot.customers, span)
    whole = account(span, {one: counted.get(one, ()) for one in snapshot.customers}, {}, 0)
    present = frozenset(snapshot.present)
    costliest = [one.customer for one in whole.members if one.customer in present]
    limits = {one: policies.of(one) for one in costliest[:shown]}
    each = figures_of_each(connection, snapshot, limits, span, whole=False, counted=counted)
    everybody = [one async for one in each]
    scores = await grades(connection, everybody, limits)
    recent = await decided.verdicts_since(connection, now - SHADOW_SHOWN)
    return Status(
        mode=mode_of(configured(EVERYBODY), EVERYBODY, armings),
        daemon=await daemon(connection, now),
        overview=await overview.overview(connection),
        pending=await decided.actions_in(connection, overview.PENDING),
        shown_only=tuple(one for one in reversed(recent) if one.state == State.SHADOW),
        domains=await people.domains_to_look_at(connection),
        customers=tuple(
            standing(one, mode_of(configured(one.customer), one.customer, armings), scores)
            for one in everybody
        ),
        present=len(present),
        account=whole,
        cases=await overview.open_cases(connection),
    )


def standing(figures: Figures, mode: str, scores: Mapping[str, Score | None]) -> Standing:
    """Return the line of a customer among all."""
    sums = counts.outcomes(one for one in figures.counted if figures.span.holds_day(one.day))
    return Standing(
        customer=figures.customer,
        mode=mode,
        score=scores[figures.customer],
        domains=len(figures.domains),
        mailed=counts.mailed(sums),
        hard_bounces=sums[Outcome.HARD_BOUNCE],
        complaints=sums[Outcome.COMPLAINT],
        weeks=tuple(
            one.mailed for one in counts.by_week(figures.counted, figures.span)[-WEEKS_DRAWN:]
        ),
    )


async def _stopped(connection: AsyncConnection) -> tuple[str, ...]:
    found = await people.domains_to_look_at(connection)
    return tuple(one.name for one in found if one.stopped)


def _as_domain(name: str) -> str:
    try:
        return registrable(name)
    except Refused:
        return name


def _unknown(name: str, what: str, known: list[str]) -> str:
    said = f"{name!r} {what}"
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"{said}: did you mean {' or '.join(near)}?"
    if not known:
        return f"{said}: nothing is registered yet, see `sesauditd adopt --help`"
    return f"{said}: see `sesauditd customers` and `sesauditd domains`"
