"""An AWS that answers what it was told to: errors, half answers, nothing, resets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from sesauditd.aws.clients import Clients, Patience, connect

ACCOUNT = "123456789012"
ONCE = Patience(connect_seconds=1, read_seconds=0.1, long_poll_read_seconds=0.1, attempts=1)
OPERATION = b"@operation@"
"""Stands in a body for the name of what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one request is answered with."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    """Hang up in place of an answer."""
    hang: bool = False
    """Never answer."""
    after_seconds: float = 0
    """Take so long."""
    cut_at: int | None = None
    """Promise the whole body and hang up after so many bytes."""


RESET = Reply(reset=True)
HANG = Reply(hang=True)


def said(document: object, status: int = 200) -> Reply:
    """Answer in JSON, as SQS and SES v2 do."""
    return Reply(status=status, body=json.dumps(document).encode())


def refused(code: str, status: int = 400, message: str = "no") -> Reply:
    """Refuse as SQS and SES v2 do."""
    return Reply(
        status=status,
        body=json.dumps({"__type": code, "message": message}).encode(),
        headers={"x-amzn-ErrorType": code},
    )


def refused_in_xml(code: str, status: int = 400, message: str = "no") -> Reply:
    """Refuse as IAM does."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status=status, body=f"<ErrorResponse>{error}</ErrorResponse>".encode())


def refused_by_s3(code: str, status: int) -> Reply:
    """Refuse as S3 does."""
    error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return Reply(status=status, body=error.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    operation: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def parameters(self) -> Any:
        """Return what was asked for: of JSON, else of a form."""
        if self.body.startswith(b"{"):
            return json.loads(self.body)
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(slots=True, kw_only=True)
class Wire:
    """The requests so far and the replies to come; the last one is repeated."""

    asked: list[Asked] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    url: str = ""

    def will(self, *replies: Reply) -> None:
        """Answer the next requests like this."""
        self.replies = list(replies)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                operation=_operation(request, body),
                headers=dict(request.headers),
                body=body,
            )
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        body = reply.body.replace(OPERATION, self.asked[-1].operation.encode())
        await asyncio.sleep(3600 if reply.hang else reply.after_seconds)
        if reply.reset:
            _hang_up(request)
        if reply.cut_at is not None:
            return await _cut_off(request, reply)
        return web.Response(status=reply.status, body=body, headers=reply.headers)


def _operation(request: web.Request, body: bytes) -> str:
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    if body.startswith(b"Action="):
        return parse_qs(body.decode())["Action"][0]
    return request.path.rpartition("/")[2]


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _cut_off(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: reply.cut_at])
    _hang_up(request)
    return response


@asynccontextmanager
async def wired(patience: Patience = ONCE) -> AsyncIterator[tuple[Wire, Clients]]:
    """Run a wire and the clients that talk to it."""
    wire = Wire()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{any:.*}", wire.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        wire.url = f"http://127.0.0.1:{port}"
        async with connect(
            region="eu-central-1",
            account_id=ACCOUNT,
            endpoint_url=wire.url,
            patience=patience,
            lean=True,
        ) as clients:
            yield wire, clients
    finally:
        await runner.cleanup()
