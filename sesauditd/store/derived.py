"""What follows from events, kept in step with them: strikes, deliveries, contacts, roll-ups."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.model.touched import Touched
from sesauditd.store import contacts, rollups, strikes
from sesauditd.store.entries import those_with
from sesauditd.store.streaks import keep_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.register import Register
    from sesauditd.store.entries import Entry
    from sesauditd.store.replies import SoftBounce


async def derive(
    connection: AsyncConnection,
    register: Register,
    entries: Sequence[Entry],
    known: Sequence[SoftBounce],
    answered: Sequence[SoftBounce] = (),
    *,
    no_feedback: frozenset[str],
) -> Touched:
    """Store what follows from entries that are stored; return what must be judged anew.

    `known` are the soft bounces of the entries' recipients that were stored before, `answered`
    those of them that these entries made auto-replies. All that is stored here is a function
    of the set of events: it does not depend on how they were cut into batches.
    """
    owned = [entry for entry in entries if entry.domain is not None]
    turned = [(one.domain, one.at) for one in answered if one.domain is not None]
    pairs = await strikes.add(connection, owned)
    await rollups.add(connection, owned, no_feedback=no_feedback)
    await rollups.recount(connection, turned, no_feedback=no_feedback)
    pairs |= await keep_deliveries(connection, register, owned, known, answered)
    pairs |= {
        (register.owners[one.domain], one.recipient) for one in answered if one.domain is not None
    }
    return Touched(
        recipients=frozenset(pairs),
        domains=spans([*((str(entry.domain), entry.at) for entry in owned), *turned]),
        infected=frozenset(str(entry.customer) for entry, _ in those_with(owned, Outcome.VIRUS)),
        unreached=await contacts.reach(connection, owned),
    )


def spans(moments: Iterable[tuple[str, datetime]]) -> dict[str, tuple[datetime, datetime]]:
    """Return the earliest and latest moment of each domain."""
    found: dict[str, tuple[datetime, datetime]] = {}
    for domain, at in moments:
        start, end = found.get(domain, (at, at))
        found[domain] = (min(start, at), max(end, at))
    return found
