"""Certificates as the archive kept them, for whoever reads its messages again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.shelves import Shelves


@dataclass(frozen=True, slots=True)
class Kept:
    """Finds the certificate that once lay at a URL; nothing is fetched from anywhere else."""

    shelves: Shelves

    async def fetch(self, url: str) -> bytes:
        """Return it; raises Missing if it vouched for nothing, Failed if the archive is away.

        A certificate that cannot be had now must not count as one that is not there.
        """
        from sesauditd.errors import Failed, Missing, Unavailable

        place = self.shelves.key(f"certs/{hashlib.sha256(url.encode()).hexdigest()}/")
        try:
            found = await self.shelves.reading.items(place)
            if not found:
                raise Missing("the archive holds no certificate of that name")
            # SNS gives each certificate a name of its own, so that there is one file a name.
            return await self.shelves.reading.read(found[-1].key)
        except Unavailable as error:
            raise Failed(f"a certificate cannot be read from the archive: {error}") from error


class Nowhere:
    """Keeps nothing: what is read from the archive is in the archive."""

    async def keep(self, key_suffix: str, _body: bytes, _sha256: bytes) -> str:
        """Return where it lies already."""
        return key_suffix
