"""A look at what the sandbox holds, under `/_sandbox/`: mailboxes, state, delivered mail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from sesauditd.errors import Refused
from sesauditd.sandbox.admin import PREFIX, document_of, shown, wrong
from sesauditd.sandbox.mail import world
from sesauditd.sandbox.principals import principals
from sesauditd.sandbox.ses.steering import steer

if TYPE_CHECKING:
    from sesauditd.sandbox.boundaries import Boundaries
    from sesauditd.sandbox.mail.office import Office
    from sesauditd.sandbox.ses.state import Ses

PEM = "application/x-pem-file"


class Looking:
    """Pages for tests and people."""

    def __init__(self, ses: Ses, boundaries: Boundaries, office: Office) -> None:
        self._ses = ses
        self._boundaries = boundaries
        self._office = office

    def add_to(self, app: web.Application) -> None:
        """Add the pages."""
        router = app.router
        router.add_get(f"{PREFIX}/mailboxes", self._mailboxes)
        router.add_put(f"{PREFIX}/mailboxes", self._set_mailboxes)
        router.add_get(f"{PREFIX}/state", self._state)
        router.add_post(f"{PREFIX}/ses", self._steer)
        router.add_get(f"{PREFIX}/inbox", self._inbox)
        router.add_delete(f"{PREFIX}/inbox", self._empty_inbox)
        router.add_get(f"{PREFIX}/events", self._events)
        router.add_post(f"{PREFIX}/events", self._tell_events)
        router.add_get(f"{PREFIX}/authority", self._authority)
        router.add_get(self._office.signer.certificate_path, self._certificate)

    async def _mailboxes(self, _request: web.Request) -> web.Response:
        body = world.as_json(self._office.world.world)
        return web.Response(body=body, content_type="application/json")

    async def _set_mailboxes(self, request: web.Request) -> web.Response:
        try:
            self._office.world.world = world.from_json(await request.read(), "the request")
        except Refused as error:
            raise wrong(str(error)) from None
        return await self._mailboxes(request)

    async def _state(self, _request: web.Request) -> web.Response:
        for name in list(self._ses.identities):
            # SES looks records up when it is asked: without that a state would change unasked.
            self._ses.identity(name)
        iam = principals(self._boundaries.account_id, self._boundaries.by_user)
        return shown({"ses": self._ses.snapshot(), "iam": iam})

    async def _steer(self, request: web.Request) -> web.Response:
        """Decide in AWS's place: the account's standing, switches, confirmed addresses."""
        wanted = await document_of(request)
        if not isinstance(wanted, dict):
            raise wrong("not a JSON object")
        try:
            steer(self._ses, wanted)
        except Refused as error:
            raise wrong(str(error)) from None
        return await self._state(request)

    async def _inbox(self, request: web.Request) -> web.Response:
        mails = self._office.inbox.mails(request.query.get("recipient", ""))
        return shown({"count": len(mails), "mails": [one.shown() for one in mails]})

    async def _empty_inbox(self, request: web.Request) -> web.Response:
        self._office.inbox.clear()
        return await self._inbox(request)

    async def _events(self, _request: web.Request) -> web.Response:
        return shown(
            {
                "published": self._office.press.published,
                "waiting": self._office.postman.waiting(),
                "lost": dict(self._office.press.lost),
            }
        )

    async def _tell_events(self, request: web.Request) -> web.Response:
        """Tell what is due by the clock now, rather than at the postman's next look."""
        await asyncio.to_thread(self._office.postman.advance)
        return await self._events(request)

    async def _authority(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._office.signer.root_pem, content_type=PEM)

    async def _certificate(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._office.signer.certificate_pem, content_type=PEM)
