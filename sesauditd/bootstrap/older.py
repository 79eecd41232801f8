"""Refuses to work on a database that is older than its archive: a copy that was put back, or none.

It would enforce and lift by decisions that were replaced since, and its journal would go another
way than the one that the archive holds, of which a rebuild could follow only one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.aws.clients import Clients
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.shelves import Item

JOURNAL = "journal/"
NAME = re.compile(r"/\d+-(\d+)-[0-9a-f]{64}\.jsonl$")
"""Of an object of the journal: its first and its last number, and what it holds."""

log = structlog.get_logger()


async def check_not_older(program: Application, clients: Clients) -> None:
    """Compare how far the journal goes in the database and in the archive.

    Lists the days from the database's newest entry on: S3 ListObjectsV2. Raises Refused if the
    archive goes further, Unavailable while it cannot be asked. Rights that lack the list, or a
    bucket that is missing, are a warning: what else needs them says so as well.
    """
    from sesauditd.aws.shelf import Shelf
    from sesauditd.errors import Forbidden, Missing, Refused
    from sesauditd.store import journal
    from sesauditd.store.rebuilt import last_sequence

    kept = program.settings.archive
    place = f"{kept.prefix}/{JOURNAL}" if kept.prefix else JOURNAL
    async with program.database.read() as connection:
        newest = await journal.newest_at(connection)
    since = f"{place}dt={newest:%Y-%m-%d}" if newest else ""
    try:
        found = await Shelf(clients, kept.bucket or "").items(place, since)
    except (Forbidden, Missing) as error:
        log.warning("journal_not_compared", reason=str(error))
        return
    # Read behind the list: another daemon may have written and copied meanwhile.
    async with program.database.read() as connection:
        here = await last_sequence(connection)
    there = last_in(found)
    if there > here:
        raise Refused(
            f"the database is older than its archive (row {here} of the journal here, {there} "
            f"in s3://{kept.bucket}/{place}): `sesauditd db rebuild` makes it anew; to go on "
            "without what was decided since, set another archive.prefix"
        )


def last_in(found: Sequence[Item]) -> int:
    """Return the last sequence number that the objects' names tell."""
    return max((int(name[1]) for one in found if (name := NAME.search(one.key))), default=0)
