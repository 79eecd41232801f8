"""Connections to one address of AWS, made as botocore makes them: proxies, authorities, errors."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import (
    ProxyConfiguration,
    create_urllib3_context,
    mask_proxy_url,
    where,
)
from botocore.utils import get_environ_proxies

from sesauditd import __version__
from sesauditd.aws.errors import NONSENSE
from sesauditd.errors import Refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

CONNECTIONS: Final = 128
IDLE_SECONDS: Final = 12
"""For how long an unused connection is kept, as in aiobotocore: AWS hangs up later."""
BROKEN_OFF: Final = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientPayloadError,
    aiohttp.http_exceptions.BadStatusLine,
)
FAULTS: Final = (
    aiohttp.ClientError,
    aiohttp.http_exceptions.HttpProcessingError,
    OSError,
    *NONSENSE,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of HTTP, of whatever status, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A pool of connections to one address."""

    session: aiohttp.ClientSession
    url: str
    proxy: str | None
    connect_seconds: float

    async def post(self, headers: Mapping[str, str], body: bytes, read_seconds: float) -> Answered:
        """Send one request, once, and return its answer; raises BotoCoreError.

        `read_seconds` is for how long nothing at all may come. Redirections are not followed:
        SQS sends none, and whoever does is not SQS.
        """
        try:
            async with self.session.post(
                self.url,
                data=body,
                headers=headers,
                proxy=self.proxy,
                timeout=_timeout(self.connect_seconds, read_seconds),
                allow_redirects=False,
            ) as response:
                return Answered(response.status, response.headers, await response.read())
        except FAULTS as error:
            raise _botocores(error, self.url, self.proxy) from error


@asynccontextmanager
async def opened(url: str, ca_bundle: str | None, connect_seconds: float) -> AsyncIterator[Line]:
    """Open a pool for one address, through the proxy that the environment names for it.

    `ca_bundle` is the file of authorities that AWS's settings name, if they do. Closes all
    connections at the end. Raises Refused when the authorities cannot be read.
    """
    proxy = ProxyConfiguration(proxies=get_environ_proxies(url)).proxy_url_for(url)
    # Authorities are read from files, which takes its time.
    trust = await asyncio.to_thread(_trusting, ca_bundle) if _encrypted(url, proxy) else False
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=trust, keepalive_timeout=IDLE_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": f"sesauditd/{__version__}"},
    ) as session:
        yield Line(session, url, proxy, connect_seconds)


def _encrypted(*urls: str | None) -> bool:
    return any(url is not None and url.startswith("https:") for url in urls)


def _trusting(ca_bundle: str | None) -> ssl.SSLContext:
    context: ssl.SSLContext = create_urllib3_context()
    # urllib3 compares names by itself and leaves it out; aiohttp leaves it to the context.
    context.check_hostname = True
    named = ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or where()
    try:
        context.load_verify_locations(named)
    except OSError as error:
        raise Refused(
            f"no authorities can be read from {named} ({error.strerror or type(error).__name__}); "
            "AWS_CA_BUNDLE or ca_bundle in AWS's own settings is to name a file of them"
        ) from error
    return context


@lru_cache(maxsize=64)
def _timeout(connect_seconds: float, read_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect_seconds, sock_read=read_seconds)


def _botocores(error: BaseException, url: str, proxy: str | None) -> BotoCoreError:
    """Return botocore's name for what aiohttp raised, as aiobotocore gives it."""
    match error:
        case aiohttp.ClientSSLError():
            return SSLError(endpoint_url=url, error=error)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return ProxyConnectionError(proxy_url=mask_proxy_url(proxy or ""), error=error)
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimeoutError(endpoint_url=url, error=error)
        case TimeoutError():
            return ReadTimeoutError(endpoint_url=url, error=error)
        case _ if isinstance(error, BROKEN_OFF):
            return ConnectionClosedError(endpoint_url=url, error=error)
        case aiohttp.ClientConnectionError() | socket.gaierror():
            return EndpointConnectionError(endpoint_url=url, error=error)
        case _:
            return HTTPClientError(error=error)
