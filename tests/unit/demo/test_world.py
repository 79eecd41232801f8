"""The made-up month: repeatable, in the shapes of SES, and as it is told."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.demo import archive, narration, world
from sesauditd.demo.bakery import CATERING
from sesauditd.demo.friend import FRIEND
from sesauditd.demo.weeks import weeks_of
from sesauditd.ingest.reader import RawLine, read
from sesauditd.model.events import Flag, Outcome, Reading
from sesauditd.model.register import OwnNotices, Register

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.demo.archive import Arrival

END = datetime(2026, 11, 23, tzinfo=UTC)
KEYS = {"message_id", "received_at", "sent_at", "receive_count", "sha256", "body"}
NEVER_MADE = {Outcome.NOTICE}


def month(seed: int = 1, weeks: int = 4) -> list[Arrival]:
    return world.notifications(random.Random(seed), weeks_of(END, weeks))


def files_of(folder: Path, seed: int = 1) -> dict[str, bytes]:
    found = archive.archived(folder, month(seed))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def lines_of(folder: Path) -> list[tuple[str, int, bytes]]:
    return [
        (name, number, line)
        for name, packed in files_of(folder).items()
        for number, line in enumerate(gzip.decompress(packed).splitlines(), start=1)
    ]


def readings_of(folder: Path) -> list[Reading]:
    return [
        read(
            RawLine(text=text, origin_source=name, line=number),
            now=END,
            register=Register(),
            own_notices=OwnNotices(),
        )
        for name, number, text in lines_of(folder)
    ]


def events_of(arrivals: list[Arrival]) -> list[Any]:
    bodies = {one.body for one in arrivals if one.body.startswith("{")}
    texts = {json.loads(body)["Message"] for body in bodies}
    return [json.loads(text) for text in sorted(texts) if text.startswith("{")]


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_another_seed_makes_another_month() -> None:
    assert month(1) != month(2)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_month_has_some_thousand_notifications(seed: int) -> None:
    assert 3_000 <= len(month(seed)) <= 8_000


def test_quiet_weeks_go_before_a_longer_story() -> None:
    weeks = weeks_of(END, 6)
    assert [week.act for week in weeks] == [0, 0, 1, 2, 3, 4]
    assert weeks[-1].end == END
    first = min(one.at for one in month(weeks=6))
    assert first < END - timedelta(days=41)


def test_every_line_is_a_record_of_the_archive(tmp_path: Path) -> None:
    for name, _, line in lines_of(tmp_path):
        record = json.loads(line)
        assert record.keys() == KEYS
        assert hashlib.sha256(record["body"].encode()).hexdigest() == record["sha256"]
        received = datetime.fromisoformat(record["received_at"])
        assert name.startswith(f"dt={received:%Y-%m-%d}/hour={received:%H}/")


def test_an_object_is_named_by_its_receipt_and_its_sum(tmp_path: Path) -> None:
    for name, packed in files_of(tmp_path).items():
        text = gzip.decompress(packed)
        received = datetime.fromisoformat(json.loads(text.splitlines()[0])["received_at"])
        milliseconds, digest = name.rpartition("/")[2].removesuffix(".jsonl.gz").split("-")
        assert int(milliseconds) == round(received.timestamp() * 1000)
        assert digest == hashlib.sha256(text).hexdigest()


def test_only_the_planted_lines_are_no_events(tmp_path: Path) -> None:
    found = readings_of(tmp_path)
    assert [one.body.decode() for one in found if one.unreadable] == [world.GARBAGE]
    assert [one.noise for one in found if one.noise] == ["ses_validation"]


def test_every_outcome_of_the_policy_occurs_and_no_clock_is_wrong(tmp_path: Path) -> None:
    events = [one.event for one in readings_of(tmp_path) if one.event is not None]
    outcomes = {one.outcome for event in events for one in event.suffered}
    # Only the store knows which soft bounces follow a delivery.
    assert outcomes == set(Outcome) - NEVER_MADE - {Outcome.AUTO_REPLY}
    assert all(Flag.TIME_REPLACED not in event.flags for event in events)


def test_some_arrive_twice_and_some_before_what_they_follow() -> None:
    ordered = sorted(month(), key=lambda one: one.at)
    assert sum(one.count > 1 for one in ordered) > 10
    seen: Counter[str] = Counter()
    overtaken = 0
    for event in events_in_order(ordered):
        overtaken += event.get("eventType") == "Delivery" and not seen[event["mail"]["messageId"]]
        seen[event["mail"]["messageId"]] += 1
    assert overtaken > 10


def events_in_order(ordered: list[Arrival]) -> list[Any]:
    texts = [json.loads(one.body)["Message"] for one in ordered if one.body.startswith("{")]
    return [json.loads(text) for text in texts if text.startswith("{")]


def test_the_identity_flavour_has_neither_tags_nor_sends() -> None:
    events = events_of(month())
    old = [one for one in events if CATERING.domain in one["mail"]["sourceArn"]]
    assert {one["notificationType"] for one in old} == {"Bounce", "Complaint", "Delivery"}
    assert all("tags" not in one["mail"] for one in old)
    assert all(one["mail"]["callerIdentity"] == CATERING.iam_user for one in old)
    new = [one for one in events if CATERING.domain not in one["mail"]["sourceArn"]]
    assert all(one["mail"]["tags"]["ses:caller-identity"] for one in new)


def test_the_story_counts_as_its_world_does() -> None:
    week = weeks_of(END, 4)[2]
    sends = [
        datetime.fromisoformat(one["mail"]["timestamp"])
        for one in events_of(month())
        if one.get("eventType") == "Send" and FRIEND.domain in one["mail"]["sourceArn"]
    ]
    by_act = Counter((at - week.monday).days // 7 + 3 for at in sends)
    assert by_act == {1: 2 + 42, 2: 42 + 18, 3: 204, 4: 42 + 9}
    blast = sorted(at for at in sends if week.monday <= at < week.end)
    minutes = round((blast[-1] - blast[0]).total_seconds() / 60)
    assert f"{len(blast)} strangers in {minutes} minutes" in narration.ACTS[3].text
