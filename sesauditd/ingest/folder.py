"""A copy of the archive in a folder, read as the archive itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.errors import Failed, Missing

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, named as the object that it is a copy of."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Folder:
    """Files below a folder by the keys that they have in the bucket."""

    path: Path
    """What lies here is what lies under the archive's prefix."""
    prefix: str
    """The archive's prefix, without slashes at its ends; may be empty."""

    async def items(self, prefix: str, since: str = "") -> Sequence[File]:
        """Return every file below a prefix whose key is not before `since`, sorted by key.

        Raises Failed.
        """
        return await asyncio.to_thread(self._items, prefix, since)

    async def read(self, key: str) -> bytes:
        """Return a file whole; raises Missing or Failed."""
        return await asyncio.to_thread(self._read, key)

    def _items(self, prefix: str, since: str) -> Sequence[File]:
        start = self.path / self._below(prefix)
        try:
            files = [one for one in start.rglob("*") if one.is_file()]
            found = [
                File(key=self._key(one.relative_to(self.path)), size=one.stat().st_size)
                for one in files
            ]
        except OSError as error:
            raise Failed(f"{error.filename}: {error.strerror}") from error
        return sorted((one for one in found if one.key >= since), key=lambda one: one.key)

    def _read(self, key: str) -> bytes:
        file = self.path / self._below(key)
        try:
            return file.read_bytes()
        except FileNotFoundError as error:
            raise Missing(f"{file}: no such file") from error
        except OSError as error:
            raise Failed(f"{file}: {error.strerror}") from error

    def _below(self, key: str) -> str:
        return key.removeprefix(f"{self.prefix}/") if self.prefix else key

    def _key(self, path: Path) -> str:
        return f"{self.prefix}/{path.as_posix()}" if self.prefix else path.as_posix()
