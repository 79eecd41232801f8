"""The archive on S3, read: lists in parallel, objects whole; and the backups kept beside it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import TROUBLE, Stake, reading, translated
from sesauditd.errors import Failed, Unavailable

if TYPE_CHECKING:
    from typing import BinaryIO

    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients

AT_ONCE: Final = 8
"""Lists under way at a time."""
DEEPEST: Final = 4
"""As deep S3 is asked for folders, to find several that can be listed side by side."""
TRIES: Final = 3
LARGEST: Final = 5 * 1024**3
"""Bytes that S3 takes in one PutObject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object as a list names it."""

    key: str
    size: int


class Shelf:
    """Objects of one bucket by their whole keys."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._s3 = clients.s3
        self._bucket = bucket
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def items(self, prefix: str, since: str = "") -> Sequence[Item]:
        """Return every object below a prefix whose key is not before `since`, sorted by key.

        S3 ListObjectsV2; folders are listed side by side, and none of which all is before
        `since`. Raises Unavailable, Forbidden or Missing; one page that cannot be had fails the
        whole list, lest a part pass for all.
        """
        found, folders = await self._folders(prefix, DEEPEST)
        wanted = [one for one in folders if one >= since[: len(one)]]
        lists = await asyncio.gather(*(self._all(folder) for folder in wanted))
        both = [*found, *(one for each in lists for one in each)]
        return sorted((one for one in both if one.key >= since), key=lambda one: one.key)

    async def read(self, key: str) -> bytes:
        """Return an object whole: S3 GetObject. Raises Unavailable, Forbidden or Missing."""
        for turn in range(TRIES):
            try:
                return await self._read(key)
            except Unavailable:
                if turn == TRIES - 1:
                    raise
        raise AssertionError

    async def store(self, key: str, body: BinaryIO, size: int, sha256: bytes) -> None:
        """Store an open file under a key, in the place of what is there: S3 PutObject.

        Raises Failed for one of more than 5 GiB, Unavailable, Forbidden or Missing.
        """
        if size > LARGEST:
            raise Failed(f"{key}: {size} bytes are more than S3 takes at once, copy it yourself")
        await self._s3.ask(
            "PutObject",
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentLength=size,
            ChecksumSHA256=base64.b64encode(sha256).decode(),
            Metadata={"sha256": sha256.hex()},
            ContentType="application/gzip",
        )

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove objects, one by one: S3 DeleteObject. Raises Unavailable or Forbidden."""
        for key in keys:
            await self._s3.ask("DeleteObject", Bucket=self._bucket, Key=key)

    async def _read(self, key: str) -> bytes:
        asked = "S3 GetObject"
        answer = await self._s3.ask("GetObject", ("Body",), Bucket=self._bucket, Key=key)
        try:
            async with answer["Body"] as stream:
                body: bytes = await stream.read()
        except TROUBLE as error:
            raise translated(error, asked, Stake.NOTHING) from error
        if len(body) != answer.get("ContentLength", len(body)):
            raise Unavailable(f"{asked}: {key} broke off; it is asked for again")
        return body

    async def _folders(self, prefix: str, depth: int) -> tuple[list[Item], list[str]]:
        """Return the objects that lie in no folder, and folders that hold all others."""
        found: list[Item] = []
        folders: list[str] = []
        async for page in self._pages(prefix, Delimiter="/"):
            found += _items(page)
            with reading("S3 ListObjectsV2"):
                folders += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        if len(folders) != 1 or depth == 0:
            return found, folders
        more, deeper = await self._folders(folders[0], depth - 1)
        return found + more, deeper

    async def _all(self, prefix: str) -> list[Item]:
        async with self._gate:
            return [one async for page in self._pages(prefix) for one in _items(page)]

    async def _pages(self, prefix: str, **more: str) -> AsyncIterator[Answer]:
        token: dict[str, str] = {}
        while True:
            page = await self._s3.ask(
                "ListObjectsV2",
                # An answer without these was cut off: it would read as an empty list.
                ("KeyCount", "IsTruncated"),
                Bucket=self._bucket,
                Prefix=prefix,
                **more,
                **token,
            )
            yield page
            if not page["IsTruncated"]:
                return
            with reading("S3 ListObjectsV2"):
                token = {"ContinuationToken": page["NextContinuationToken"]}


def _items(page: Answer) -> list[Item]:
    with reading("S3 ListObjectsV2"):
        return [
            Item(key=str(one["Key"]), size=int(one["Size"])) for one in page.get("Contents", ())
        ]
