"""Certificates as the archive kept them, for whoever reads its messages again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.shelves import Shelves


MOST_AT_ONCE = 10_000
"""More than a batch of a rebuild has lines: names without a certificate cost nothing here."""


@dataclass(slots=True)
class Kept:
    """Finds the certificates that once lay at a URL; nothing is fetched from anywhere else."""

    shelves: Shelves
    _listed: Mapping[str, Sequence[str]] | None = field(default=None, init=False)
    _listing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def fetch(self, url: str) -> bytes:
        """Return them as one file.

        Raises Missing if none vouched for anything, Failed if the archive is away: a certificate
        that cannot be had now must not count as one that is not there.
        """
        from sesauditd.errors import Failed, Missing, Unavailable

        try:
            found = (await self._all()).get(hashlib.sha256(url.encode()).hexdigest())
            if not found:
                raise Missing("the archive holds no certificate of that name")
            # One that was renewed under its name vouched with either file, each in its time.
            return b"\n".join([await self.shelves.reading.read(one) for one in found])
        except Unavailable as error:
            raise Failed(f"a certificate cannot be read from the archive: {error}") from error

    async def _all(self) -> Mapping[str, Sequence[str]]:
        async with self._listing:
            if self._listed is None:
                self._listed = await self._list()
            return self._listed

    async def _list(self) -> Mapping[str, Sequence[str]]:
        """Return the keys of all by what their URL hashes to: they are few, forged names many."""
        found: dict[str, list[str]] = {}
        for one in await self.shelves.reading.items(self.shelves.key("certs/")):
            found.setdefault(one.key.split("/")[-2], []).append(one.key)
        return found


class Nowhere:
    """Keeps nothing: what is read from the archive is in the archive."""

    async def keep(self, key_suffix: str, _body: bytes, _sha256: bytes) -> str:
        """Return where it lies already."""
        return key_suffix
