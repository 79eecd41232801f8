"""The end of a batch: what is acknowledged, what is left, what is put back, what is harmless."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace

import pytest

from sesauditd.errors import Failed, Forbidden, Missing, Unavailable
from sesauditd.ingest.certificates import Certificates
from sesauditd.ingest.intake import ACKNOWLEDGE_TRIES, UNDECIDED_SECONDS
from sesauditd.ingest.pipeline import Pipeline
from sesauditd.ingest.poller import Poller
from sesauditd.ingest.trust import QueuePolicy, Signatures
from sesauditd.model.recorded import Recorded
from sesauditd.model.register import OwnNotices
from tests.support.twins import TwinArchive, TwinQueue
from tests.unit.ingest import sns
from tests.unit.ingest.live import NOW, QUICK, MemoryArchive, World, bounce, swift, until
from tests.unit.ingest.samples import TOPIC, VALIDATION_TEXT, encoded, envelope, event
from tests.unit.ingest.test_pipeline import RememberedLog

POISON = [
    pytest.param("not JSON", id="no JSON"),
    pytest.param("[1]", id="list"),
    pytest.param('{"a":' * 100_000, id="deep"),
    pytest.param('{"a": NaN}', id="NaN"),
    pytest.param("\x00", id="NUL"),
    pytest.param(encoded(envelope(event("Bounce"), Message=7)).decode(), id="Message is a number"),
    pytest.param("x" * 1024 * 1024, id="1 MiB"),
    pytest.param("\ud83d", id="half of a surrogate pair"),
]


async def test_a_queue_is_drained_to_its_end() -> None:
    world = World(pace=replace(QUICK, batch_messages=20))
    world.queue.send(*(bounce(number) for number in range(50)))
    world.queue.send(VALIDATION_TEXT, "poison", bounce(1))
    counts = await world.poller.drain()
    assert counts == Recorded(recorded=50, duplicates=1, quarantined=1, ignored=1)
    assert world.queue.messages == 0
    assert await world.poller.drain() == Recorded()


async def test_a_drain_closes_a_batch_by_its_bytes_too() -> None:
    world = World(pace=replace(QUICK, batch_bytes=5000))
    world.queue.at_once = 1
    world.queue.send(*("x" * 2000 for _ in range(7)))
    assert await world.poller.drain() == Recorded(quarantined=7)
    assert world.log.batches == [3, 3, 1]


async def test_one_empty_answer_does_not_end_a_drain() -> None:
    world = World()
    world.queue.send(bounce(1))
    world.queue.hiding = 1
    assert await world.poller.drain() == Recorded(recorded=1)


async def test_a_drain_that_fails_gives_back_what_it_held() -> None:
    world = World()
    world.archive.failing = Unavailable("S3 is away")
    world.queue.send(bounce(1))
    with pytest.raises(Unavailable):
        await world.poller.drain()
    assert world.queue.released == ["message-0/1"]


async def test_a_release_that_fails_is_left_to_the_timeout() -> None:
    world = World()
    world.archive.failing = Unavailable("S3 is away")
    world.queue.failing["release"] = Unavailable("SQS too")
    world.queue.send(bounce(1))
    with pytest.raises(Unavailable, match="S3"):
        await world.poller.drain()


@pytest.mark.parametrize("poison", POISON)
async def test_poison_is_archived_and_quarantined_and_harms_nobody(poison: str) -> None:
    world = World()
    world.queue.send(bounce(1), poison, bounce(2))
    assert await world.poller.drain() == Recorded(recorded=2, quarantined=1)
    assert len(world.queue.deleted) == 3
    (packed,) = world.archive.objects.values()
    assert len(gzip.decompress(packed).splitlines()) == 3


async def test_a_message_that_nobody_can_record_is_left_alone_and_the_others_go_on() -> None:
    world = World()
    world.recorder.poison = b"feedback-7"
    world.queue.send(*(bounce(number) for number in range(10)))
    assert await world.poller.drain() == Recorded(recorded=9)
    assert [body for _, body, _ in world.queue.hidden.values()] == [bounce(7)]
    assert world.queue.released == []


async def test_a_message_that_comes_twice_counts_once_and_goes_twice() -> None:
    world = World()
    for _ in range(2):
        world.queue.waiting.append(("message-x", bounce(1), len(world.queue.waiting)))
    assert await world.poller.drain() == Recorded(recorded=1, duplicates=1)
    assert sorted(world.queue.deleted) == ["message-x/1", "message-x/2"]


async def test_two_pollers_that_get_the_same_messages_keep_each_once() -> None:
    world = World()
    world.queue.visibility_seconds = 0
    world.queue.send(*(bounce(number) for number in range(10)))
    first, second = world.another(), world.another()
    await asyncio.gather(first._gathered(), second._gathered())
    world.queue.visibility_seconds = 60
    await asyncio.gather(first.drain(), second.drain())
    assert len(world.log.keys) == 10
    assert world.queue.messages == 0


async def test_a_receipt_that_ran_out_is_recorded_and_not_used() -> None:
    world = World(pace=replace(QUICK, visibility_seconds=0))
    world.queue.send(bounce(1))
    assert await world.poller.drain() == Recorded(recorded=1)
    assert "acknowledge" not in world.queue.calls
    assert len(world.archive.objects) == 1


async def test_what_the_queue_does_not_take_is_tried_again_and_then_left() -> None:
    world = World()
    world.queue.send(bounce(1), bounce(2))
    world.queue.refuse = {"message-0/1"}
    assert await world.poller.drain() == Recorded(recorded=2)
    assert world.queue.deleted == ["message-1/1"]
    assert world.queue.calls["acknowledge"] == ACKNOWLEDGE_TRIES


@pytest.mark.parametrize(
    "error", [Unavailable("lost"), Forbidden("denied"), Missing("gone"), Failed("other")]
)
async def test_an_acknowledgement_that_fails_is_no_failure_of_the_batch(error: Failed) -> None:
    world = World()
    world.queue.failing["acknowledge"] = error
    world.queue.send(bounce(1))
    assert await world.poller.drain() == Recorded(recorded=1)
    assert len(world.queue.hidden) == 1


def signing(fetcher: sns.Library) -> World:
    archive = MemoryArchive()
    certificates = Certificates(fetcher=fetcher, archive=archive)
    world = World(trust=Signatures(frozenset({TOPIC}), certificates))
    world.archive = archive
    world.poller = world.another()
    return world


async def test_with_signatures_true_messages_are_recorded_and_forged_ones_kept() -> None:
    world = signing(sns.library())
    forged = encoded(sns.signed(sns.notification(2), by="mallory")).decode()
    world.queue.send(sns.body(1).decode(), forged, encoded(event("Complaint")).decode())
    assert await world.poller.drain() == Recorded(recorded=1, quarantined=2)
    assert {reason.partition(" ")[0] for reason in world.log.quarantine.values()} == {"unverified:"}
    assert len(world.queue.deleted) == 3
    assert [key.split("/")[1] for key in world.archive.objects] == ["raw", "certs"]


@pytest.mark.parametrize("receives", [1, 2, 3])
async def test_while_the_certificate_is_away_a_message_is_archived_and_put_back(
    receives: int,
) -> None:
    fetcher = sns.Library(files={sns.URL: Unavailable("no answer")})
    world = signing(fetcher)
    world.queue.waiting.append(("message-x", sns.body().decode(), receives - 1))
    assert await world.poller.drain() == Recorded()
    assert world.queue.deleted == []
    assert world.queue.extended == [(f"message-x/{receives}", UNDECIDED_SECONDS[receives - 1])]
    assert len(world.archive.objects) == 1
    assert world.queue.released == []


async def test_a_message_whose_certificate_stays_away_ends_as_unverified() -> None:
    fetcher = sns.Library(files={sns.URL: Unavailable("no answer")})
    world = signing(fetcher)
    world.queue.waiting.append(("message-x", sns.body().decode(), len(UNDECIDED_SECONDS)))
    assert await world.poller.drain() == Recorded(quarantined=1)
    assert list(world.log.quarantine.values()) == ["unverified: no answer"]
    assert world.queue.messages == 0


async def test_putting_back_may_fail() -> None:
    world = signing(sns.Library(files={sns.URL: Unavailable("no answer")}))
    world.queue.failing["extend"] = Unavailable("SQS too")
    world.queue.send(sns.body().decode())
    assert await world.poller.drain() == Recorded()
    assert len(world.queue.hidden) == 1


async def test_the_poller_works_with_the_twins_of_the_real_adapters() -> None:
    queue, archive, log = TwinQueue(clock=lambda: NOW), TwinArchive(), RememberedLog()
    poller = Poller(
        queue=queue,
        archive=archive,
        recorder=Pipeline(log, OwnNotices(), lambda: NOW),
        trust=QueuePolicy(frozenset({TOPIC})),
        clock=lambda: NOW,
        pace=QUICK,
        backoff=swift,
    )
    queue.put(*(bounce(number) for number in range(25)))
    archive.failures.fail("keep", Unavailable("lost"), times=3, done=True)
    stop = asyncio.Event()
    running = asyncio.create_task(poller.run(stop))
    await until(lambda: len(queue.deleted) == 25, running=running)
    stop.set()
    await running
    assert len(log.keys) == 25
    assert queue.dead is not None
    assert queue.dead.held == {}
    assert all(key.startswith("sesauditd/raw/dt=2026-11-24/hour=09/") for key in archive.objects)
