"""A rebuild believes and doubts the same messages years later, by the certificates it kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.rebuilding import trust_of
from sesauditd.bootstrap.shelves import Shelves
from sesauditd.config import Settings
from sesauditd.ingest.certificates import Certificates
from sesauditd.ingest.folder import Folder
from sesauditd.ingest.reader import RawLine, read
from sesauditd.ingest.trust import Signatures
from sesauditd.model.register import OwnNotices, Register
from tests.unit.ingest import sns
from tests.unit.ingest.forgeries import forgeries
from tests.unit.ingest.samples import TOPIC, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sesauditd.bootstrap.shelves import Reading as Shelf
    from sesauditd.ingest.certificates import Fetcher
    from sesauditd.ingest.folder import File
    from sesauditd.ingest.trust import Trust
    from sesauditd.model.events import Reading

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
VERSION = {"SignatureVersion": "2"}
YEARS_LATER = datetime(2036, 1, 1, tzinfo=UTC)
"""The certificate ran out long ago, and SNS offers it nowhere."""


@dataclass
class Drawer:
    """An archive that is a folder; it is written to as the daemon writes to its bucket."""

    folder: Path

    async def keep(self, key_suffix: str, body: bytes, _sha256: bytes) -> str:
        file = self.folder / key_suffix
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        return key_suffix


def live(folder: Path, fetcher: Fetcher) -> Signatures:
    """Return whom the daemon believes."""
    certificates = Certificates(fetcher=fetcher, archive=Drawer(folder))
    return Signatures(frozenset({TOPIC}), certificates)


def again(folder: Path, shelf: Shelf | None = None) -> Trust:
    """Return whom a rebuild believes: it has the archive and nothing else."""
    settings = Settings.model_validate(
        {"queue": {"topic_arns": [TOPIC], "trust": "signature"}, "archive": {"prefix": "feedback"}}
    )
    reading = shelf or Folder(folder, "feedback")
    return trust_of(settings, Shelves(reading=reading, prefix="feedback", name="kept"))


async def judged(trust: Trust, bodies: Sequence[bytes], now: datetime) -> list[Reading]:
    """Return what every message means, without when it was read."""
    lines = [
        RawLine(text=one, origin_source="raw.jsonl.gz", line=number, received_at=NOW)
        for number, one in enumerate(bodies, start=1)
    ]
    examined = await trust.examine(lines)
    assert examined.undecided == frozenset()
    return [
        read(one, now=now, register=Register(), own_notices=OwnNotices()) for one in examined.lines
    ]


async def test_a_rebuild_years_later_judges_true_and_forged_messages_the_same(
    tmp_path: Path,
) -> None:
    true = [sns.body(number, version=version) for number, version in enumerate("1212")]
    bodies = [*true, *(one.body for one in forgeries()), b"no envelope"]
    then = await judged(live(tmp_path, sns.library()), bodies, NOW)
    assert await judged(again(tmp_path), bodies, YEARS_LATER) == then


async def test_without_the_kept_certificate_nothing_is_believed(tmp_path: Path) -> None:
    (line,) = (
        await again(tmp_path).examine(
            [RawLine(text=sns.body(), origin_source="x", line=1, received_at=NOW)]
        )
    ).lines
    assert line.fault == "unverified: the archive holds no certificate of that name"


async def test_a_certificate_renewed_under_its_name_vouches_with_both_files(
    tmp_path: Path,
) -> None:
    year = dt.timedelta(days=365)
    bodies = []
    for key, since in (("SNS", sns.VALID_FROM), ("SNS, renewed", sns.VALID_FROM + year)):
        sent = (since + dt.timedelta(days=90)).isoformat()
        body = encoded(sns.signed(sns.notification(Timestamp=sent), by=key))
        pem = sns.pem_of(sns.key(key), since=since)
        (line,) = await judged(live(tmp_path, sns.Library({sns.URL: pem})), [body], NOW)
        assert line.event is not None
        bodies.append(body)
    then = await judged(again(tmp_path), bodies, YEARS_LATER)
    assert all(one.event is not None for one in then)


@dataclass
class Counting:
    """A folder that counts how often it is listed."""

    folder: Folder
    times: int = 0

    async def items(self, prefix: str, since: str = "") -> Sequence[File]:
        self.times += 1
        return await self.folder.items(prefix, since)

    async def read(self, key: str) -> bytes:
        return await self.folder.read(key)


async def test_a_flood_of_invented_names_does_not_hold_up_a_rebuild(tmp_path: Path) -> None:
    true = sns.body()
    await judged(live(tmp_path, sns.library()), [true], NOW)
    flood = [
        encoded(sns.notification() | {"SigningCertURL": url, "Signature": "", **VERSION})
        for url in (sns.URL.replace("7506a1e35b36", f"{number:012x}") for number in range(500))
    ]
    shelf = Counting(Folder(tmp_path, "feedback"))
    found = await judged(again(tmp_path, shelf), [*flood, true], NOW)
    assert [one.event is not None for one in found] == [*(False for _ in flood), True]
    assert shelf.times == 1
