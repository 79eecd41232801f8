"""The live way in: nothing is acknowledged before it is kept, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from sesauditd.errors import Broken, Busy, Failed, Forbidden, Refused, SesauditdError, Unavailable
from tests.unit.ingest.live import QUICK, World, bounce, until

if TYPE_CHECKING:
    from sesauditd.ingest.health import Health


def archived_lines(world: World) -> int:
    return sum(len(gzip.decompress(body).splitlines()) for body in world.archive.objects.values())


def health(world: World) -> Health:
    return world.poller.health


async def test_messages_are_archived_recorded_and_then_deleted() -> None:
    world = World()
    world.queue.send(*(bounce(number) for number in range(35)))
    await world.run_until(lambda: len(world.queue.deleted) == 35)
    assert len(world.log.keys) == archived_lines(world) == 35
    assert world.log.proposed == {False}
    assert world.queue.messages == 0
    assert health(world).last_progress is not None
    assert health(world).paused_because is None
    assert health(world).in_hand == 0


async def test_a_batch_is_closed_by_count_and_the_rest_by_age() -> None:
    world = World(pace=replace(QUICK, batch_messages=20, batch_seconds=0.05))
    world.queue.send(*(bounce(number) for number in range(50)))
    await world.run_until(lambda: len(world.queue.deleted) == 50)
    assert max(world.log.batches) == 20
    assert sum(world.log.batches) == 50


async def test_a_batch_is_closed_by_its_bytes() -> None:
    world = World(pace=replace(QUICK, batch_bytes=5000, batch_seconds=0.05))
    world.queue.send(*("x" * 2000 for _ in range(9)))
    await world.run_until(lambda: len(world.queue.deleted) == 9)
    assert max(world.log.batches) == 3


async def test_receivers_pause_when_two_batches_are_in_hand() -> None:
    world = World(pace=replace(QUICK, batch_messages=20, receivers=4))
    world.queue.send(*(bounce(number) for number in range(500)))
    world.archive.failing = Unavailable("S3 is away")
    seen: list[int] = []

    def paused() -> bool:
        seen.append(health(world).in_hand)
        return world.archive.tries > 5

    await world.run_until(paused)
    assert max(seen) <= 2 * 20 + 10
    assert world.queue.messages == 500


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(Unavailable("S3 is away"), id="away"),
        pytest.param(Forbidden("S3 refuses"), id="forbidden"),
        pytest.param(Failed("no space"), id="failed"),
    ],
)
async def test_while_the_archive_is_away_nothing_is_recorded_or_received_again(
    outage: SesauditdError,
) -> None:
    world = World()
    world.archive.failing = outage
    world.queue.send(*(bounce(number) for number in range(12)))
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: world.archive.tries > 4, running=running)
    assert health(world).paused_because == str(outage)
    assert (world.recorder.tries, world.queue.deleted) == (0, [])
    world.archive.failing = None
    await until(lambda: len(world.queue.deleted) == 12, running=running)
    assert health(world).paused_because is None
    assert {receipt.rpartition("/")[2] for receipt in world.queue.deleted} == {"1"}
    world.stop.set()
    await running


@pytest.mark.parametrize(
    "outage", [Busy("locked"), Failed("no space for the database")], ids=["locked", "disk full"]
)
async def test_while_the_store_is_away_the_batch_stays_in_hand(outage: SesauditdError) -> None:
    world = World()
    world.recorder.failing = outage
    world.queue.send(bounce(1))
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: world.recorder.tries > 4, running=running)
    polls = world.queue.calls["receive"]
    world.queue.send(bounce(2))
    await asyncio.sleep(0.02)
    assert world.queue.calls["receive"] <= polls + QUICK.receivers
    world.recorder.failing = None
    await until(lambda: len(world.queue.deleted) == 2, running=running)
    assert world.archive.tries <= 3
    world.stop.set()
    await running


async def test_our_outage_is_no_receive_of_the_message() -> None:
    world = World(pace=replace(QUICK, visibility_seconds=1))
    world.queue.visibility_seconds = 0.05
    world.archive.failing = Unavailable("S3 is away")
    world.queue.send(bounce(1))
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: world.archive.tries > 2, running=running)
    # Stands for the heartbeat, whose third of a second would be a long wait here.
    await world.poller._visibility.extend()
    await asyncio.sleep(0.06)
    world.archive.failing = None
    await until(lambda: len(world.queue.deleted) == 1, running=running)
    assert world.queue.deleted == ["message-0/1"]
    world.stop.set()
    await running


@pytest.mark.parametrize(
    "end", [Broken("fsync failed"), Refused("read-only")], ids=["disk fails", "read-only"]
)
async def test_a_disk_that_fails_ends_the_poller_and_gives_back_what_it_held(
    end: SesauditdError,
) -> None:
    world = World()
    world.recorder.failing = end
    world.queue.send(bounce(1))
    with pytest.raises(type(end), match=str(end)):
        await asyncio.wait_for(world.poller.run(world.stop), 2)
    assert world.recorder.tries == 1
    assert world.queue.deleted == []
    assert world.queue.released == ["message-0/1"]
    assert len(world.queue.waiting) == 1


@pytest.mark.parametrize(
    "trouble",
    [Unavailable("no answer"), Forbidden("refused"), ZeroDivisionError(), OSError("wire")],
    ids=["away", "forbidden", "fault of the program", "foreign error"],
)
async def test_a_queue_that_fails_is_asked_again_slowly_and_recovers(
    trouble: BaseException,
) -> None:
    world = World(pace=replace(QUICK, receivers=1))
    world.queue.failing["receive"] = trouble
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: world.queue.calls.get("receive", 0) > 2, running=running)
    await asyncio.sleep(0.05)
    assert world.queue.calls["receive"] < 40
    assert health(world).receiving_fails is not None
    del world.queue.failing["receive"]
    world.queue.send(bounce(1))
    await until(lambda: world.queue.deleted == ["message-0/1"], running=running)
    assert health(world).receiving_fails is None
    world.stop.set()
    await running


async def test_an_empty_queue_that_answers_at_once_is_not_asked_in_a_tight_loop() -> None:
    world = World(pace=replace(QUICK, receivers=1, empty_seconds=0.02))
    running = asyncio.create_task(world.poller.run(world.stop))
    await asyncio.sleep(0.1)
    assert 1 < world.queue.calls["receive"] < 8
    world.stop.set()
    await running


async def test_a_stop_lets_the_poll_return_and_finishes_what_it_brings() -> None:
    world = World(pace=replace(QUICK, receivers=1))
    world.queue.holding = asyncio.Event()
    world.queue.send(bounce(1))
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: len(world.queue.hidden) == 1, running=running)
    world.stop.set()
    await asyncio.sleep(0.01)
    assert not running.done()
    world.queue.holding.set()
    await asyncio.wait_for(running, 1)
    assert world.queue.deleted == ["message-0/1"]


async def test_a_stop_during_an_outage_gives_the_batch_back() -> None:
    world = World()
    world.archive.failing = Unavailable("S3 is away")
    world.queue.send(bounce(1), bounce(2))
    await world.run_until(lambda: world.archive.tries > 2)
    assert sorted(world.queue.released) == ["message-0/1", "message-1/1"]
    assert len(world.queue.waiting) == 2


async def test_what_does_not_end_within_the_grace_is_given_back() -> None:
    world = World(pace=replace(QUICK, receivers=1, grace_seconds=0.02))

    world.archive.hanging = True
    world.queue.send(bounce(1))
    await world.run_until(lambda: health(world).in_hand == 1)
    assert world.queue.released == ["message-0/1"]


async def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    world = World()
    world.archive.failing = Unavailable("S3 is away")
    world.queue.failing["receive"] = Unavailable("SQS is away")
    with capture_logs() as told:
        running = asyncio.create_task(world.poller.run(world.stop))
        await until(lambda: world.queue.calls.get("receive", 0) > 5, running=running)
        del world.queue.failing["receive"]
        world.queue.send(bounce(1))
        await until(lambda: world.archive.tries > 5, running=running)
        world.archive.failing = None
        await until(lambda: len(world.queue.deleted) == 1, running=running)
        world.stop.set()
        await running
    assert [line["event"] for line in told] == [
        "receive_failed",
        "receive_resumed",
        "intake_paused",
        "intake_resumed",
        "batch_recorded",
    ]


async def test_every_loop_shows_signs_of_life_and_none_is_missed_after_the_end() -> None:
    world = World()
    world.archive.failing = Unavailable("S3 is away")
    world.queue.send(bounce(1))
    running = asyncio.create_task(world.poller.run(world.stop))
    await until(lambda: world.archive.tries > 2, running=running)
    before = [mark.last for mark in world.poller.marks]
    await until(
        lambda: all(
            mark.last is not None and earlier is not None and mark.last > earlier
            for mark, earlier in zip(world.poller.marks, before, strict=True)
        ),
        running=running,
    )
    world.stop.set()
    await running
    assert [mark.last for mark in world.poller.marks] == [None, None, None]
