"""Batches: each is read whole and recorded in one call, whatever lies in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.errors import Failed
from sesauditd.ingest import pipeline as under_test
from sesauditd.ingest.pipeline import Pipeline
from sesauditd.ingest.reader import RawLine
from sesauditd.model.events import Flag
from sesauditd.model.recorded import Recorded
from sesauditd.model.register import OwnNotices, Register
from tests.unit.ingest.samples import VALIDATION_TEXT, encoded, event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sesauditd.model.events import Reading

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass
class RememberedLog:
    """An event log in memory: each event and each quarantined body once."""

    known: Register = field(default_factory=Register)
    readings: list[Reading] = field(default_factory=list)
    keys: set[bytes] = field(default_factory=set)
    quarantine: dict[bytes, str] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    asked_for_register: int = 0
    recorded_at: list[datetime] = field(default_factory=list)
    proposed: set[bool] = field(default_factory=set)

    async def register(self) -> Register:
        self.asked_for_register += 1
        return self.known

    async def record(
        self, readings: Sequence[Reading], *, now: datetime, proposed: bool
    ) -> Recorded:
        self.readings.extend(readings)
        self.batches.append(len(readings))
        self.recorded_at.append(now)
        self.proposed.add(proposed)
        total = Recorded()
        for reading in readings:
            total += self._record_one(reading)
        return total

    def _record_one(self, reading: Reading) -> Recorded:
        if reading.noise is not None:
            return Recorded(ignored=1)
        if reading.unreadable is not None:
            self.quarantine[reading.origin.sha256] = reading.unreadable
            return Recorded(quarantined=1)
        assert reading.event is not None
        key = reading.event.feedback.key
        if key in self.keys:
            return Recorded(duplicates=1)
        self.keys.add(key)
        return Recorded(recorded=1)


def raw(text: bytes, line: int = 1) -> RawLine:
    return RawLine(text=text, origin_source="raw.jsonl", line=line)


def bounce(number: int) -> RawLine:
    return raw(encoded(event("Bounce", feedbackId=f"feedback-{number}")), number + 1)


def pipeline(log: RememberedLog, batch_lines: int = 1000) -> Pipeline:
    return Pipeline(log, OwnNotices(), lambda: NOW, batch_lines)


async def test_a_batch_is_recorded_in_one_call_with_one_time() -> None:
    log = RememberedLog()
    counts = await pipeline(log).handle([bounce(1), bounce(2)], proposed=False)
    assert counts == Recorded(recorded=2)
    assert (log.batches, log.asked_for_register, log.recorded_at) == ([2], 0, [NOW])
    assert log.proposed == {False}


@pytest.mark.parametrize("callers", [{}, {"smtp-bakery": (("bakery", "bakery.example"),)}])
async def test_the_register_decides_what_is_a_notice_of_ours_and_is_asked_for_nothing_else(
    callers: dict[str, tuple[tuple[str, str], ...]],
) -> None:
    log = RememberedLog(known=Register(callers=callers))
    own = OwnNotices(sender="postmaster@bakery.example", configuration_set="notices")
    mail = {"source": "postmaster@bakery.example", "callerIdentity": "smtp-bakery"}
    notice = event("Bounce", feedbackId="notice")
    notice["mail"] = {**notice["mail"], **mail, "tags": {}}
    lines = [bounce(1), raw(encoded(notice), 3), bounce(3)]
    await Pipeline(log, own, lambda: NOW).handle(lines, proposed=False)
    flagged = [one.event is not None and Flag.OWN_NOTICE in one.event.flags for one in log.readings]
    assert flagged == [False, not callers, False]
    assert log.asked_for_register == 1


async def test_poison_does_not_harm_the_others_of_its_batch() -> None:
    log = RememberedLog()
    batch = [bounce(1), raw(b'{"a":' * 100_000), raw(VALIDATION_TEXT.encode()), bounce(1)]
    counts = await pipeline(log).handle(batch, proposed=True)
    assert counts == Recorded(recorded=1, duplicates=1, quarantined=1, ignored=1)
    assert counts.read == 4
    assert list(log.quarantine.values()) == ["JSON that is nested too deeply"]


async def test_an_empty_batch_asks_nobody() -> None:
    log = RememberedLog()
    assert await pipeline(log).handle([], proposed=True) == Recorded()
    assert log.asked_for_register == 0


@pytest.mark.parametrize(
    ("lines", "batches"),
    [(0, []), (1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])],
    ids=lambda value: value if isinstance(value, int) else "",
)
async def test_a_replay_is_cut_into_batches_and_only_proposes(
    lines: int, batches: list[int]
) -> None:
    log = RememberedLog()
    seen: list[int] = []
    counts = await pipeline(log, 10).replay(
        (bounce(number) for number in range(lines)), lambda total: seen.append(total.read)
    )
    assert counts == Recorded(recorded=lines)
    assert log.batches == batches
    assert log.proposed == ({True} if lines else set())
    assert seen == [sum(batches[: end + 1]) for end in range(len(batches))]


async def test_a_batch_of_large_lines_ends_early() -> None:
    log = RememberedLog()
    large = b"x" * (under_test.BATCH_BYTES // 4)
    await pipeline(log).replay(raw(large, line) for line in range(9))
    assert log.batches == [4, 4, 1]


async def test_what_was_read_before_a_source_breaks_off_is_recorded() -> None:
    def breaking_off(whole: int) -> Iterator[RawLine]:
        yield from (bounce(number) for number in range(whole))
        raise Failed("raw.jsonl.gz: the gzip file breaks off")

    for whole, batches in ((13, [10, 3]), (10, [10]), (0, [])):
        log = RememberedLog()
        with pytest.raises(Failed, match="breaks off"):
            await pipeline(log, 10).replay(breaking_off(whole))
        assert log.batches == batches
        assert len(log.keys) == whole


async def test_an_error_that_is_not_of_this_program_is_not_held_back() -> None:
    def wrong() -> Iterator[RawLine]:
        yield bounce(1)
        raise ZeroDivisionError

    log = RememberedLog()
    with pytest.raises(ZeroDivisionError):
        await pipeline(log).replay(wrong())
    assert log.batches == []


@given(st.lists(st.integers(min_value=0, max_value=9), max_size=40), st.integers(1, 7))
async def test_order_repetition_and_batch_size_do_not_change_what_is_kept(
    numbers: list[int], batch_lines: int
) -> None:
    log = RememberedLog()
    counts = await pipeline(log, batch_lines).replay(bounce(number) for number in numbers)
    assert len(log.keys) == counts.recorded == len(set(numbers))
    assert counts.read == len(numbers)


def test_counts_add_up() -> None:
    one = Recorded(recorded=1, duplicates=2, quarantined=3, ignored=4)
    assert one + one == Recorded(recorded=2, duplicates=4, quarantined=6, ignored=8)
    assert (one + Recorded()).read == 10
