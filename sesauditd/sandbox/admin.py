"""What tests and people ask of the sandbox itself, under `/_sandbox/`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from sesauditd.sandbox.faults import Fault, Faults

if TYPE_CHECKING:
    from sesauditd.sandbox.clock import SandboxClock
    from sesauditd.sandbox.recording import Recording

PREFIX = "/_sandbox"


class Admin:
    """Calls, faults and the clock; `advance` tells what is due when the clock was moved."""

    def __init__(
        self,
        recording: Recording,
        faults: Faults,
        clock: SandboxClock,
        advance: Callable[[], object],
    ) -> None:
        self._recording = recording
        self._faults = faults
        self._clock = clock
        self._advance = advance

    def add_to(self, app: web.Application) -> None:
        """Add the pages, and one that lists all of them."""
        app.router.add_get(f"{PREFIX}/", self._pages)
        app.router.add_get(f"{PREFIX}/calls", self._calls)
        app.router.add_delete(f"{PREFIX}/calls", self._forget_calls)
        app.router.add_get(f"{PREFIX}/faults", self._standing_faults)
        app.router.add_post(f"{PREFIX}/faults", self._add_faults)
        app.router.add_delete(f"{PREFIX}/faults", self._clear_faults)
        app.router.add_get(f"{PREFIX}/clock", self._time)
        app.router.add_post(f"{PREFIX}/clock", self._set_time)

    async def _pages(self, request: web.Request) -> web.Response:
        found = {
            f"{route.method} {route.resource.canonical}"
            for route in request.app.router.routes()
            if route.resource is not None and route.resource.canonical.startswith(PREFIX)
        }
        return shown({"pages": sorted(one for one in found if not one.startswith("HEAD"))})

    async def _calls(self, request: web.Request) -> web.Response:
        asked = request.query
        calls = self._recording.calls(
            asked.get("service", ""),
            asked.get("operation", ""),
            writes=asked.get("write") in {"true", "1"},
        )
        return shown(
            {
                "count": len(calls),
                "counts": self._recording.counts(),
                "calls": [dataclasses.asdict(call) for call in calls],
            }
        )

    async def _forget_calls(self, _request: web.Request) -> web.Response:
        self._recording.clear()
        return shown({"cleared": True})

    async def _standing_faults(self, _request: web.Request) -> web.Response:
        return self._shown_faults()

    async def _add_faults(self, request: web.Request) -> web.Response:
        given = await document_of(request)
        rules = given if isinstance(given, list) else [given]
        try:
            faults = msgspec.convert(rules, list[Fault])
        except msgspec.ValidationError as error:
            raise wrong(str(error)) from None
        for fault in faults:
            self._faults.add(fault)
        return self._shown_faults()

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return self._shown_faults()

    def _shown_faults(self) -> web.Response:
        return shown({"faults": [dataclasses.asdict(one) for one in self._faults.standing()]})

    async def _time(self, _request: web.Request) -> web.Response:
        return self._shown_time()

    async def _set_time(self, request: web.Request) -> web.Response:
        given = await document_of(request)
        moment = given.get("now") if isinstance(given, dict) else None
        if moment is None:
            self._clock.back_to_real()
            return self._shown_time()
        try:
            self._clock.set_to(datetime.fromisoformat(str(moment)))
        except ValueError as error:
            raise wrong(str(error)) from None
        # What is due by the new time has been told when this call returns.
        await asyncio.to_thread(self._advance)
        return self._shown_time()

    def _shown_time(self) -> web.Response:
        return shown({"now": self._clock(), "story": self._clock.is_story})


def shown(document: object) -> web.Response:
    """Return a page that holds one JSON document, times as ISO 8601."""
    return web.json_response(document, dumps=_dumps)


def wrong(why: str) -> web.HTTPBadRequest:
    """Return the answer to a document that cannot be right."""
    return web.HTTPBadRequest(text=f"{why}\n")


async def document_of(request: web.Request) -> object:
    """Return the JSON document that was sent, {} for none."""
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise wrong(f"not JSON: {error}") from None


def _dumps(document: object) -> str:
    return json.dumps(document, default=_plain, indent=1) + "\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
