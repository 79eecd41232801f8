"""The certificates with which SNS signs: fetched once, remembered, bounded."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from sesauditd.errors import Missing, Unavailable, Unreadable
from sesauditd.ingest.signature import Certificate, certificate_in

MOST_REMEMBERED = 64
"""SNS uses one certificate a region at a time; more names than this are an attack."""
MOST_FETCHED = 4
"""In one go; who names more waits for the next."""
REFUSED_SECONDS = 3600.0
"""For how long a name at which there is no certificate is not asked again."""
AWAY_SECONDS = 20.0
"""For how long a host that did not answer is not asked again."""

log = structlog.get_logger()


class Fetcher(Protocol):
    """Gets a small file from an address that was checked before."""

    async def fetch(self, url: str) -> bytes:
        """Return the file.

        Raises Missing if something else is there, Unavailable if nothing answers now.
        """
        ...


class Archive(Protocol):
    """Where certificates are kept, so that a rebuild judges the same."""

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        """Keep an object under its key once; repeating is harmless."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Why there is no certificate, and until when this is believed."""

    reason: str
    until: float
    """On the loop's clock."""
    passing: bool
    """Whether a later look may find one."""


@dataclass(slots=True)
class _Known:
    certificate: Certificate
    pem: bytes
    archived: bool = False


@dataclass(slots=True, kw_only=True)
class Certificates:
    """Certificates by their URL, and the URLs that have none."""

    fetcher: Fetcher
    archive: Archive
    most_fetched: int = MOST_FETCHED
    most_remembered: int = MOST_REMEMBERED
    _entries: OrderedDict[str, _Known | Absence] = field(default_factory=OrderedDict, init=False)

    async def at(self, urls: Iterable[str]) -> Mapping[str, Certificate | Absence]:
        """Return what is at each URL, fetching a few of those that are not known yet."""
        # Those named most come first, so that a few true ones are not lost among invented ones.
        wanted = [url for url, _ in Counter(urls).most_common()]
        unknown = [url for url in wanted if not self._is_known(url)][: self.most_fetched]
        fetched = await asyncio.gather(*map(self._fetched, unknown))
        for url, entry in zip(unknown, fetched, strict=True):
            self._remember(url, entry)
        return {url: self._answer(url) for url in wanted}

    async def vouched(self, urls: Iterable[str]) -> None:
        """Archive the certificates that vouched for a message, each once.

        The key holds hashes of the URL, by which a rebuild finds it, and of the file, which
        may be renewed under one URL: no word of a message stands in a key. Raises what the
        archive raises.
        """
        for url in urls:
            known = self._entries.get(url)
            if isinstance(known, _Known) and not known.archived:
                place, digest = hashlib.sha256(url.encode()), hashlib.sha256(known.pem)
                key = f"certs/{place.hexdigest()}/{digest.hexdigest()}.pem"
                await self.archive.keep(key, known.pem, digest.digest())
                known.archived = True

    def _is_known(self, url: str) -> bool:
        entry = self._entries.get(url)
        if isinstance(entry, Absence) and entry.until <= asyncio.get_running_loop().time():
            return False
        return entry is not None

    async def _fetched(self, url: str) -> _Known | Absence:
        now = asyncio.get_running_loop().time()
        try:
            pem = await self.fetcher.fetch(url)
            return _Known(certificate_in(pem), pem)
        except (Missing, Unreadable) as error:
            absence = Absence(reason=str(error), until=now + REFUSED_SECONDS, passing=False)
        except Unavailable as error:
            absence = Absence(reason=str(error), until=now + AWAY_SECONDS, passing=True)
        log.warning("certificate_missing", url=url, reason=absence.reason)
        return absence

    def _remember(self, url: str, entry: _Known | Absence) -> None:
        self._entries[url] = entry
        if len(self._entries) > self.most_remembered:
            # Names that anybody can invent never push out a certificate that is in use.
            absent = (one for one, entry in self._entries.items() if isinstance(entry, Absence))
            del self._entries[next(absent, next(iter(self._entries)))]

    def _answer(self, url: str) -> Certificate | Absence:
        entry = self._entries.get(url)
        if entry is None:
            return Absence(reason="too many certificates are named at once", until=0, passing=True)
        self._entries.move_to_end(url)
        return entry.certificate if isinstance(entry, _Known) else entry
