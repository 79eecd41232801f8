"""Holds: what we changed on AWS and will put back, remembered until that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from sesauditd.store.statements import upsert
from sesauditd.store.tables import observations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.execution import Hold

HOLD = "hold:"
"""Before a knob's name, the name of its observation."""
SENDING = "sending:"
"""How the name of a knob begins that stops a configuration set."""


async def beginning(
    connection: AsyncConnection, starts: Iterable[str]
) -> dict[str, Mapping[str, object]]:
    """Return the facts of holds by their knobs' names, of those that begin with one of these."""
    name = observations.c.name
    wanted = [name.startswith(HOLD + start, autoescape=True) for start in starts]
    return await _found(connection, or_(*wanted)) if wanted else {}


async def named(connection: AsyncConnection, knob: str) -> dict[str, Mapping[str, object]]:
    """Return the hold of one knob, if there is one."""
    return await _found(connection, observations.c.name == HOLD + knob)


async def take(connection: AsyncConnection, holds: Iterable[Hold], now: datetime) -> None:
    """Remember holds; what was held before stays as it was."""
    for one in holds:
        await connection.execute(
            upsert(connection, observations)
            .values(name=HOLD + one.knob, facts=dict(one.facts), at=now)
            .on_conflict_do_nothing()
        )


async def release(connection: AsyncConnection, knobs: Iterable[str]) -> None:
    """Forget holds that were put back."""
    for knob in knobs:
        await connection.execute(delete(observations).where(observations.c.name == HOLD + knob))


async def _found(
    connection: AsyncConnection, wanted: ColumnElement[bool]
) -> dict[str, Mapping[str, object]]:
    rows = await connection.execute(select(observations).where(wanted))
    return {row.name.removeprefix(HOLD): row.facts for row in rows}
