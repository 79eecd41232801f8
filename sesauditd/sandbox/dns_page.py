"""What public DNS holds beside Route 53, under `/_sandbox/dns`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sesauditd.sandbox.admin import PREFIX, document_of, shown, wrong
from sesauditd.sandbox.public_dns import World

if TYPE_CHECKING:
    from aiohttp import web

    from sesauditd.sandbox.zones import Zones


class _Beside(msgspec.Struct, forbid_unknown_fields=True):
    """`records` by `NAME TYPE`, values as zone files write them; `linked` by the zone's id."""

    delegations: dict[str, tuple[str, ...]] = {}
    records: dict[str, tuple[str, ...]] = {}
    linked: dict[str, str] = {}
    sync_seconds: float = 0


class DnsPage:
    """Shows and sets delegations by registrars, records of others, and Route 53's pace."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def add_to(self, app: web.Application) -> None:
        """Add the page."""
        app.router.add_get(f"{PREFIX}/dns", self._show)
        app.router.add_put(f"{PREFIX}/dns", self._set)

    async def _show(self, _request: web.Request) -> web.Response:
        world = self._zones.world
        return shown(
            {
                "delegations": world.delegations,
                "records": {" ".join(key): values for key, values in world.records.items()},
                "linked": self._zones.linked,
                "sync_seconds": self._zones.sync_seconds,
            }
        )

    async def _set(self, request: web.Request) -> web.Response:
        try:
            given = msgspec.convert(await document_of(request), _Beside)
        except msgspec.ValidationError as error:
            raise wrong(str(error)) from None
        pairs = [(key.partition(" "), values) for key, values in given.records.items()]
        self._zones.world = World(
            delegations=given.delegations,
            records={(name.lower(), kind): values for (name, _, kind), values in pairs},
        )
        self._zones.linked = given.linked
        self._zones.sync_seconds = given.sync_seconds
        return await self._show(request)
