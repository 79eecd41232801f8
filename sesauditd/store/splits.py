"""Which domains were moved away from a shared login, and when each was last seen by which."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from sesauditd.model.calendar import iso
from sesauditd.model.splitting import SILENCE, Split, Use
from sesauditd.store import onboarding
from sesauditd.store.tables import domains, events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database
    from sesauditd.store.onboarding import Step

STEP: Final = "split"
"""The row of a domain among its onboarding steps."""
SPLIT: Final = "split"
RETIRED: Final = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The splits of all shared users."""

    database: Database

    async def begin(self, domain: str, user: str, now: datetime) -> None:
        """Note that a domain gets a login of its own; a second time nothing changes."""
        async with self.database.write() as connection:
            for one in await onboarding.steps(connection, domain=domain, step=STEP):
                if one.detail.get("user") == user and one.state == SPLIT:
                    return
            detail = {"user": user, "since": iso(now)}
            await onboarding.note(connection, domain, STEP, SPLIT, detail=detail, now=now)

    async def all(self) -> Sequence[Split]:
        """Return every shared user with how its domains use it, in the order of the alphabet."""
        async with self.database.read() as connection:
            rows = await onboarding.steps(connection, step=STEP)
            by_user: dict[str, list[Step]] = defaultdict(list)
            for one in rows:
                by_user[str(one.detail["user"])].append(one)
            known = list(
                await connection.scalars(
                    select(domains.c.name).where(domains.c.closed_at.is_(None)).order_by("name")
                )
            )
            return [
                await _split(connection, user, by_user[user], known) for user in sorted(by_user)
            ]

    async def retire(self, user: str, now: datetime) -> None:
        """Note that a shared user's keys were made Inactive."""
        async with self.database.write() as connection:
            for one in await onboarding.steps(connection, step=STEP):
                if one.detail.get("user") == user:
                    await onboarding.note(
                        connection, one.domain, STEP, RETIRED, detail=one.detail, now=now
                    )


async def _split(
    connection: AsyncConnection, user: str, rows: Sequence[Step], known: Sequence[str]
) -> Split:
    since = min(datetime.fromisoformat(str(one.detail["since"])) for one in rows)
    split = sorted(one.domain for one in rows)
    uses = [await _use(connection, name, user, since) for name in split]
    for name in [*(one for one in known if one not in split), None]:
        other = await _use(connection, name, user, since)
        uses += [other] if other.shared_at is not None else []
    retired = all(one.state == RETIRED for one in rows)
    return Split(user=user, since=since, retired=retired, uses=tuple(uses))


async def _use(connection: AsyncConnection, domain: str | None, user: str, since: datetime) -> Use:
    """Return the newest events of a domain by the shared user and by another one.

    Older ones than the silence before the split change nothing, and are not looked through.
    """
    newest = (
        select(events.c.at)
        .where(events.c.domain.is_not_distinct_from(domain), events.c.at >= since - SILENCE)
        .order_by(events.c.at.desc())
        .limit(1)
    )
    return Use(
        domain=domain,
        shared_at=await connection.scalar(newest.where(events.c.caller == user)),
        own_at=await connection.scalar(newest.where(events.c.caller != user)),
    )
