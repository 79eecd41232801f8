"""Puts together what a command needs that only looks: settings, a clock, a plain connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sesauditd.bootstrap.program import application, now
from sesauditd.store import glance, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

    from sesauditd.config import Policies
    from sesauditd.config.settings import Settings
    from sesauditd.store.glance import Connection

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What there is to look at and by."""

    settings: Settings
    connection: Connection
    now: datetime

    @property
    def policies(self) -> Policies:
        """Return the limits that the settings name; raises Refused if they are wrong."""
        from sesauditd.config import policies_of

        return policies_of(self.settings)


def looked(
    settings: Settings,
    look: Callable[[Look], Coroutine[Any, Any, Answer]],
    *,
    before_upgrade: Callable[[], None],
) -> Answer:
    """Return what a look finds, in one state of a database that has the newest schema.

    One without it is created or upgraded as by every other command. Nothing of the program that
    works is imported before, and nobody logs anything: `before_upgrade` is called first.
    """

    async def at(connection: Connection) -> tuple[Answer] | None:
        if not await schema.is_newest(connection):
            return None
        return (await look(Look(settings=settings, connection=connection, now=now())),)

    found = glance.looked(settings.database.url, at)
    if found is None:
        before_upgrade()
        asyncio.run(_upgraded(settings))
        found = glance.looked(settings.database.url, at)
    if found is None:
        # Only another program that makes the schema older in between comes here.
        return looked(settings, look, before_upgrade=before_upgrade)
    return found[0]


async def _upgraded(settings: Settings) -> None:
    async with application(settings):
        pass
