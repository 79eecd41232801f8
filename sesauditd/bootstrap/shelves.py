"""Opens archives to read from: the configured one, another bucket, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.clients import Clients
    from sesauditd.config.settings import Settings

S3 = "s3://"


class Item(Protocol):
    """One object, as a list names it."""

    @property
    def key(self) -> str:
        """Its whole key."""

    @property
    def size(self) -> int:
        """Its bytes."""


class Reading(Protocol):
    """An archive as it is read."""

    async def items(self, prefix: str, since: str = "") -> Sequence[Item]:
        """Return every object below a prefix whose key is not before `since`, sorted by key."""

    async def read(self, key: str) -> bytes:
        """Return an object whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """An archive and the prefix under which its parts lie."""

    reading: Reading
    prefix: str
    """Without slashes at its ends; may be empty."""
    name: str
    """For people: `s3://bucket/prefix`, or a folder."""

    def key(self, part: str) -> str:
        """Return the whole key of a part such as `raw/`."""
        return f"{self.prefix}/{part}" if self.prefix else part


def bucket_of(url: str) -> tuple[str, str]:
    """Return bucket and prefix of `s3://bucket/prefix`; raises Refused."""
    from sesauditd.errors import Refused

    bucket, _, prefix = url.removeprefix(S3).partition("/")
    if not url.startswith(S3) or not bucket:
        raise Refused(f"{url!r} names no bucket: write s3://BUCKET/PREFIX")
    return bucket, prefix.strip("/")


@asynccontextmanager
async def clients_of(settings: Settings) -> AsyncIterator[Clients]:
    """Open the way to AWS for a command that only reads; the account is checked.

    Raises Refused for another account than the configured one, or settings that lack one.
    """
    from sesauditd.aws import account
    from sesauditd.aws.clients import connect
    from sesauditd.errors import Refused

    aws = settings.aws
    if not aws.region or not aws.account_id:
        raise Refused("aws.region and aws.account_id are not set: this command asks AWS")
    async with connect(
        region=aws.region,
        account_id=aws.account_id,
        endpoint_url=aws.endpoint_url,
        lean=settings.queue.lean,
    ) as clients:
        await account.check(clients, clients.account_id)
        yield clients


@asynccontextmanager
async def shelves_of(settings: Settings, source: str | None = None) -> AsyncIterator[Shelves]:
    """Open the configured archive, or the one that `source` names: an S3 URL or a folder.

    Raises Refused for a source that cannot be one.
    """
    from sesauditd.aws.shelf import Shelf
    from sesauditd.errors import Refused
    from sesauditd.ingest.folder import Folder

    kept = settings.archive.prefix.strip("/")
    if source is not None and not source.startswith(S3):
        folder = _folder(source)
        yield Shelves(reading=Folder(folder, kept), prefix=kept, name=str(folder))
        return
    if source is not None:
        bucket, prefix = bucket_of(source)
    elif settings.archive.bucket:
        bucket, prefix = settings.archive.bucket, kept
    else:
        raise Refused("archive.bucket is not set: set it, or name the archive: s3://BUCKET/PREFIX")
    async with clients_of(settings) as clients:
        name = f"{S3}{bucket}/{prefix}"
        yield Shelves(reading=Shelf(clients, bucket), prefix=prefix, name=name)


def _folder(source: str) -> Path:
    from sesauditd.errors import Refused

    path = Path(source).absolute()
    if not path.is_dir():
        raise Refused(f"{source}: no such folder; write a folder or s3://BUCKET/PREFIX")
    return path
