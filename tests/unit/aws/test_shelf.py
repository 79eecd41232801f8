"""How much of an archive is listed: as much as is asked for, however long it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from sesauditd.aws.shelf import Shelf
from sesauditd.bootstrap.rebuilding import raw_in
from sesauditd.bootstrap.shelves import Shelves
from sesauditd.ingest.batch import Received, pack

START = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = 1000
"""Names that S3 puts into one answer, folders counted as objects."""


@dataclass
class Bucket:
    """S3's lists over keys in memory, and how often they were asked for."""

    keys: list[str] = field(default_factory=list)
    lists: int = 0

    @property
    def s3(self) -> Bucket:
        return self

    async def ask(self, name: str, _members: object, **about: str) -> dict[str, Any]:
        assert name == "ListObjectsV2"
        self.lists += 1
        prefix, delimiter = about["Prefix"], about.get("Delimiter")
        names: dict[str, bool] = {}
        for key in self.keys:
            if key.startswith(prefix):
                head, found, _ = key[len(prefix) :].partition(delimiter or "\0")
                names[prefix + head + found] = bool(found)
        start = int(about.get("ContinuationToken", "0"))
        page = sorted(names)[start : start + PAGE]
        return {
            "KeyCount": len(page),
            "IsTruncated": start + PAGE < len(names),
            "NextContinuationToken": str(start + PAGE),
            "Contents": [{"Key": one, "Size": 1} for one in page if not names[one]],
            "CommonPrefixes": [{"Prefix": one} for one in page if names[one]],
        }


def kept(days: int) -> Bucket:
    """Return an archive of so many days, an object an hour."""
    message = Received(
        message_id="m", receipt="", body=b"{}", sent_at=None, receive_count=1, received_at=START
    )
    suffix = pack([message]).key.rpartition("-")[2]
    keys = []
    for hour in range(24 * days):
        at = START + hour * HOUR
        stamp = int(at.timestamp() * 1000)
        keys.append(f"p/raw/dt={at:%Y-%m-%d}/hour={at:%H}/{stamp}-{suffix}")
    return Bucket([*keys, "p/journal/dt=2025-10-01/1", "p/backup/x.db.gz"])


@pytest.mark.parametrize(
    ("days", "since", "objects", "lists"),
    [
        pytest.param(10, None, 240, 11, id="all of ten days"),
        pytest.param(400, None, 9600, 401, id="all of 400 days"),
        pytest.param(10, timedelta(days=8), 48, 3, id="the last two of ten"),
        pytest.param(400, timedelta(days=398), 48, 3, id="the last two of 400"),
        pytest.param(400, timedelta(days=398, hours=5), 43, 3, id="from an hour on"),
        pytest.param(400, timedelta(days=398, hours=5, minutes=1), 42, 3, id="and a minute"),
        pytest.param(400, timedelta(days=401), 0, 1, id="nothing"),
    ],
)
async def test_a_rebuild_lists_the_days_that_it_is_asked_for(
    days: int, since: timedelta | None, objects: int, lists: int
) -> None:
    bucket = kept(days)
    shelf = Shelf(cast("Any", bucket), "bucket")
    shelves = Shelves(reading=shelf, prefix="p", name="s3://bucket/p")
    found = await raw_in(shelves, None if since is None else START + since)
    assert (len(found), bucket.lists) == (objects, lists)
    assert [one.at for one in found] == [
        START + (24 * days - one) * HOUR for one in range(objects, 0, -1)
    ]
