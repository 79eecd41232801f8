"""Scores of many customers, with few questions for the sketches that they need."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from sqlalchemy import select

from sesauditd.model.history import DENOMINATOR, Reach
from sesauditd.report.grading import Grading
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Hourly
    from sesauditd.model.limits import Limits
    from sesauditd.report.behaviour import Figures
    from sesauditd.report.score import Score
    from sesauditd.report.sizes import Window


async def grades(
    connection: AsyncConnection, everybody: Iterable[Figures], limits: Mapping[str, Limits]
) -> dict[str, Score | None]:
    """Return the score of each customer whose figures are here; they need no sketches."""
    gradings = {one.customer: Grading.of(one, limits[one.customer]) for one in everybody}
    unsure = list(gradings.values())
    while unsure:
        asked = [(one, windows) for one in unsure if (windows := one.wanted())]
        found = await _different(connection, {one for _, windows in asked for one in windows})
        for grading, windows in asked:
            grading.tell({window: found[window] for window in windows})
        unsure = [grading for grading, _ in asked]
    return {customer: grading.score() for customer, grading in gradings.items()}


async def _different(connection: AsyncConnection, windows: Iterable[Window]) -> dict[Window, int]:
    """Return `n` of each window; those over the same hours, mostly a week, are one question."""
    together: dict[tuple[int, int], list[Window]] = defaultdict(list)
    for window in windows:
        together[window.hours].append(window)
    found: dict[Window, int] = {}
    for (first, last), same in together.items():
        domains = sorted({name for window in same for name, _ in window.starts})
        reach = Reach(hourly=await _hourly(connection, domains, first, last))
        found |= {window: window.different(reach) for window in same}
    return found


async def _hourly(
    connection: AsyncConnection, domains: Sequence[str], first: int, last: int
) -> Sequence[Hourly]:
    """Return the roll-ups that count in `n`."""
    columns = rollups.c
    query = select(
        columns.domain, columns.hour, columns.outcome, columns.feeds_back, columns.sketch
    ).where(
        columns.domain.in_(domains),
        columns.hour >= first,
        columns.hour <= last,
        columns.outcome.in_(sorted(DENOMINATOR)),
    )
    # A row has what Hourly has; to make one of each takes longer than to ask for them.
    return cast("Sequence[Hourly]", (await connection.execute(query)).all())
