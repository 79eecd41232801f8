"""Whatever AWS or the network does, one of the program's errors says it in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from sesauditd.aws.access import Access
from sesauditd.aws.clients import Patience, connect
from sesauditd.aws.errors import Conflict
from sesauditd.aws.mail import Mail
from sesauditd.aws.queue import Queue
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable, Uncertain
from tests.unit.aws import wire as on_the_wire
from tests.unit.aws.wire import HANG, RESET, Reply, refused, refused_in_xml, said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1/123456789012/feedback"
GARBAGE = Reply(body=b"\xff\xfe\x80garbage")
HALF_JSON = Reply(body=b'{"ProductionAccessEn')
OTHER_JSON = Reply(body=b'["what", "is", "this"]')
CUT = Reply(body=b'{"ProductionAccessEnabled": true, "SendQuota": {}}', cut_at=9)
CUT_XML = Reply(body=b"<GetUserPolicyResponse><GetUserPolicyResult><UserName>", cut_at=20)
HALF_XML = Reply(body=b"<GetUserPolicyResponse><GetUserPolicyResult><UserName>")

QUESTIONS: dict[str, Callable[[Clients], Awaitable[object]]] = {
    "sqs": lambda clients: Queue(clients, URL).depth(),
    "ses": lambda clients: Mail(clients).account(),
    "iam": lambda clients: Access(clients).keys("bakery"),
    "sts": lambda clients: Access(clients).account(),
}
CHANGES: dict[str, Callable[[Clients], Awaitable[object]]] = {
    "ses": lambda clients: Mail(clients).set_sending("shop", enabled=False),
    "send": lambda clients: Mail(clients).send(b"Subject: x\n\ny", "a@b.org", ["c@d.org"], None),
    "iam": lambda clients: Access(clients).put_inline("bakery", "off", {}),
}


@pytest.mark.parametrize("service", QUESTIONS)
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=503), id="503"),
        pytest.param(Reply(status=500), id="500"),
        pytest.param(Reply(status=504), id="504"),
        pytest.param(RESET, id="reset"),
        pytest.param(HANG, id="hang"),
        pytest.param(CUT, id="cut off"),
        pytest.param(CUT_XML, id="cut off XML"),
        pytest.param(HALF_JSON, id="half JSON"),
        pytest.param(HALF_XML, id="half XML"),
        pytest.param(OTHER_JSON, id="other JSON"),
        pytest.param(GARBAGE, id="garbage"),
        pytest.param(Reply(body=b""), id="empty"),
    ],
)
async def test_a_question_without_a_whole_answer_may_be_asked_again(
    wire: Wire, clients: Clients, service: str, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Unavailable) as caught:
        await QUESTIONS[service](clients)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("service", CHANGES)
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=500), id="500"),
        pytest.param(Reply(status=502, body=b"<html>"), id="502"),
        pytest.param(RESET, id="reset"),
        pytest.param(HANG, id="hang"),
        pytest.param(Reply(body=b"<PutUserPolicyResponse>" * 9, cut_at=30), id="cut off"),
    ],
)
async def test_a_change_whose_answer_is_lost_is_uncertain(
    wire: Wire, clients: Clients, service: str, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Uncertain):
        await CHANGES[service](clients)


@pytest.mark.parametrize(
    ("service", "expected"), [("ses", Unavailable), ("iam", Unavailable), ("send", Uncertain)]
)
async def test_an_overloaded_aws_may_be_asked_again_but_not_for_a_mail(
    wire: Wire, clients: Clients, service: str, expected: type[Failed]
) -> None:
    wire.will(Reply(status=503, body=b"<html>"))
    with pytest.raises(expected):
        await CHANGES[service](clients)


@pytest.mark.parametrize("service", CHANGES)
async def test_a_change_that_met_nobody_is_surely_not_done(service: str) -> None:
    nobody = connect(
        region="eu-central-1",
        account_id=on_the_wire.ACCOUNT,
        endpoint_url="http://127.0.0.1:9",
        patience=on_the_wire.ONCE,
    )
    async with nobody as clients:
        with pytest.raises(Unavailable):
            await CHANGES[service](clients)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(refused("TooManyRequestsException", 429), Unavailable, id="throttled"),
        pytest.param(refused("ThrottlingException", 503), Unavailable, id="throttled by 503"),
        pytest.param(refused("ExpiredTokenException", 403), Unavailable, id="expired"),
        pytest.param(refused("AccessDeniedException", 403), Forbidden, id="denied"),
        pytest.param(refused("BadRequestException", 400), Forbidden, id="bad request"),
        pytest.param(refused("AccountSuspendedException", 400), Forbidden, id="suspended"),
        pytest.param(refused("SendingPausedException", 400), Forbidden, id="paused"),
        pytest.param(refused("MessageRejected", 400), Forbidden, id="rejected"),
        pytest.param(refused("LimitExceededException", 400), Forbidden, id="limit"),
        pytest.param(refused("SignatureDoesNotMatch", 403), Forbidden, id="stranger"),
        pytest.param(refused("NotFoundException", 404), Missing, id="missing"),
    ],
)
async def test_a_mail_that_is_refused_was_surely_not_sent(
    wire: Wire, clients: Clients, reply: Reply, expected: type[Failed]
) -> None:
    wire.will(reply)
    with pytest.raises(expected):
        await CHANGES["send"](clients)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("Throttling", 400, Unavailable),
        ("ConcurrentModification", 409, Unavailable),
        ("EntityTemporarilyUnmodifiable", 409, Unavailable),
        ("ServiceFailure", 500, Uncertain),
        ("LimitExceeded", 409, Forbidden),
        ("DeleteConflict", 409, Forbidden),
        ("MalformedPolicyDocument", 400, Forbidden),
        ("InvalidClientTokenId", 403, Forbidden),
        ("AccessDenied", 403, Forbidden),
        ("NoSuchEntity", 404, Missing),
        ("EntityAlreadyExists", 409, Conflict),
    ],
)
async def test_iam_refuses_in_words_of_its_own(
    wire: Wire, clients: Clients, code: str, status: int, expected: type[Failed]
) -> None:
    wire.will(refused_in_xml(code, status))
    with pytest.raises(expected, match=code):
        await CHANGES["iam"](clients)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused("AWS.SimpleQueueService.NonExistentQueue", 400), Missing),
        (refused("com.amazonaws.sqs#QueueDoesNotExist", 400), Missing),
        (refused("OverLimit", 400), Unavailable),
        (refused("AWS.SimpleQueueService.RequestThrottled", 403), Unavailable),
        (refused("AccessDeniedException", 400), Forbidden),
    ],
)
async def test_the_queue_refuses_in_words_of_its_own(
    wire: Wire, transported: Clients, reply: Reply, expected: type[Failed]
) -> None:
    wire.will(reply)
    with pytest.raises(expected):
        await Queue(transported, URL).receive(0)


async def test_a_busy_aws_is_asked_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", _at_once)
    thrice = Patience(attempts=3)
    async with on_the_wire.wired(thrice) as (wire, clients):
        wire.will(Reply(status=503), Reply(status=503), said({"MessageId": "1"}))
        await Mail(clients).set_sending("shop", enabled=True)
        assert len(wire.asked) == 3


async def test_a_mail_is_sent_once_whatever_patience_says() -> None:
    async with on_the_wire.wired(Patience(attempts=3)) as (wire, clients):
        wire.will(RESET)
        with pytest.raises(Uncertain):
            await CHANGES["send"](clients)
        assert len(wire.asked) == 1


async def test_without_credentials_aws_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    async with on_the_wire.wired() as (wire, clients):
        for change in CHANGES.values():
            with pytest.raises(Forbidden, match="credentials"):
                await change(clients)
        assert wire.asked == []


def _at_once(*_: object) -> float:
    return 0.0
