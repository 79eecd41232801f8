"""Certificates as the archive kept them, for whoever reads its messages again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.shelves import Shelves


@dataclass(frozen=True, slots=True)
class Kept:
    """Finds the certificates that once lay at a URL; nothing is fetched from anywhere else."""

    shelves: Shelves

    async def fetch(self, url: str) -> bytes:
        """Return them as one file.

        Raises Missing if none vouched for anything, Failed if the archive is away: a certificate
        that cannot be had now must not count as one that is not there.
        """
        from sesauditd.errors import Failed, Missing, Unavailable

        place = self.shelves.key(f"certs/{hashlib.sha256(url.encode()).hexdigest()}/")
        try:
            found = await self.shelves.reading.items(place)
            if not found:
                raise Missing("the archive holds no certificate of that name")
            # One that was renewed under its name vouched with either file, each in its time.
            return b"\n".join([await self.shelves.reading.read(one.key) for one in found])
        except Unavailable as error:
            raise Failed(f"a certificate cannot be read from the archive: {error}") from error


class Nowhere:
    """Keeps nothing: what is read from the archive is in the archive."""

    async def keep(self, key_suffix: str, _body: bytes, _sha256: bytes) -> str:
        """Return where it lies already."""
        return key_suffix
