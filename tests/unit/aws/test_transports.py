"""Both ways to receive and delete meet the same AWS in the same words, whatever it does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from botocore.retries.standard import ExponentialBackoff

from sesauditd import __version__
from sesauditd.aws.clients import Patience, connect
from sesauditd.aws.queue import Queue
from sesauditd.aws.transport import Plain
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable
from tests.unit.aws.wire import HANG, ONCE, RESET, Reply, refused, said, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1/123456789012/feedback"
PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"
HALF = b'{"Messages": [{"Mess'
FOUND = {
    "MessageId": "m-1",
    "ReceiptHandle": "r-1",
    "Body": "b",
    "MD5OfBody": "92eb5ffee6ae2fec3ad71c777531578f",
    "Attributes": {"SentTimestamp": "1795507200250", "ApproximateReceiveCount": "3"},
}
CALLS: dict[str, Callable[[Queue], Awaitable[object]]] = {
    "receive": lambda queue: queue.receive(0),
    "delete": lambda queue: queue.acknowledge(["r"]),
    "hide": lambda queue: queue.extend(["r"], 30),
}
SHORTLY = "Signature expired: 20261124T080000Z is now earlier than 20261124T083000Z"


def _in_query_words(code: str, old: str, status: int = 400) -> Reply:
    """Refuse as SQS does: its name of the error in JSON, and the old one in a header."""
    return Reply(
        status=status,
        body=json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "no"}).encode(),
        headers={"x-amzn-query-error": f"{old};Sender", "x-amzn-RequestId": "1"},
    )


def _typed(kind: str, status: int = 400) -> Reply:
    """Refuse in the body alone."""
    return Reply(status=status, body=json.dumps({"__type": kind, "message": "no"}).encode())


REPLIES = [
    pytest.param(RESET, Unavailable, "answer", id="reset"),
    pytest.param(HANG, Unavailable, "Read timeout", id="no answer in time"),
    pytest.param(
        Reply(body=json.dumps({"Messages": [FOUND]}).encode(), cut_at=40),
        Unavailable,
        "answer",
        id="reset in mid-answer",
    ),
    pytest.param(Reply(body=b"\xff\xfe\x80"), Unavailable, "SQS", id="no text"),
    pytest.param(Reply(status=500), Unavailable, "500", id="500"),
    pytest.param(Reply(status=502, body=PAGE), Unavailable, "502", id="502 of a proxy"),
    pytest.param(Reply(status=503, body=b"slow down"), Unavailable, "503", id="503"),
    pytest.param(Reply(status=504), Unavailable, "504", id="504"),
    pytest.param(Reply(status=403, body=PAGE), Forbidden, "403", id="403 of a proxy"),
    pytest.param(Reply(status=404, body=PAGE), Missing, "404", id="404 of a proxy"),
    pytest.param(
        _typed("InvalidClientTokenId", 403), Forbidden, "access key", id="InvalidClientTokenId"
    ),
    pytest.param(
        _typed("com.amazon.coral.service#UnrecognizedClientException", 403),
        Forbidden,
        "access key",
        id="UnrecognizedClientException",
    ),
    pytest.param(
        _typed("SignatureDoesNotMatch", 403), Forbidden, "clock", id="SignatureDoesNotMatch"
    ),
    pytest.param(
        refused("InvalidSignatureException", 403, SHORTLY),
        Forbidden,
        "Signature expired.*clock",
        id="InvalidSignatureException",
    ),
    pytest.param(
        _typed("RequestTimeTooSkewed", 403), Forbidden, "clock", id="RequestTimeTooSkewed"
    ),
    pytest.param(_typed("ExpiredToken", 403), Unavailable, "renew", id="ExpiredToken"),
    pytest.param(
        refused("ExpiredTokenException", 403), Unavailable, "renew", id="ExpiredTokenException"
    ),
    pytest.param(_typed("RequestExpired"), Unavailable, "renew", id="RequestExpired"),
    pytest.param(
        _typed("com.amazon.coral.service#AccessDeniedException"), Forbidden, "iam", id="denied"
    ),
    pytest.param(refused("AccessDenied", 403), Forbidden, "iam", id="denied as before"),
    pytest.param(
        _in_query_words("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        Missing,
        "region",
        id="no queue",
    ),
    pytest.param(_typed("QueueDoesNotExist"), Missing, "region", id="no queue, no prefix"),
    pytest.param(
        _in_query_words("OverLimit", "OverLimit", 403), Unavailable, "busy", id="over its limit"
    ),
    pytest.param(
        _in_query_words("RequestThrottled", "RequestThrottled", 403),
        Unavailable,
        "busy",
        id="throttled in a header",
    ),
    pytest.param(_typed("ThrottlingException"), Unavailable, "busy", id="throttled in the body"),
    pytest.param(
        _typed("com.amazonaws.sqs#RequestThrottled"),
        Unavailable,
        "busy",
        id="throttled in the body with a namespace",
    ),
    pytest.param(Reply(status=429), Unavailable, "busy", id="429"),
]


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize(("reply", "expected", "words"), REPLIES)
async def test_what_goes_wrong_has_one_name(
    wire: Wire,
    transported: Clients,
    operation: str,
    reply: Reply,
    expected: type[Failed],
    words: str,
) -> None:
    wire.will(reply)
    with pytest.raises(Failed, match=words) as caught:
        await CALLS[operation](Queue(transported, URL))
    assert type(caught.value) is expected
    assert str(caught.value).isprintable()
    assert len(wire.asked) == 1


@pytest.mark.parametrize("reply", [Reply(body=HALF), Reply(body=PAGE), Reply(body=b"")])
@pytest.mark.parametrize("operation", CALLS)
async def test_only_the_lean_one_says_that_an_answer_was_cut_off(
    wire: Wire, clients: Clients, operation: str, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Unavailable, match="truncated answer without sense"):
        await CALLS[operation](Queue(clients, URL))
    plain = Queue(replace(clients, messages=Plain(clients.sqs)), URL)
    # To botocore it is empty: nothing was received, nothing was done, nothing is lost.
    assert await CALLS[operation](plain) == ([] if operation == "receive" else ["r"])


async def test_a_partly_failed_batch_names_what_was_not_taken(
    wire: Wire, transported: Clients
) -> None:
    failed = {"Id": "0", "Code": "InternalError", "SenderFault": False, "Message": "later"}
    wire.will(said({"Successful": [{"Id": "1"}], "Failed": [failed]}))
    queue = Queue(transported, URL)
    assert await queue.acknowledge(["r0", "r1"]) == ["r0"]
    assert await queue.extend(["r0", "r1"], 30) == ["r0"]
    wire.will(said({"Failed": [failed]}))
    assert await queue.acknowledge(["r0"]) == ["r0"]


async def test_nobody_looks_at_a_digest_as_botocore_does_not(
    wire: Wire, transported: Clients
) -> None:
    wire.will(said({"Messages": [{**FOUND, "MD5OfBody": "0" * 32}]}))
    [message] = await Queue(transported, URL).receive(0)
    assert message.body == "b"


async def test_half_of_a_surrogate_pair_holds_no_message_up(
    wire: Wire, transported: Clients
) -> None:
    odd = {**FOUND, "Body": "\ud83d <&> \u00e4 \U0001f600"}
    wire.will(said({"Messages": [odd, FOUND]}))
    found = await Queue(transported, URL).receive(0)
    assert [one.body for one in found] == [odd["Body"], "b"]


async def test_both_ask_the_same_and_sign_it(wire: Wire, transported: Clients) -> None:
    wire.will(said({"Successful": [{"Id": "0"}]}))
    await Queue(transported, URL, visibility_seconds=60).receive(7)
    await Queue(transported, URL).acknowledge(["r"])
    await Queue(transported, URL).extend(["r"], 30)
    assert [(one.method, one.path, one.parameters) for one in wire.asked] == [
        (
            "POST",
            "/",
            {
                "QueueUrl": URL,
                "MaxNumberOfMessages": 10,
                "WaitTimeSeconds": 7,
                "AttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
                "VisibilityTimeout": 60,
            },
        ),
        ("POST", "/", {"QueueUrl": URL, "Entries": [{"Id": "0", "ReceiptHandle": "r"}]}),
        (
            "POST",
            "/",
            {
                "QueueUrl": URL,
                "Entries": [{"Id": "0", "ReceiptHandle": "r", "VisibilityTimeout": 30}],
            },
        ),
    ]
    for one in wire.asked:
        headers = {name.lower(): value for name, value in one.headers.items()}
        assert headers["content-type"] == "application/x-amz-json-1.0"
        assert headers["x-amz-target"] == f"AmazonSQS.{one.operation}"
        assert headers["x-amzn-query-mode"] == "true"
        assert headers["user-agent"].startswith(f"sesauditd/{__version__}")
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        pytest.param(RESET, 3, id="reset"),
        pytest.param(HANG, 3, id="no answer"),
        pytest.param(Reply(body=b"{}" * 99, cut_at=9), 3, id="reset in mid-answer"),
        pytest.param(Reply(status=500), 3, id="500"),
        pytest.param(Reply(status=502, body=PAGE), 3, id="502"),
        pytest.param(_typed("ThrottlingException"), 3, id="throttled"),
        pytest.param(_in_query_words("RequestThrottled", "RequestThrottled"), 3, id="by SQS"),
        pytest.param(refused("RequestTimeout", 408), 3, id="too slow"),
        pytest.param(refused("AccessDeniedException", 403), 1, id="denied"),
        pytest.param(refused("ExpiredTokenException", 403), 1, id="expired"),
        pytest.param(refused("RequestTimeTooSkewed", 403), 1, id="skewed"),
        pytest.param(_typed("QueueDoesNotExist"), 1, id="no queue"),
        pytest.param(_typed("OverLimit", 403), 1, id="over its limit"),
    ],
)
async def test_both_try_again_what_botocore_tries_again(
    patient: tuple[Wire, Clients], kind: str, first: Reply, asked: int
) -> None:
    wire, clients = patient
    queue = Queue(_by(kind, clients), URL)
    wire.asked.clear()
    wire.will(first)
    with pytest.raises(Failed):
        await queue.receive(0)
    assert len(wire.asked) == asked
    wire.will(first, said({"Successful": [{"Id": "0"}]}))
    wire.asked.clear()
    if asked == 1:
        with pytest.raises(Failed):
            await queue.acknowledge(["r"])
    else:
        assert await queue.acknowledge(["r"]) == []
        assert len(wire.asked) == 2


async def test_a_broken_aws_is_asked_less_and_less_and_forgiven(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The quota of retries holds 500, a retry takes 5 and each success gives one back."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    async with wired(Patience(attempts=3)) as (wire, clients):
        queue = Queue(_by(kind, clients), URL)
        wire.will(Reply(status=500))
        for _ in range(50):
            with pytest.raises(Unavailable):
                await queue.receive(0)
        spent = len(wire.asked)
        with pytest.raises(Unavailable):
            await queue.receive(0)
        assert len(wire.asked) == spent + 1
        wire.will(said({}))
        for _ in range(5):
            await queue.receive(0)
        wire.will(Reply(status=500), said({}))
        assert await queue.receive(0) == []


async def test_without_credentials_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    async with wired() as (wire, clients):
        with pytest.raises(Forbidden, match="credentials"):
            await Queue(_by(kind, clients), URL).receive(0)
        assert wire.asked == []


async def test_where_nobody_listens_is_said(kind: str) -> None:
    nobody = connect(
        region="eu-central-1",
        account_id="1",
        endpoint_url="http://127.0.0.1:9",
        patience=ONCE,
        lean=True,
    )
    async with nobody as clients:
        with pytest.raises(Unavailable, match="Could not connect to the endpoint URL"):
            await Queue(_by(kind, clients), URL).receive(0)


async def test_a_long_poll_may_take_its_time_and_the_margin(wire: Wire, clients: Clients) -> None:
    wire.will(Reply(body=b"{}", after_seconds=0.3))
    assert await Queue(clients, URL).receive(1) == []
    with pytest.raises(Unavailable, match="Read timeout"):
        await Queue(clients, URL).receive(0)


@pytest.fixture(params=["lean", "aiobotocore"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _patient() -> AsyncIterator[tuple[Wire, Clients]]:
    tenths = Patience(connect_seconds=1, read_seconds=0.1, long_poll_read_seconds=0.1, attempts=3)
    async with wired(tenths) as line:
        yield line


@pytest.fixture
def patient(
    monkeypatch: pytest.MonkeyPatch, _patient: tuple[Wire, Clients]
) -> tuple[Wire, Clients]:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    return _patient


def _by(kind: str, clients: Clients) -> Clients:
    return clients if kind == "lean" else replace(clients, messages=Plain(clients.sqs))
