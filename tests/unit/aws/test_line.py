"""The way to SQS: proxies, authorities and redirections as with aiobotocore; nothing stays open."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sesauditd.aws.clients import connect
from sesauditd.aws.lean import Lean
from sesauditd.aws.queue import Queue
from sesauditd.aws.transport import Plain
from sesauditd.errors import Forbidden, Refused, Unavailable
from tests.unit.aws.wire import ONCE, RESET, Reply, Wire, said, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sesauditd.aws.clients import Clients

NAME = "sqs.test.example"
URL = f"https://{NAME}/123456789012/feedback"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["lean", "aiobotocore"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass(slots=True)
class Tunnel:
    """A proxy that joins whoever asks with one server, whatever name was asked for."""

    port: int
    asked: list[bytes] = field(default_factory=list)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).splitlines()[0])
        far, to_far = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(ConnectionError):
            await asyncio.gather(_carried(reader, to_far), _carried(far, writer))


async def _carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
    writer.close()


@asynccontextmanager
async def _encrypted(folder: Path) -> AsyncIterator[tuple[Wire, int]]:
    """Run a wire behind TLS, with a certificate of its own in `folder`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_certified(folder))
    wire = Wire()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", wire.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield wire, runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _certified(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    at = ipaddress.ip_address("127.0.0.1")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(LONG_AGO)
        .not_valid_after(LONG_AGO + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(at)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "authority.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@asynccontextmanager
async def _queue(kind: str, endpoint_url: str) -> AsyncIterator[Queue]:
    patience = replace(ONCE, read_seconds=5, long_poll_read_seconds=5)
    opening = connect(
        region="eu-central-1",
        account_id="1",
        endpoint_url=endpoint_url,
        patience=patience,
        lean=kind == "lean",
    )
    async with opening as clients:
        yield Queue(clients, URL)


@pytest.mark.parametrize("setting", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
async def test_an_authority_of_ones_own_is_believed_when_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, setting: str
) -> None:
    async with _encrypted(tmp_path) as (wire, port):
        wire.will(said({}))
        async with _queue(kind, f"https://127.0.0.1:{port}") as queue:
            with pytest.raises(Unavailable, match="SSL"):
                await queue.receive(0)
        monkeypatch.setenv(setting, str(tmp_path / "authority.pem"))
        async with _queue(kind, f"https://127.0.0.1:{port}") as queue:
            assert await queue.receive(0) == []
        async with _queue(kind, f"https://localhost:{port}") as queue:
            with pytest.raises(Unavailable, match="SSL"):
                await queue.receive(0)


async def test_authorities_that_are_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(Refused, match=r"none\.pem \(No such file or directory\); AWS_CA_BUNDLE"):
        async with _queue("lean", "https://127.0.0.1:9"):
            pass


async def test_a_proxy_of_the_environment_carries_what_is_encrypted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    async with _encrypted(tmp_path) as (wire, port):
        tunnel = Tunnel(port)
        server = await asyncio.start_server(tunnel.join, "127.0.0.1", 0)
        _, proxy_port = server.sockets[0].getsockname()
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy_port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "authority.pem"))
        wire.will(said({}))
        async with server, _queue(kind, f"https://{NAME}") as queue:
            assert await queue.receive(0) == []
    assert tunnel.asked == [f"CONNECT {NAME}:443 HTTP/1.1".encode()]
    assert [one.headers["Host"] for one in wire.asked] == [NAME]


async def test_a_proxy_is_left_out_where_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with wired() as (wire, _):
        wire.will(said({}))
        monkeypatch.setenv("HTTP_PROXY", wire.url)
        async with _queue(kind, f"http://{NAME}") as queue:
            assert await queue.receive(0) == []
        assert [one.headers["Host"] for one in wire.asked] == [NAME]
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        async with _queue(kind, wire.url) as queue:
            with pytest.raises(Unavailable, match=r"(?i)proxy"):
                await queue.receive(0)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with _queue(kind, wire.url) as queue:
            assert await queue.receive(0) == []


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ConnectionTimeoutError("Connection timeout to host"),
        aiohttp.SocketTimeoutError("Timeout on reading"),
        TimeoutError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("short"),
        aiohttp.http_exceptions.BadStatusLine("?"),
        aiohttp.http_exceptions.HttpProcessingError(code=400, message="?"),
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.InvalidURL("?"),
        socket.gaierror(-2, "unknown"),
        ConnectionResetError(104, "reset"),
        ValueError("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_both_call_a_fault_of_aiohttp_the_same(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise error

    said_of = []
    async with wired() as (_, clients):
        monkeypatch.setattr(aiohttp.ClientSession, "_request", failing)
        for each in (clients, replace(clients, messages=Plain(clients.sqs))):
            with pytest.raises(Unavailable) as caught:
                await Queue(each, URL).receive(0)
            said_of.append((str(caught.value), type(caught.value.__cause__)))
    assert said_of[0] == said_of[1]


async def test_nobody_is_sent_elsewhere_with_a_signature() -> None:
    async with wired() as (wire, clients):
        wire.will(Reply(status=302, headers={"Location": f"{wire.url}/login"}), said({}))
        with pytest.raises(Forbidden, match="302"):
            await Queue(clients, URL).receive(0)
        assert len(wire.asked) == 1


async def test_connections_are_kept_and_then_closed() -> None:
    async with wired() as (wire, clients):
        lean = _lean(clients)
        wire.will(said({}))
        for _ in range(3):
            await Queue(clients, URL).receive(0)
        connector = lean.line.session.connector
        assert connector is not None
        assert len(connector._conns) == 1
        wire.will(RESET)
        with pytest.raises(Unavailable):
            await Queue(clients, URL).receive(0)
    assert lean.line.session.closed
    assert connector.closed


async def test_a_poll_that_is_cancelled_leaves_nothing_open() -> None:
    async with wired() as (wire, clients):
        wire.will(Reply(hang=True))
        poll = asyncio.create_task(Queue(clients, URL).receive(20))
        await asyncio.wait({poll}, timeout=0.1)
        assert len(wire.asked) == 1
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        connector = _lean(clients).line.session.connector
        assert connector is not None
        assert not connector._acquired


def _lean(clients: Clients) -> Lean:
    assert isinstance(clients.messages, Lean)
    return clients.messages


async def test_the_plain_one_opens_nothing_of_the_lean() -> None:
    async with connect(region="eu-central-1", account_id="1") as clients:
        assert isinstance(clients.messages, Plain)
