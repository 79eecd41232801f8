"""What decides, beside a verdict itself, what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sesauditd.model.actions import Circumstances
from sesauditd.model.calendar import EPOCH
from sesauditd.model.verdicts import Does
from sesauditd.store.statements import chunks
from sesauditd.store.tables import journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.occasion import Occasion

UNDONE_BY = {Does.BLOCK: "lift", Does.TERMINATE: "restore"}
"""Kinds of the journal's rows by which operators take back what a verdict asked for."""


async def of(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> Circumstances:
    """Return what decides beside the verdict itself."""
    undone = await overtaken(connection, [verdict], {verdict.customer: decisions})
    return around(verdict, decisions, occasion, overtaken=bool(undone))


def around(
    verdict: Verdict, decisions: Decisions, occasion: Occasion, *, overtaken: bool
) -> Circumstances:
    """Return them for a verdict of which it is known whether an operator undid its like."""
    return Circumstances(
        mode="enforce" if decisions.shadow_since is None else "shadow",
        confirm_terminations=occasion.stance.confirms(verdict.customer),
        from_replay=occasion.from_replay,
        now=occasion.now,
        stale_after=occasion.stance.stale_after,
        overtaken=overtaken,
    )


async def overtaken(
    connection: AsyncConnection, wanted: Sequence[Verdict], decided: Mapping[str, Decisions]
) -> set[str]:
    """Return the keys of verdicts whose like an operator undid for the subject after its window."""
    found = {
        one.key
        for one in wanted
        if one.does is Does.DISABLE
        and decided[one.customer].next_after(one.domain, one.window.end) is not None
    }
    undone: dict[tuple[str, str], datetime] = {}
    for part in chunks(sorted({one.subject for one in wanted if one.does in UNDONE_BY})):
        rows = await connection.execute(
            select(journal.c.kind, journal.c.subject, func.max(journal.c.at).label("at"))
            .where(journal.c.kind.in_(sorted(UNDONE_BY.values())), journal.c.subject.in_(part))
            .group_by(journal.c.kind, journal.c.subject)
        )
        undone |= {(row.kind, row.subject): row.at for row in rows}
    return found | {
        one.key
        for one in wanted
        if undone.get((UNDONE_BY.get(one.does, ""), one.subject), EPOCH) > one.window.end
    }
