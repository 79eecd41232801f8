"""The sandbox's one port: names, counts and fails calls, and hands them to who answers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, TypeAlias

from aiohttp import web

from sesauditd.sandbox import naming
from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.faults import Fault, FaultAction, Faults
from sesauditd.sandbox.recording import RecordedCall, Recording
from sesauditd.sandbox.signing import signer_of

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; above SES's 40 MB a message (ses-facts 6.3) in base64."""

Guard: TypeAlias = Callable[[Call], Answer | None]
"""Answers a call in place of the emulator, or None to let it pass."""

Amendment: TypeAlias = Callable[[Call, Answer], Answer]
"""Adds to an emulator's answer what it does not know."""


class Answering(Protocol):
    """Who answers the calls that no fault and no guard stopped."""

    async def answer(self, call: Call, raw_path: str) -> Answer:
        """Return the answer; `raw_path` is path and query as they came."""
        ...


class Front:
    """Receives every call of every service."""

    def __init__(
        self,
        *,
        answering: Answering,
        guards: Sequence[Guard],
        amendments: Sequence[Amendment],
        faults: Faults,
        recording: Recording,
        clock: Callable[[], datetime],
    ) -> None:
        self._answering = answering
        self._guards = guards
        self._amendments = amendments
        self._faults = faults
        self._recording = recording
        self._clock = clock

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of a client."""
        signer = signer_of(request.headers.get("Authorization", ""))
        if signer is None:
            return _sent(_unsigned())
        call = await _call_of(request, signer.service, signer.access_key_id)
        label = naming.service_label(call)
        number = self._recording.next_number()
        fault = self._faults.strike(call, label)
        answer = await self._answered(call, request.raw_path, fault)
        self._recording.add(
            RecordedCall(
                number=number,
                at=self._clock(),
                service=label,
                operation=call.operation or "",
                access_key_id=call.access_key_id,
                path=call.path,
                parameters=naming.parameters_of(call),
                write=naming.is_write(call.operation),
                status=answer.status if answer else 0,
                fault=fault.action if fault else None,
            )
        )
        if answer is None or (fault and fault.action is FaultAction.LOSE_ANSWER):
            return _cut(request)
        return _sent(answer)

    async def _answered(self, call: Call, raw_path: str, fault: Fault | None) -> Answer | None:
        match fault.action if fault else None:
            case FaultAction.HANG if fault:
                await asyncio.sleep(fault.seconds)
                return None
            case FaultAction.RESET:
                return None
            case FaultAction.ERROR | FaultAction.THROTTLE if fault:
                return fault.answer(call, naming.service_label(call))
            case _:
                return await self._passed(call, raw_path)

    async def _passed(self, call: Call, raw_path: str) -> Answer:
        for guard in self._guards:
            stopped = guard(call)
            if stopped is not None:
                return stopped
        answer = await self._answering.answer(call, raw_path)
        for amend in self._amendments:
            answer = amend(call, answer)
        return answer


async def _call_of(request: web.Request, service: str, access_key_id: str) -> Call:
    named = Call(
        service=service,
        method=request.method,
        path=request.raw_path.partition("?")[0],
        query=dict(request.query),
        query_string=request.raw_path.partition("?")[2],
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
        access_key_id=access_key_id,
    )
    return dataclasses.replace(named, operation=naming.operation_of(named))


def _unsigned() -> Answer:
    text = (
        "This is the sandbox of sesauditd. Sign calls with AWS Signature Version 4, "
        "as every AWS client does, or look at /_sandbox/.\n"
    )
    return Answer(
        status=HTTPStatus.FORBIDDEN, headers={"Content-Type": "text/plain"}, body=text.encode()
    )


def _sent(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word, as a network does that fails."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
