"""The archive on S3: each object is written once and never again."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import Conflict
from sesauditd.errors import Failed, Missing, Unavailable, Uncertain

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

RACING: Final = "ConditionalRequestConflict"
RACES: Final = 5
RACE_SECONDS: Final = 0.1


class Archive:
    """Objects under one prefix of one bucket."""

    def __init__(self, clients: Clients, bucket: str, prefix: str) -> None:
        self._s3 = clients.s3
        self._bucket = bucket
        self._prefix = prefix.strip("/")

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        """Store an object unless it is there already and return its key: S3 PutObject.

        `sha256` is the digest of `body`, which S3 checks and keeps. An object that is there
        already counts as stored when digest and size are the same: aiohttp repeats a PUT whose
        answer was lost, and meets its own first try (S3 HeadObject).
        Raises Failed when other bytes lie under the key, Unavailable, Forbidden or Missing.
        """
        key = f"{self._prefix}/{key_suffix}" if self._prefix else key_suffix
        for turn in range(RACES):
            try:
                await self._put(key, body, sha256)
            except Uncertain as error:
                raise Unavailable(f"{error}; storing it again is harmless") from error
            except Conflict as conflict:
                if conflict.code == RACING:
                    await asyncio.sleep(RACE_SECONDS * turn)
                elif await self._holds(key, body, sha256):
                    return key
            else:
                return key
        raise Unavailable(f"S3 PutObject: {key} is being written by others; it is tried again")

    async def _put(self, key: str, body: bytes, sha256: bytes) -> None:
        await self._s3.ask(
            "PutObject",
            Bucket=self._bucket,
            Key=key,
            Body=body,
            IfNoneMatch="*",
            ChecksumSHA256=base64.b64encode(sha256).decode(),
            Metadata={"sha256": sha256.hex()},
            ContentType="application/gzip",
        )

    async def _holds(self, key: str, body: bytes, sha256: bytes) -> bool:
        """Return whether the object is there and the same; False when it is gone again."""
        try:
            found = await self._s3.ask(
                "HeadObject", ("ContentLength",), Bucket=self._bucket, Key=key
            )
        except Missing:
            return False
        same_digest = found.get("Metadata", {}).get("sha256") == sha256.hex()
        if same_digest and found["ContentLength"] == len(body):
            return True
        raise Failed(
            f"S3 PutObject: {key} already holds other bytes; look at it, nothing overwrites it"
        )
