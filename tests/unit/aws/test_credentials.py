"""Whoever signs, the credentials are those that AWS's own tools would find, and fresh."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiobotocore.utils import AioContainerMetadataFetcher
from aiohttp import web

from sesauditd.aws.clients import Keys, connect
from sesauditd.aws.queue import Queue
from sesauditd.bootstrap import now
from sesauditd.errors import Unavailable
from tests.unit.aws.wire import ONCE, Wire, said, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

URL = "http://127.0.0.1/123456789012/feedback"
SOON = timedelta(minutes=5)
"""Within the time in which botocore renews credentials before they end."""


@pytest.fixture(params=["lean", "aiobotocore"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass(slots=True)
class Host:
    """A container's host, which gives out credentials: others each time it is asked."""

    lasting: timedelta
    url: str = ""
    given: int = 0
    broken: bool = False

    async def give(self, _: web.Request) -> web.Response:
        self.given += 1
        ends = now() + self.lasting
        keys = {
            "AccessKeyId": f"ASIA{self.given}",
            "SecretAccessKey": "secret",
            "Token": f"token-{self.given}",
            "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        }
        return web.json_response(keys, status=500 if self.broken else 200)


@asynccontextmanager
async def _container(lasting: timedelta) -> AsyncIterator[Host]:
    host = Host(lasting)
    app = web.Application()
    app.router.add_get("/role", host.give)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host.url = f"http://127.0.0.1:{runner.addresses[0][1]}/role"
        yield host
    finally:
        await runner.cleanup()


@pytest.fixture
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@asynccontextmanager
async def _queue(kind: str, wire: Wire, keys: Keys | None = None) -> AsyncIterator[Queue]:
    opening = connect(
        region="eu-central-1",
        account_id="1",
        endpoint_url=wire.url,
        patience=ONCE,
        keys=keys,
        lean=kind == "lean",
    )
    async with opening as clients:
        yield Queue(clients, URL)


def _signed_by(wire: Wire) -> list[tuple[str, str | None]]:
    """Return by which key each request was signed, and with which token."""
    return [
        (
            one.headers["Authorization"].partition("Credential=")[2].partition("/")[0],
            one.headers.get("X-Amz-Security-Token"),
        )
        for one in wire.asked
    ]


async def test_a_role_is_renewed_before_it_ends(
    nothing_else: pytest.MonkeyPatch, kind: str
) -> None:
    async with _container(SOON) as host, wired() as (wire, _):
        nothing_else.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", host.url)
        wire.will(said({}))
        async with _queue(kind, wire) as queue:
            await queue.receive(0)
            await queue.receive(0)
        [first, second] = _signed_by(wire)
        assert first[0] != second[0]
        assert [token for _, token in (first, second)] == [
            key.replace("ASIA", "token-") for key, _ in (first, second)
        ]


async def test_a_role_that_lasts_is_asked_for_once(
    nothing_else: pytest.MonkeyPatch, kind: str
) -> None:
    async with _container(timedelta(hours=6)) as host, wired() as (wire, _):
        nothing_else.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", host.url)
        wire.will(said({}))
        async with _queue(kind, wire) as queue:
            await queue.receive(0)
            await queue.receive(0)
        assert _signed_by(wire) == [("ASIA1", "token-1")] * 2


async def test_a_role_that_is_not_renewed_is_waited_for(
    nothing_else: pytest.MonkeyPatch, kind: str
) -> None:
    nothing_else.setattr(AioContainerMetadataFetcher, "SLEEP_TIME", 0)
    async with _container(SOON) as host, wired() as (wire, _):
        nothing_else.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", host.url)
        wire.will(said({}))
        async with _queue(kind, wire) as queue:
            await queue.receive(0)
            host.broken = True
            with pytest.raises(Unavailable, match=r"(?i)credentials"):
                await queue.receive(0)
            host.broken = False
            await queue.receive(0)
        assert len(wire.asked) == 2


async def test_a_profile_is_looked_up(
    nothing_else: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = secret\n")
    nothing_else.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    nothing_else.setenv("AWS_PROFILE", "shop")
    async with wired() as (wire, _):
        wire.will(said({}))
        async with _queue(kind, wire) as queue:
            await queue.receive(0)
        assert _signed_by(wire) == [("AKIASHOP", None)]


async def test_keys_that_are_given_are_those_that_sign(kind: str) -> None:
    async with wired() as (wire, _):
        wire.will(said({}))
        async with _queue(kind, wire, Keys(key_id="given", secret="hidden")) as queue:
            await queue.receive(0)
        assert _signed_by(wire) == [("given", None)]
