"""A batch in the archive: the same bytes always, and a replay of them reads what was read live."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sesauditd.ingest.batch import Received, pack, raw_lines
from sesauditd.ingest.reader import RawLine, read
from sesauditd.ingest.replay import lines
from sesauditd.model.register import OwnNotices, Register
from tests.unit.ingest.samples import (
    BODIES,
    VALIDATION_TEXT,
    archive_record,
    encoded,
    envelope,
    event,
)

if TYPE_CHECKING:
    from sesauditd.model.events import Reading

AT = datetime(2026, 11, 24, 23, 59, 59, 987_654, tzinfo=UTC)
NOW = AT + timedelta(days=30)
REGISTER = Register(owners={"bakery.example": "bakery"})


def message(body: bytes = b"{}", number: int = 1, at: datetime = AT) -> Received:
    return Received(
        message_id=f"message-{number}",
        receipt=f"receipt-{number}",
        body=body,
        sent_at=AT - timedelta(seconds=1),
        receive_count=number,
        received_at=at,
    )


def test_the_key_is_made_of_the_first_receipt_and_the_hash_of_the_object() -> None:
    packed = pack([message(at=AT + timedelta(seconds=1)), message()])
    stamp = int(AT.timestamp() * 1000)
    digest = hashlib.sha256(packed.body).hexdigest()
    assert packed.key == f"raw/dt=2026-11-24/hour=23/{stamp}-{digest}.jsonl.gz"
    assert packed.sha256.hex() == digest


def test_the_hour_in_the_key_is_utc() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert "dt=2026-11-24/hour=23/" in pack([message(at=elsewhere)]).key


def test_the_same_batch_is_the_same_object() -> None:
    batch = [message(encoded(event("Bounce")), number) for number in range(1, 20)]
    assert pack(batch) == pack(list(batch))


def test_a_line_holds_what_the_queue_said_and_the_hash_of_the_body() -> None:
    body = "Gr\u00fc\u00dfe \U0001f600\n\x00".encode()
    (line,) = gzip.decompress(pack([message(body, 3)]).body).splitlines()
    assert json.loads(line) == {
        "message_id": "message-3",
        "received_at": "2026-11-24T23:59:59.987654Z",
        "sent_at": "2026-11-24T23:59:58.987654Z",
        "receive_count": 3,
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body.decode(),
    }


@given(st.text(), st.text(), st.integers(min_value=0))
def test_nothing_of_a_message_is_in_its_key(body: str, message_id: str, count: int) -> None:
    hostile = replace(
        message(body.encode(errors="replace")),
        message_id=message_id.encode(errors="replace").decode(),
        receive_count=count,
    )
    assert re.fullmatch(
        r"raw/dt=2026-11-24/hour=23/[0-9]{13}-[0-9a-f]{64}\.jsonl\.gz", pack([hostile]).key
    )


BODIES_OF_ANY_KIND = st.one_of(
    st.sampled_from(list(BODIES)).map(lambda kind: encoded(event(kind))),
    st.sampled_from(list(BODIES)).map(lambda kind: encoded(envelope(event(kind)))),
    st.sampled_from(
        [
            VALIDATION_TEXT.encode(),
            encoded(envelope(VALIDATION_TEXT)),
            encoded(archive_record(encoded(event("Bounce")))),
            encoded(archive_record(encoded(event("Bounce")), sha256="0" * 64)),
            encoded({"Body": json.dumps(event("Bounce"))}),
            encoded(event("Bounce") | {"body": "x", "Body": "y"}),
            encoded(event("Bounce")).replace(b"Baker", b"\\ud83d"),
            b"",
            b" \n ",
            b'{"a":' * 2000,
            b"\xef\xbb\xbf{}",
        ]
    ),
    st.text().map(lambda text: text.encode(errors="replace")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ).map(encoded),
)
TIMES = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2300, 1, 1),
    timezones=st.just(UTC),
)


def readings(of: list[RawLine]) -> list[Reading]:
    return [read(line, now=NOW, register=REGISTER, own_notices=OwnNotices()) for line in of]


@given(st.lists(st.tuples(BODIES_OF_ANY_KIND, TIMES), min_size=1, max_size=8))
def test_what_is_read_live_is_what_a_replay_of_the_object_reads(
    received: list[tuple[bytes, datetime]],
) -> None:
    batch = [message(body, number, at) for number, (body, at) in enumerate(received, start=1)]
    packed = pack(batch)
    with TemporaryDirectory() as folder:
        file = Path(folder, "object.jsonl.gz")
        file.write_bytes(packed.body)
        replayed = readings(list(lines([file])))
        live = readings(raw_lines(batch, str(file)))
    assert live == replayed
    assert [one.origin.line for one in live] == list(range(1, len(batch) + 1))
