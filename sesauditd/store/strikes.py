"""Strikes: what counts against somebody's address, kept apart from all the good news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.events import STRIKING
from sesauditd.store.entries import those_with
from sesauditd.store.statements import insert_rows
from sesauditd.store.tables import strikes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Suffered
    from sesauditd.store.entries import Entry


async def add(connection: AsyncConnection, entries: Sequence[Entry]) -> set[tuple[str, str]]:
    """Store the strikes of attributed entries; return (customer, recipient) of each."""
    struck = list(those_with(entries, *STRIKING))
    await insert_rows(connection, strikes, [_row(*each) for each in struck])
    return {(str(entry.customer), one.recipient) for entry, one in struck}


def _row(entry: Entry, one: Suffered) -> dict[str, object]:
    return {
        "event": entry.key,
        "recipient": one.recipient,
        "customer": entry.customer,
        "domain": entry.domain,
        "at": entry.at,
        "outcome": str(one.outcome),
        "message_id": entry.message_id,
        "subtype": entry.subtype,
        "status": one.status,
        "diagnostic": one.diagnostic,
        "spelling": one.spelling,
        "blockable": one.blockable,
        "counted_as": one.counted_as,
    }
