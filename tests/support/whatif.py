"""Judges what is stored a second time, as `policy simulate` does, beside what stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import true

from sesauditd.bootstrap.program import stance_of
from sesauditd.config import policies_of
from sesauditd.store import ledger
from sesauditd.store.whatif.opening import reading
from sesauditd.store.whatif.replaying import Question, simulation_of

if TYPE_CHECKING:
    from sesauditd.config import Policies, Settings
    from sesauditd.model.verdicts import Verdict

LONG_AGO = datetime(2011, 1, 1, tzinfo=UTC)


async def simulated(
    settings: Settings, now: datetime, policies: Policies | None = None
) -> list[Verdict]:
    """Return every verdict of a simulation, evidence and all, of the present limits or others."""
    stance = stance_of(settings, policies_of(settings))
    asked = Question(
        since=LONG_AGO,
        until=None,
        customer=None,
        now=now,
        tried=stance if policies is None else stance_of(settings, policies),
        present=stance,
    )
    async with reading(settings.database.url) as connection:
        simulation = await simulation_of(connection, asked)
        found = [
            verdict
            for customer in simulation.decided
            if stance.mode_of(customer) != "off"
            for verdict in await simulation.verdicts(customer)
        ]
    return sorted(found, key=lambda one: one.key)


async def standing(settings: Settings) -> list[Verdict]:
    """Return every verdict that stands, evidence and all."""
    async with reading(settings.database.url) as connection:
        return sorted(await ledger.standing(connection, true()), key=lambda one: one.key)
