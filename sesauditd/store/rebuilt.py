"""The end of a rebuild: the journal as it was, nothing that acts by itself, and a word of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from sesauditd.model.actions import State
from sesauditd.store import journal, seals, watch
from sesauditd.store.copied import COPIED
from sesauditd.store.statements import chunks
from sesauditd.store.tables import actions, notices
from sesauditd.store.tables import journal as rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.journal_copies import Entry

REBUILT: Final = "rebuilt"
"""The observation, and the kind of the journal's row, that tell of a rebuild."""
ACTOR: Final = "operator"
HELD_BACK: Final = "it was not begun when the database was lost: approve it if it is still right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """When the database was made from journal and archive, and whether AWS was looked at since."""

    at: datetime
    reconciled_at: datetime | None = None
    compared: int = 0
    mended: int = 0

    @property
    def is_held(self) -> bool:
        """Say whether nothing may be enforced yet."""
        return self.reconciled_at is None


async def conclude(
    connection: AsyncConnection,
    entries: Sequence[Entry],
    facts: Mapping[str, object],
    now: datetime,
) -> None:
    """Put the journal in the place of what was played, hold back what was not begun, seal all."""
    await _hold_back(connection, now)
    # What was told was told: notices are no part of the journal, and none is sent again.
    await connection.execute(delete(notices))
    await connection.execute(delete(rows))
    for part in chunks(entries):
        await connection.execute(insert(rows), [one.row() for one in part])
    last = entries[-1].sequence if entries else 0
    await watch.remember(connection, COPIED, {"sequence": last}, now)
    await watch.remember(connection, watch.FIRST_RUN, {}, now)
    await watch.remember(connection, REBUILT, dict(facts), now)
    await journal.append(
        connection, at=now, actor=ACTOR, kind=REBUILT, subject="database", facts=facts
    )
    await seals.anew(connection)
    await seals.seal(connection)


async def standing(connection: AsyncConnection) -> Rebuilt | None:
    """Return what is known of the last rebuild, None if there was none."""
    at = await watch.seen_at(connection, REBUILT)
    facts = await watch.recall(connection, REBUILT)
    if at is None or facts is None:
        return None
    told = facts.get("reconciled_at")
    return Rebuilt(
        at=datetime.fromisoformat(str(facts["at"])),
        reconciled_at=datetime.fromisoformat(str(told)) if told else None,
        compared=int(str(facts.get("compared", 0))),
        mended=int(str(facts.get("mended", 0))),
    )


async def last_sequence(connection: AsyncConnection) -> int:
    """Return the number of the newest row of the journal, 0 if there is none."""
    return (await connection.execute(select(func.max(rows.c.sequence)))).scalar() or 0


async def reconciled(
    connection: AsyncConnection, compared: int, mended: int, now: datetime
) -> None:
    """Note that AWS was compared, and in the journal too: from now on the daemon acts again."""
    known = await watch.recall(connection, REBUILT) or {}
    found = {"reconciled_at": now.isoformat(), "compared": compared, "mended": mended}
    await watch.remember(connection, REBUILT, {**known, **found}, now)
    await journal.append(
        connection, at=now, actor="executor", kind="reconciled", subject="database", facts=found
    )


async def _hold_back(connection: AsyncConnection, now: datetime) -> None:
    """Propose what nobody began; what was begun is looked at again, and finished or not."""
    unbegun = (str(State.REQUESTED), str(State.ATTEMPTED), str(State.PENDING), str(State.UNKNOWN))
    await connection.execute(
        update(actions)
        .where(actions.c.state.in_(unbegun), actions.c.before.is_(None))
        .values(state=str(State.PROPOSED), outcome=HELD_BACK, changed_at=now, next_try_at=None)
    )
    await connection.execute(
        update(actions).where(actions.c.state.in_(unbegun)).values(next_try_at=now)
    )
