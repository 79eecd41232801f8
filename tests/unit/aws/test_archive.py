"""The archive: an object is there once, whole, and the same, or somebody is told."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws import archive as module
from sesauditd.aws.archive import Archive
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable
from tests.unit.aws.wire import RESET, Reply, refused_by_s3

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b"a batch"
DIGEST = hashlib.sha256(BODY).digest()
STORED = Reply(body=b"")
EXISTS = refused_by_s3("PreconditionFailed", 412)
RACE = refused_by_s3("ConditionalRequestConflict", 409)
GONE = Reply(status=404, body=b"")
KEY = "logs/raw/dt=2026-11-24/1.jsonl.gz"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RACE_SECONDS", 0.0)


def _held(digest: str = DIGEST.hex(), size: int = len(BODY)) -> Reply:
    # aiohttp's server takes the length of a HEAD answer from its body.
    return Reply(body=b"x" * size, headers={"x-amz-meta-sha256": digest})


async def _keep(clients: Clients) -> str:
    return await Archive(clients, "bucket", "logs").keep(
        "raw/dt=2026-11-24/1.jsonl.gz", BODY, DIGEST
    )


async def test_an_object_is_put_only_where_there_is_none(wire: Wire, clients: Clients) -> None:
    wire.will(STORED)
    assert await _keep(clients) == KEY
    [put] = wire.asked
    assert put.headers["If-None-Match"] == "*"
    assert put.headers["x-amz-checksum-sha256"] == base64.b64encode(DIGEST).decode()
    assert put.headers["x-amz-meta-sha256"] == DIGEST.hex()
    assert (put.path, put.body) == (f"/bucket/{KEY}", BODY)


async def test_its_own_first_try_counts_as_stored(wire: Wire, clients: Clients) -> None:
    wire.will(EXISTS, _held())
    assert await _keep(clients) == KEY


@pytest.mark.parametrize(
    "held", [_held(digest="00"), _held(size=3), Reply(body=BODY)], ids=["digest", "size", "foreign"]
)
async def test_other_bytes_under_the_key_are_an_error(
    wire: Wire, clients: Clients, held: Reply
) -> None:
    wire.will(EXISTS, held)
    with pytest.raises(Failed, match=KEY) as caught:
        await _keep(clients)
    assert type(caught.value) is Failed


async def test_a_race_is_run_again(wire: Wire, clients: Clients) -> None:
    wire.will(RACE, RACE, STORED)
    assert await _keep(clients) == KEY


async def test_an_object_that_is_gone_again_is_put_again(wire: Wire, clients: Clients) -> None:
    wire.will(EXISTS, GONE, STORED)
    assert await _keep(clients) == KEY


async def test_an_endless_race_is_left_for_later(wire: Wire, clients: Clients) -> None:
    wire.will(RACE)
    with pytest.raises(Unavailable):
        await _keep(clients)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(refused_by_s3("SlowDown", 503), Unavailable, id="slow down"),
        pytest.param(refused_by_s3("InternalError", 500), Unavailable, id="500"),
        pytest.param(RESET, Unavailable, id="reset"),
        pytest.param(refused_by_s3("AccessDenied", 403), Forbidden, id="denied"),
        pytest.param(refused_by_s3("BadDigest", 400), Forbidden, id="digest"),
        pytest.param(refused_by_s3("NoSuchBucket", 404), Missing, id="no bucket"),
    ],
)
async def test_what_s3_says_is_translated(
    wire: Wire, clients: Clients, reply: Reply, expected: type[Failed]
) -> None:
    wire.will(reply)
    with pytest.raises(expected):
        await _keep(clients)


async def test_without_a_prefix_the_key_is_the_suffix(wire: Wire, clients: Clients) -> None:
    wire.will(STORED)
    assert await Archive(clients, "bucket", "").keep("x", BODY, DIGEST) == "x"
