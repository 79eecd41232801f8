"""Bytes and processor time of the archive: batches packed, and put by the daemon's own client.

python benchmarks/archive.py [--events 20000] [--repeats 3]

Against one object a message, and against zlib's usual level 6. The PUT goes to the stub: client and
kernel are measured, S3 is not.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import backlog
import bench

from sesauditd.aws.archive import Archive
from sesauditd.aws.clients import connect
from sesauditd.ingest.batch import Packed, pack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sesauditd.ingest.batch import Received

Found = dict[str, float]


def thorough(batch: Sequence[Received]) -> Packed:
    """Pack as usual, but with the level that zlib has by itself."""
    quick = pack(batch)
    body = gzip.compress(gzip.decompress(quick.body), 6, mtime=0)
    return Packed(key=quick.key, body=body, sha256=hashlib.sha256(body).digest())


@asynccontextmanager
async def opened(stub: bench.Stub) -> AsyncIterator[Archive]:
    """Open the daemon's archive on the stub."""
    async with connect(
        region="eu-west-1", account_id="111122223333", endpoint_url=stub.url
    ) as clients:
        await clients.s3.ask("PutObject", Bucket="archive", Key="warm", Body=b"")
        yield Archive(clients, "archive", "sesauditd")


async def kept(stub: bench.Stub, batches: Sequence[Sequence[Received]]) -> Found:
    """Pack every batch and put it."""
    events = sum(map(len, batches))
    watch = bench.Stopwatch()
    packed = [pack(batch) for batch in batches]
    packing = watch.found(events)
    async with opened(stub) as archive:
        watch = bench.Stopwatch()
        for one in packed:
            await archive.keep(one.key, one.body, one.sha256)
        putting = watch.found(events)
    return {
        "B an event": sum(len(one.body) for one in packed) / events,
        "pack us": packing["CPU s per 1,000"] * 1000,
        "PUT us": putting["CPU s per 1,000"] * 1000,
    }


def packed_well(batches: Sequence[Sequence[Received]]) -> Found:
    """Pack at level 6 and put nothing."""
    events = sum(map(len, batches))
    quick = bench.Stopwatch()
    for batch in batches:
        pack(batch)
    once = quick.found(events)["CPU s per 1,000"]
    watch = bench.Stopwatch()
    size = sum(len(thorough(batch).body) for batch in batches)
    cost = watch.found(events)["CPU s per 1,000"] - once
    return {"B an event": size / events, "pack us": (once + cost) * 1000, "PUT us": 0.0}


def main() -> None:
    """Print the medians."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = bench.Results("archive", wanted)
    os.environ |= bench.KEYS
    with bench.stub() as stub:
        what = {}
        for size in (1000, 100, 1):
            events = min(wanted.events, size * 500)
            batches = list(backlog.batches(events, size=size))
            what[f"objects of {size}"] = partial(_kept, stub, batches)
        whole = list(backlog.batches(wanted.events))
        what["objects of 1000, level 6"] = lambda _: packed_well(whole)
        medians = bench.interleaved(what, wanted.repeats, results)
    columns = list(next(iter(medians.values())))
    rows = [[name, *found.values()] for name, found in medians.items()]
    results.table(f"the archive, medians of {wanted.repeats}", ["what", *columns], rows)
    mine = medians["objects of 1000"]
    results.keep(bytes=mine["B an event"], put_us=mine["PUT us"], pack_us=mine["pack us"])
    results.keep(put_us_alone=medians["objects of 1"]["PUT us"])
    results.close()


def _kept(stub: bench.Stub, batches: Sequence[Sequence[Received]], _repeat: int) -> Found:
    return asyncio.run(kept(stub, batches))


if __name__ == "__main__":
    main()
