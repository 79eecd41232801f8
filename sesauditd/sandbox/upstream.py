"""Hands a call on to the emulator that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from sesauditd.sandbox.calls import Answer, Call

LONGEST_SECONDS = 60
"""Longer than a long poll (20 s, ses-facts 2.3)."""

_OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where each service is answered: `elsewhere` by service, moto for the others."""

    session: aiohttp.ClientSession
    moto_url: str
    elsewhere: Mapping[str, str]

    async def answer(self, call: Call, raw_path: str) -> Answer:
        """Return what the emulator says; an emulator that is away answers 503."""
        base = self.elsewhere.get(call.service, self.moto_url)
        headers = {
            name: value for name, value in call.headers.items() if name not in _OF_THE_CONNECTION
        }
        try:
            async with self.session.request(
                call.method,
                URL(base + raw_path, encoded=True),
                data=call.body,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            ) as response:
                kept = {
                    name: value
                    for name, value in response.headers.items()
                    if name.lower() not in _OF_THE_CONNECTION - _wanted(call)
                }
                return Answer(status=response.status, headers=kept, body=await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            text = f"the sandbox's upstream does not answer: {error}"
            return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, body=text.encode())


def _wanted(call: Call) -> frozenset[str]:
    """Return what a HEAD answer says of the body that it leaves out."""
    return frozenset({"content-length"}) if call.method == "HEAD" else frozenset()


def session() -> aiohttp.ClientSession:
    """Return a session that passes bodies on as they are; the caller closes it."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=LONGEST_SECONDS),
    )
