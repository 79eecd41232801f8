"""What the archive promises: an object is written once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Failed
from tests.contract.stands import AnyArchive, archive_stand

if TYPE_CHECKING:
    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "raw/dt=2026-11-24/hour=08/1795507200000-abc.jsonl.gz"


async def _keep(archive: AnyArchive, body: bytes) -> str:
    return await archive.keep(KEY, body, hashlib.sha256(body).digest())


async def test_an_object_lies_under_the_prefix(kind: str, world: World) -> None:
    archive = await archive_stand(kind, world)
    assert await _keep(archive, b"one") == f"logs/{KEY}"


async def test_keeping_the_same_again_changes_nothing(kind: str, world: World) -> None:
    archive = await archive_stand(kind, world)
    assert await _keep(archive, b"one") == await _keep(archive, b"one")


async def test_nothing_is_overwritten(kind: str, world: World) -> None:
    archive = await archive_stand(kind, world)
    await _keep(archive, b"one")
    with pytest.raises(Failed, match="other bytes"):
        await _keep(archive, b"two")
    await _keep(archive, b"one")
