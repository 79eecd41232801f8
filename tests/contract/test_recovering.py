"""Dead letters come back and none is lost; the archive is listed whole and read whole."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.archive import Archive
from sesauditd.aws.queue import Queue
from sesauditd.aws.redrive import move
from sesauditd.aws.shelf import Shelf
from sesauditd.errors import Missing, SesauditdError

if TYPE_CHECKING:
    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(world: World, name: str, *bodies: str) -> str:
    """Make a queue that holds these messages; return its URL."""
    answer = await world.clients.sqs.ask("CreateQueue", QueueName=name)
    for body in bodies:
        await world.clients.sqs.ask("SendMessage", QueueUrl=answer["QueueUrl"], MessageBody=body)
    return str(answer["QueueUrl"])


async def bodies_in(world: World, url: str) -> list[str]:
    """Take every message out of a queue."""
    queue = Queue(world.clients, url)
    found: list[str] = []
    while part := await queue.receive(0):
        found += [one.body for one in part]
    return sorted(found)


async def test_dead_letters_come_back_as_they_were(world: World) -> None:
    texts = [f"<{number}> ä" for number in range(13)]
    dead, target = await made(world, "dead-a", *texts), await made(world, "back-a")

    moved = [step.moved async for step in move(world.clients, dead, target, 13)]

    assert sum(moved) == 13
    assert await bodies_in(world, target) == sorted(texts)
    assert await bodies_in(world, dead) == []


async def test_no_more_come_back_than_were_asked_for(world: World) -> None:
    dead, target = await made(world, "dead-b", *"abcde"), await made(world, "back-b")

    moved = [step.moved async for step in move(world.clients, dead, target, 2)]

    assert moved == [2]
    assert len(await bodies_in(world, target)) == 2
    assert len(await bodies_in(world, dead)) == 3


async def test_what_cannot_be_sent_stays_where_it_is(world: World) -> None:
    dead = await made(world, "dead-c", "a", "b")

    with pytest.raises(SesauditdError):
        async for _ in move(world.clients, dead, dead.replace("dead-c", "nowhere"), 2):
            pass

    assert await bodies_in(world, dead) == ["a", "b"]


async def test_an_archive_is_listed_in_order_whatever_its_folders(world: World) -> None:
    where = {"LocationConstraint": world.sandbox.region}
    await world.clients.s3.ask("CreateBucket", Bucket="shelf", CreateBucketConfiguration=where)
    archive = Archive(world.clients, "shelf", "logs")
    names = [f"raw/dt=2026-11-{day:02}/hour={hour:02}/x" for day in range(1, 4) for hour in (1, 2)]
    for name in [*names, "top"]:
        body = name.encode()
        await archive.keep(name, body, hashlib.sha256(body).digest())
    shelf = Shelf(world.clients, "shelf")

    assert [one.key for one in await shelf.items("logs/raw/")] == [f"logs/{one}" for one in names]
    assert len(await shelf.items("logs")) == len(names) + 1
    assert await shelf.items("logs/none/") == []
    for first in range(len(names)):
        since = await shelf.items("logs/raw/", f"logs/{names[first]}")
        assert [one.key for one in since] == [f"logs/{one}" for one in names[first:]]
    assert await shelf.items("logs/raw/", "logs/raw/dt=2026-12-01/") == []
    assert await shelf.read("logs/top") == b"top"
    with pytest.raises(Missing):
        await shelf.read("logs/none")


async def test_a_backup_is_stored_from_an_open_file_and_removed(world: World) -> None:
    where = {"LocationConstraint": world.sandbox.region}
    await world.clients.s3.ask("CreateBucket", Bucket="backups", CreateBucketConfiguration=where)
    shelf, body = Shelf(world.clients, "backups"), bytes(300_000)

    await shelf.store("backup/a", io.BytesIO(body), len(body), hashlib.sha256(body).digest())

    assert await shelf.read("backup/a") == body
    await shelf.remove(["backup/a"])
    assert await shelf.items("backup/") == []
