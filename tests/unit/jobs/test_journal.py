"""The journal's copy in the archive: every entry, in order, under a key of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from sesauditd.errors import Unavailable
from sesauditd.jobs import journal
from sesauditd.jobs.journal import JournalCopy
from tests.unit.jobs.fakes import NOW


def entry(sequence: int, day: str = "2026-11-24") -> Mapping[str, object]:
    return {"sequence": sequence, "at": f"{day}T10:00:00Z", "kind": "lift", "facts": {"n": "ä"}}


@dataclass
class Kept:
    """Journal, archive and note in memory; some puts or notes fail."""

    entries: list[Mapping[str, object]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    noted: int = 0
    away: bool = False
    forgetful: bool = False

    async def after(self, sequence: int, limit: int) -> Sequence[Mapping[str, object]]:
        rows = [one for one in self.entries if int(str(one["sequence"])) > sequence][:limit]
        return [one for one in rows if str(one["at"])[:10] == str(rows[0]["at"])[:10]]

    async def copied(self) -> int:
        return self.noted

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        if self.away:
            raise Unavailable("S3 PutObject: no answer")
        assert hashlib.sha256(body).digest() == sha256
        assert self.objects.setdefault(key_suffix, body) == body
        return key_suffix

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        if self.forgetful:
            raise Unavailable("the database is away")
        self.noted = int(str(facts["sequence"]))

    async def copy(self) -> None:
        await JournalCopy(rows=self, archive=self, notes=self).run(NOW)

    @property
    def archived(self) -> list[int]:
        """Return the sequence numbers in the archive, by object."""
        return [
            json.loads(line)["sequence"]
            for body in self.objects.values()
            for line in body.splitlines()
        ]


async def test_new_entries_are_copied_once() -> None:
    kept = Kept([entry(1), entry(2)])
    await kept.copy()
    await kept.copy()
    kept.entries.append(entry(3))
    await kept.copy()
    assert kept.archived == [1, 2, 3]
    assert kept.noted == 3


async def test_an_object_is_named_by_day_numbers_and_content() -> None:
    kept = Kept([entry(1), entry(2)])
    await kept.copy()
    ((key, body),) = kept.objects.items()
    assert key == f"journal/dt=2026-11-24/1-2-{hashlib.sha256(body).hexdigest()}.jsonl"
    assert body.endswith(b"\n")


async def test_days_do_not_share_an_object() -> None:
    kept = Kept([entry(1, "2026-11-22"), entry(2, "2026-11-23"), entry(3, "2026-11-23")])
    await kept.copy()
    assert [key.split("-")[0:3] for key in kept.objects] == [
        ["journal/dt=2026", "11", "22/1"],
        ["journal/dt=2026", "11", "23/2"],
    ]


async def test_many_entries_go_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROWS", 2)
    kept = Kept([entry(number) for number in range(1, 6)])
    await kept.copy()
    assert len(kept.objects) == 3
    assert kept.archived == [1, 2, 3, 4, 5]


async def test_an_archive_that_is_away_is_asked_again_later() -> None:
    kept = Kept([entry(1)], away=True)
    with pytest.raises(Unavailable):
        await kept.copy()
    kept.away = False
    await kept.copy()
    assert kept.archived == [1]


async def test_a_crash_before_the_note_copies_to_the_same_key() -> None:
    kept = Kept([entry(1)], forgetful=True)
    with pytest.raises(Unavailable):
        await kept.copy()
    kept.forgetful = False
    await kept.copy()
    assert len(kept.objects) == 1
