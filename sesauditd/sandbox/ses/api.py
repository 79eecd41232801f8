"""The API of SES, versions 1 and 2, on one state."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from sesauditd.sandbox.mail.refusals import Refusal
from sesauditd.sandbox.ses import outgoing, shapes
from sesauditd.sandbox.ses.declined import Declined
from sesauditd.sandbox.ses.models import V1, V2
from sesauditd.sandbox.ses.operations import PLAIN, PUBLISHING

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call
    from sesauditd.sandbox.mail.outgoing import Outgoing
    from sesauditd.sandbox.ses.destinations import Topics
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result


class Sending(Protocol):
    """Who takes messages as SES does, or refuses them."""

    def send(self, outgoing: Outgoing) -> str:
        """Return the message's id, or raise Refusal."""
        ...


class Keyed(Protocol):
    """An access key of an IAM user."""

    @property
    def user(self) -> str:
        """The IAM user's name."""
        ...


class Credentials(Protocol):
    """Who knows the owner of an access key."""

    def credential(self, access_key_id: str) -> Keyed | None:
        """Return the key, or None: then the caller is the operator's root."""
        ...


class Api:
    """Answers the calls of `ses` and `sesv2` clients."""

    def __init__(
        self, state: Ses, sending: Sending, topics: Topics, credentials: Credentials
    ) -> None:
        self._state = state
        self._sending = sending
        self._topics = topics
        self._credentials = credentials

    async def answer(self, call: Call) -> Answer:
        """Return the answer, in the call's own protocol, also where SES refuses."""
        try:
            request = shapes.read(call)
            return shapes.answer(request, await self._result(request, call.access_key_id))
        except Declined as declined:
            return shapes.refusal(call, declined)

    async def _result(self, request: shapes.Request, access_key_id: str) -> Result:
        which = (request.service, request.name)
        if which in PLAIN:
            with self._state.lock:
                return PLAIN[which](self._state, request.parameters)
        if which in PUBLISHING:
            # A topic may stand behind this very loop: publishing must not stop it.
            publishing = PUBLISHING[which]
            return await asyncio.to_thread(
                publishing, self._state, self._topics, request.parameters
            )
        if which in {(V1, "SendRawEmail"), (V2, "SendEmail")}:
            return {"MessageId": await self._sent(request, access_key_id)}
        text = f"The sandbox does not know {request.name} of {request.service}."
        raise Declined("NotImplemented", text, status=HTTPStatus.NOT_IMPLEMENTED)

    async def _sent(self, request: shapes.Request, access_key_id: str) -> str:
        key = self._credentials.credential(access_key_id)
        made = outgoing.of_v2 if request.service == V2 else outgoing.of_v1
        message = made(request.parameters, key.user if key else None)
        try:
            return await asyncio.to_thread(self._sending.send, message)
        except Refusal as refusal:
            code = refusal.v2_code if request.service == V2 else refusal.v1_code
            denied = code.startswith("AccessDenied")
            status = HTTPStatus.FORBIDDEN if denied else HTTPStatus.BAD_REQUEST
            raise Declined(code, refusal.text, status=status) from refusal
