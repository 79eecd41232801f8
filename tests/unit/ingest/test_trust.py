"""Who is believed: true messages pass, forged ones are kept and never judged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Missing, SesauditdError, Unavailable
from sesauditd.ingest import certificates as under_test
from sesauditd.ingest import trust
from sesauditd.ingest.certificates import Certificates
from sesauditd.ingest.reader import RawLine, read
from sesauditd.ingest.signature import Certificate, Claim, flaw
from sesauditd.ingest.trust import Examined, QueuePolicy, Signatures
from sesauditd.model.register import OwnNotices, Register
from tests.unit.ingest import sns
from tests.unit.ingest.forgeries import forgeries
from tests.unit.ingest.live import MemoryArchive
from tests.unit.ingest.samples import (
    TOPIC,
    VALIDATION_TEXT,
    Json,
    archive_record,
    encoded,
    envelope,
    event,
)

if TYPE_CHECKING:
    from sesauditd.model.events import Reading

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OTHER_TOPIC = TOPIC + "-of-others"
FORGED = forgeries()


@dataclass
class Guard:
    """Trust by signatures, with everything around it in memory."""

    fetcher: sns.Library = field(default_factory=sns.library)
    archive: MemoryArchive = field(default_factory=MemoryArchive)

    def __post_init__(self) -> None:
        self.trust = Signatures(
            frozenset({TOPIC}), Certificates(fetcher=self.fetcher, archive=self.archive)
        )

    async def examine(self, *bodies: bytes) -> Examined:
        return await self.trust.examine(lines(*bodies))

    async def readings(self, *bodies: bytes) -> list[Reading]:
        return list(map(meaning, (await self.examine(*bodies)).lines))


def lines(*bodies: bytes) -> list[RawLine]:
    return [
        RawLine(text=one, origin_source="raw.jsonl.gz", line=number, received_at=NOW)
        for number, one in enumerate(bodies, start=1)
    ]


def meaning(line: RawLine) -> Reading:
    return read(line, now=NOW, register=Register(), own_notices=OwnNotices())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["Amazon SES Email Event Notification", "", "Gr\u00fc\u00dfe"])
async def test_what_sns_signed_is_believed(version: str, subject: str) -> None:
    (reading,) = await Guard().readings(sns.body(version=version, Subject=subject))
    assert reading.event is not None


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_notification_without_a_subject_is_believed(version: str) -> None:
    fields = sns.notification()
    del fields["Subject"]
    (reading,) = await Guard().readings(encoded(sns.signed(fields, version=version)))
    assert reading.event is not None


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
async def test_a_signed_confirmation_is_noise_and_its_address_is_never_visited(kind: str) -> None:
    guard = Guard()
    (reading,) = await guard.readings(encoded(sns.signed(sns.confirmation(kind))))
    assert reading.noise is not None
    assert guard.fetcher.asked == [sns.URL]


FORGERIES: dict[str, Callable[[Json], object]] = {
    "signature of another message": lambda fields: (
        fields
        | {
            name: value
            for name, value in sns.signed(sns.notification(2)).items()
            if name.startswith("Signature")
        }
    ),
    "no signature": lambda fields: fields,
    "raw body": lambda _: event("Bounce"),
    "record of the archive": lambda fields: archive_record(encoded(sns.signed(fields))),
    "item of ReceiveMessage": lambda fields: {"Body": json.dumps(sns.signed(fields))},
    "list": lambda fields: [sns.signed(fields)],
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forgery_is_kept_and_never_an_event(forge: Callable[[Json], object]) -> None:
    guard = Guard()
    forged = encoded(forge(sns.notification()))
    (reading,) = await guard.readings(forged)
    assert reading.unreadable is not None
    assert reading.unreadable.startswith("unverified: ")
    assert (reading.event, reading.noise, reading.body) == (None, None, forged)
    assert set(guard.fetcher.asked) <= {sns.URL}
    assert guard.archive.objects == {}


@pytest.mark.parametrize("text", [VALIDATION_TEXT.encode(), b"", b"\xff\x00", b"not JSON"])
async def test_what_is_no_envelope_is_unverified_whatever_it_says(text: bytes) -> None:
    (reading,) = await Guard().readings(text)
    assert reading.unreadable == "unverified: no SNS envelope, so nothing is signed"


async def test_every_forgery_of_the_corpus_is_refused_for_its_own_reason() -> None:
    wrong: dict[str, object] = {}
    for forged in FORGED:
        guard = Guard()
        (reading,) = await guard.readings(forged.body)
        became = (reading.unreadable, reading.event, reading.noise, reading.body)
        # Nothing foreign is ever fetched, and SNS's own certificate only where it has to be.
        asked = [sns.URL] if forged.fetched else []
        if became != (f"unverified: {forged.reason}", None, None, forged.body):
            wrong[forged.name] = became
        elif (guard.fetcher.asked, guard.archive.objects) != (asked, {}):
            wrong[forged.name] = guard.fetcher.asked
    assert wrong == {}


def test_every_row_of_the_corpus_has_a_name_of_its_own() -> None:
    assert len({one.name for one in FORGED}) == len(FORGED) > 200


async def test_an_event_beside_a_true_envelope_is_not_read_from_the_outside() -> None:
    mixed = {**event("Complaint"), "body": "x", **sns.signed(sns.notification())}
    (reading,) = await Guard().readings(encoded(mixed))
    assert reading.event is not None
    assert reading.event.feedback.kind == "Bounce"


async def test_of_a_key_that_stands_twice_the_signed_one_is_read() -> None:
    true = json.dumps(sns.signed(sns.notification()))
    forged = json.dumps(json.dumps(event("Complaint")))
    before = f'{{"Message": {forged}, {true[1:]}'
    behind = f'{true[:-1]}, "M\\u0065ssage": {forged}}}'
    first, second = await Guard().readings(before.encode(), behind.encode())
    assert first.event is not None
    assert first.event.feedback.kind == "Bounce"
    assert second.unreadable is not None


async def test_the_certificate_is_fetched_once_and_archived_once() -> None:
    guard = Guard()
    for number in range(3):
        await guard.readings(sns.body(number), sns.body(number + 10, version="1"))
    assert guard.fetcher.asked == [sns.URL]
    ((key, pem),) = guard.archive.objects.items()
    assert pem == sns.certificate()
    assert key.startswith("feedback/certs/")
    assert guard.archive.tries == 1


async def test_a_certificate_whose_archiving_failed_is_archived_later() -> None:
    guard = Guard()
    guard.archive.failing = Unavailable("S3 is away")
    with pytest.raises(Unavailable):
        await guard.examine(sns.body())
    guard.archive.failing = None
    await guard.examine(sns.body())
    assert len(guard.archive.objects) == 1


@pytest.mark.parametrize(
    ("answer", "undecided"),
    [
        pytest.param(Unavailable("no answer"), {1}, id="host is away"),
        pytest.param(Missing("404"), set(), id="not found"),
        pytest.param(b"<html>", set(), id="a page"),
        pytest.param(sns.pem_of(sns.key("mallory")), set(), id="another key"),
    ],
)
async def test_only_a_host_that_is_away_leaves_a_message_undecided(
    answer: bytes | SesauditdError, undecided: set[int]
) -> None:
    guard = Guard()
    guard.fetcher.files[sns.URL] = answer
    for _ in range(3):
        examined = await guard.examine(sns.body())
        assert examined.undecided == undecided
        assert meaning(examined.lines[0]).unreadable is not None
    assert guard.fetcher.asked == [sns.URL]


async def test_a_host_that_comes_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "AWAY_SECONDS", 0.0)
    guard = Guard()
    guard.fetcher.files[sns.URL] = Unavailable("no answer")
    assert (await guard.examine(sns.body())).undecided == {1}
    guard.fetcher.files[sns.URL] = sns.certificate()
    (reading,) = await guard.readings(sns.body())
    assert reading.event is not None


async def test_a_flood_of_names_is_not_fetched_and_does_not_push_out_the_true_one() -> None:
    guard = Guard()
    flood = [sns.URL.replace("7506a1e35b36", f"{number:012x}") for number in range(200)]
    guard.fetcher.files |= dict.fromkeys(flood, Missing("404"))
    true = [sns.body(number) for number in range(2)]
    bodies = [*(sns.body(SigningCertURL=url) for url in flood), *true]
    examined = await guard.examine(*bodies)
    assert [meaning(line).event is not None for line in examined.lines[-2:]] == [True, True]
    assert len(guard.fetcher.asked) == under_test.MOST_FETCHED
    assert len(examined.undecided) == 200 - (under_test.MOST_FETCHED - 1)
    for _ in range(20):
        await guard.examine(*bodies)
    assert guard.fetcher.asked.count(sns.URL) == 1
    assert len(guard.trust.certificates._entries) <= under_test.MOST_REMEMBERED


async def test_signatures_are_checked_beside_the_loop_and_not_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: set[int] = set()

    def seen(claim: Claim, certificate: Certificate) -> str | None:
        threads.add(threading.get_ident())
        return flaw(claim, certificate)

    monkeypatch.setattr(trust, "flaw", seen)
    await Guard().examine(*(sns.body(number) for number in range(20)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_the_policy_of_the_queue_believes_our_topics_and_raw_deliveries() -> None:
    policy = QueuePolicy(frozenset({TOPIC}))
    bodies = [
        encoded(envelope(event("Bounce"))),
        encoded(event("Bounce")),
        encoded(envelope(VALIDATION_TEXT)),
    ]
    examined = await policy.examine(lines(*bodies))
    ours, raw, noise = map(meaning, examined.lines)
    assert ours.event is not None
    assert raw.event is not None
    assert noise.noise == "ses_validation"
    assert examined.undecided == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"TopicArn": OTHER_TOPIC}, id="another"),
        pytest.param({"TopicArn": None}, id="none"),
        pytest.param({"TopicArn": 7}, id="number"),
        pytest.param({"TopicArn": OTHER_TOPIC, "Message": VALIDATION_TEXT}, id="noise"),
        pytest.param({"TopicArn": None, "Type": "SubscriptionConfirmation"}, id="confirmation"),
    ],
)
async def test_the_policy_of_the_queue_quarantines_other_topics(changes: Json) -> None:
    policy = QueuePolicy(frozenset({TOPIC}))
    body = encoded(envelope(event("Bounce"), **changes))
    (reading,) = map(meaning, (await policy.examine(lines(body))).lines)
    assert reading.unreadable is not None
    assert reading.unreadable.startswith("unverified: an envelope of the topic")
    assert reading.body == body
