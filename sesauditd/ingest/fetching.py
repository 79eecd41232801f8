"""Gets a certificate over HTTPS: no redirect, little time, few bytes."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from sesauditd.errors import Missing, Unavailable

MOST_SECONDS = 3.0
MOST_BYTES = 10 * 1024
AS_IT_IS = {"Accept-Encoding": "identity"}

_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class HttpsFetcher:
    """Asks for one small file; follows the proxy of the environment as the AWS client does."""

    most_seconds: float = MOST_SECONDS

    async def fetch(self, url: str) -> bytes:
        """Return the file at the URL; whoever calls has checked the URL.

        Raises Missing for any other answer than the file itself and for one of more than
        10 kB, Unavailable if nobody answers in 3 seconds or the host is in trouble.
        """
        timeout = aiohttp.ClientTimeout(total=self.most_seconds)
        try:
            async with (
                # Nothing is unpacked: a few bytes could otherwise grow to any size.
                aiohttp.ClientSession(
                    timeout=timeout, trust_env=True, auto_decompress=False, headers=AS_IT_IS
                ) as session,
                session.get(url, allow_redirects=False) as answer,
            ):
                if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _LATER:
                    raise Unavailable(f"the certificate's host answers {answer.status}")
                if answer.status != HTTPStatus.OK:
                    raise Missing(f"there is no certificate: {answer.status}")
                return await _read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"the certificate cannot be fetched now: {reason}") from error


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for part in answer.content.iter_chunked(MOST_BYTES):
        found += part
        if len(found) > MOST_BYTES:
            raise Missing(f"more than {MOST_BYTES // 1024} kB are no certificate")
    return bytes(found)
