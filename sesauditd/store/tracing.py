"""Which events of given messages were recorded, and for whom they count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.store.tables import events

if TYPE_CHECKING:
    from sesauditd.store.engine import Database


@dataclass(frozen=True, slots=True)
class Tracing:
    """Looks messages up by SES's own ids."""

    database: Database

    async def of(self, message_ids: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        """Return the kinds of events of each message, each with the domain that it counts for.

        A domain of None is nobody's. Messages without an event are left out.
        """
        found: dict[str, dict[str, str | None]] = defaultdict(dict)
        query = select(events.c.message_id, events.c.kind, events.c.domain)
        wanted = query.where(events.c.message_id.in_(message_ids))
        async with self.database.read() as connection:
            for row in await connection.execute(wanted):
                found[row.message_id][row.kind] = row.domain
        return found
