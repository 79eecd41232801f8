"""The one request that leaves for a certificate: no redirect, little time, few bytes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from sesauditd.errors import Missing, Unavailable
from sesauditd.ingest.fetching import MOST_BYTES, HttpsFetcher
from tests.unit.ingest import sns

VISITED: list[str] = []
PACKED = gzip.compress(bytes(1_000_000))


async def answer(request: web.Request) -> web.StreamResponse:
    VISITED.append(request.path)
    match request.path:
        case "/true.pem":
            return web.Response(body=sns.certificate())
        case path if path.startswith("/moved/"):
            return web.Response(
                status=int(path.rpartition("/")[2]), headers={"Location": "/true.pem"}
            )
        case "/packed.pem":
            return web.Response(body=PACKED, headers={"Content-Encoding": "gzip"})
        case "/large.pem":
            return web.Response(body=b"x" * (MOST_BYTES + 1))
        case "/slow.pem":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"-----BEGIN")
            await asyncio.Event().wait()
            return response
        case path if path.startswith("/status/"):
            return web.Response(status=int(path.rpartition("/")[2]))
        case _:
            raise web.HTTPNotFound


@pytest.fixture
async def place() -> AsyncIterator[str]:
    VISITED.clear()
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_a_certificate_is_fetched(place: str) -> None:
    assert await HttpsFetcher().fetch(f"{place}/true.pem") == sns.certificate()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_nowhere(place: str, status: int) -> None:
    with pytest.raises(Missing, match=str(status)):
        await HttpsFetcher().fetch(f"{place}/moved/{status}")
    assert [f"/moved/{status}"] == VISITED


async def test_what_is_packed_is_not_unpacked(place: str) -> None:
    assert await HttpsFetcher().fetch(f"{place}/packed.pem") == PACKED


async def test_a_large_file_is_no_certificate(place: str) -> None:
    with pytest.raises(Missing, match="more than 10 kB"):
        await HttpsFetcher().fetch(f"{place}/large.pem")


@pytest.mark.parametrize("status", [204, 301, 400, 403, 404, 410])
async def test_another_answer_says_that_there_is_none(place: str, status: int) -> None:
    with pytest.raises(Missing, match=str(status)):
        await HttpsFetcher().fetch(f"{place}/status/{status}")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_host_in_trouble_is_away(place: str, status: int) -> None:
    with pytest.raises(Unavailable, match=str(status)):
        await HttpsFetcher().fetch(f"{place}/status/{status}")


async def test_a_host_that_does_not_go_on_is_away(place: str) -> None:
    with pytest.raises(Unavailable, match="cannot be fetched now"):
        await HttpsFetcher(most_seconds=0.05).fetch(f"{place}/slow.pem")


async def test_nobody_there_is_away() -> None:
    with pytest.raises(Unavailable, match="cannot be fetched now"):
        await HttpsFetcher().fetch("http://127.0.0.1:1/true.pem")
