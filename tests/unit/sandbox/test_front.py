"""One port answers every service, counts every call and fails those that it is told to."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sesauditd.errors import Failed
from sesauditd.sandbox.faults import Fault, FaultAction
from sesauditd.sandbox.operator import Operator, operator
from sesauditd.sandbox.pace import BURST
from tests.support.sandboxes import sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.sandbox.running import Sandbox

QUESTIONS = {
    "sqs": "ListQueues",
    "sns": "ListTopics",
    "s3": "ListBuckets",
    "iam": "ListUsers",
    "sts": "GetCallerIdentity",
    "route53": "ListHostedZones",
    "cloudwatch": "ListMetrics",
    "sesv2": "GetAccount",
    "ses": "GetSendQuota",
}


@asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[tuple[Sandbox, Operator]]:
    async with sandbox(**options) as running:
        here = {"region": running.region, "account_id": running.account_id}
        with operator(running.url, **here, attempts=1) as asked:
            yield running, asked


async def test_every_service_answers_is_named_and_is_counted() -> None:
    async with asking() as (running, aws):
        for service, operation in QUESTIONS.items():
            await asyncio.to_thread(aws.ask, service, operation)
        assert running.recording.counts() == {
            f"{service}.{operation}": 1 for service, operation in sorted(QUESTIONS.items())
        }
        assert not running.recording.calls(writes=True)
        recorded = running.recording.calls("sesv2")[0]
        assert (recorded.status, recorded.path) == (200, "/v2/email/account")
        running.recording.clear()
        assert running.recording.counts() == {}


@pytest.mark.parametrize("service", QUESTIONS)
async def test_an_error_arrives_in_the_services_own_shape(service: str) -> None:
    async with asking() as (running, aws):
        running.faults.add(Fault(service=service, code="AccessDenied", status=403))
        with pytest.raises(ClientError) as refused:
            await asyncio.to_thread(aws.ask, service, QUESTIONS[service])
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert running.recording.calls(service)[0].fault is FaultAction.ERROR
        await asyncio.to_thread(aws.ask, service, QUESTIONS[service])


async def test_a_lost_answer_was_carried_out_and_a_reset_call_was_not() -> None:
    async with asking() as (running, aws):
        for action, name in [(FaultAction.LOSE_ANSWER, "lost"), (FaultAction.RESET, "reset")]:
            running.faults.add(Fault(operation="CreateQueue", action=action))
            with pytest.raises(ConnectionClosedError):
                await asyncio.to_thread(aws.ask, "sqs", "CreateQueue", QueueName=name)
        listed = await asyncio.to_thread(aws.ask, "sqs", "ListQueues")
        assert [url.rpartition("/")[2] for url in listed["QueueUrls"]] == ["lost"]
        statuses = [call.status for call in running.recording.calls("sqs", "CreateQueue")]
        assert statuses == [200, 0]


async def test_a_hanging_call_ends_without_an_answer() -> None:
    async with asking() as (running, aws):
        running.faults.add(Fault(action=FaultAction.HANG, seconds=0.05))
        with pytest.raises(ConnectionClosedError):
            await asyncio.to_thread(aws.ask, "sqs", "ListQueues")
        assert [call.status for call in running.recording.calls()] == [0]


async def test_objects_keep_their_bytes_and_their_conditions() -> None:
    async with asking() as (_running, aws):

        def play() -> tuple[int, bytes]:
            where = {"LocationConstraint": "eu-central-1"}
            aws.ask("s3", "CreateBucket", Bucket="archive", CreateBucketConfiguration=where)
            thing = {"Bucket": "archive", "Key": "raw/dt=2026-11-24/é x.gz"}
            aws.ask("s3", "PutObject", **thing, Body=bytes(range(256)), IfNoneMatch="*")
            with pytest.raises(ClientError, match="PreconditionFailed"):
                aws.ask("s3", "PutObject", **thing, Body=b"", IfNoneMatch="*")
            size = aws.ask("s3", "HeadObject", **thing)["ContentLength"]
            with aws.ask("s3", "GetObject", **thing)["Body"] as body:
                return size, body.read()

        assert await asyncio.to_thread(play) == (256, bytes(range(256)))


async def test_what_is_not_signed_is_told_where_it_is() -> None:
    async with (
        sandbox() as running,
        aiohttp.ClientSession() as session,
        session.get(running.url) as response,
    ):
        assert response.status == 403
        assert "Signature Version 4" in await response.text()


async def test_the_control_plane_of_ses_can_be_held_to_its_pace() -> None:
    async with asking(ses_calls_per_second=0.001) as (_running, aws):
        for _ in range(BURST):
            await asyncio.to_thread(aws.ask, "sesv2", "GetAccount")
        with pytest.raises(ClientError, match="TooManyRequests"):
            await asyncio.to_thread(aws.ask, "sesv2", "GetAccount")


async def test_an_upstream_that_is_away_answers_503() -> None:
    async with asking(elsewhere={"sqs": "http://127.0.0.1:9"}) as (_running, aws):
        await asyncio.to_thread(aws.ask, "sns", "ListTopics")
        with pytest.raises(ClientError) as refused:
            await asyncio.to_thread(aws.ask, "sqs", "ListQueues")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


async def test_a_port_that_is_taken_is_said_and_leaves_nothing_running() -> None:
    async with sandbox() as running:
        port = running.port
    async with sandbox(port=port) as again:
        assert again.port == port
    blocker = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with blocker:
        with pytest.raises(Failed, match="cannot listen"):
            async with sandbox(port=port):
                pass


async def test_one_sandbox_after_another_starts_empty() -> None:
    for _ in range(2):
        async with asking() as (running, aws):
            listed = await asyncio.to_thread(aws.ask, "sqs", "ListQueues")
            assert "QueueUrls" not in listed
            await asyncio.to_thread(aws.ask, "sqs", "CreateQueue", QueueName="q")
            parameters = running.recording.calls("sqs", "CreateQueue")[0].parameters
            assert parameters["QueueName"] == "q"


@pytest.fixture
async def pages() -> AsyncIterator[tuple[Sandbox, aiohttp.ClientSession]]:
    async with sandbox() as running, aiohttp.ClientSession(running.url) as session:
        yield running, session


Pages = tuple["Sandbox", aiohttp.ClientSession]
PAGE = "/_sandbox"


async def test_its_own_pages_set_faults(pages: Pages) -> None:
    _running, session = pages
    faults = [{"service": "sqs", "nth": 2, "action": "lose_answer"}]
    async with session.post(f"{PAGE}/faults", json=faults) as response:
        assert (await response.json())["faults"][0]["nth"] == 2
    for wrong in (json.dumps({"action": "sing"}), "{"):
        async with session.post(f"{PAGE}/faults", data=wrong) as response:
            assert response.status == 400
    async with session.delete(f"{PAGE}/faults") as response:
        assert (await response.json())["faults"] == []


async def test_its_own_pages_set_the_clock(pages: Pages) -> None:
    _running, session = pages
    async with session.post(f"{PAGE}/clock", json={"now": "2027-01-01T00:00:00Z"}) as response:
        assert await response.json() == {"now": "2027-01-01T00:00:00+00:00", "story": True}
    async with session.post(f"{PAGE}/clock", json={"now": "2027-01-01"}) as response:
        assert response.status == 400
    async with session.post(f"{PAGE}/clock", json={}) as response:
        assert (await response.json())["story"] is False


async def test_its_own_pages_set_the_world(pages: Pages) -> None:
    _running, session = pages
    world = {"mailboxes": [{"address": "*@gone.example", "answer": "hard"}]}
    async with session.put(f"{PAGE}/mailboxes", json=world) as response:
        assert "gone.example" in await response.text()
    async with session.put(f"{PAGE}/mailboxes", json={"boxes": []}) as response:
        assert response.status == 400


async def test_its_own_pages_show_what_it_holds(pages: Pages) -> None:
    running, session = pages
    async with session.get(f"{PAGE}/") as response:
        assert "POST /_sandbox/faults" in (await response.json())["pages"]
    for page in ("calls", "faults", "clock", "mailboxes", "state", "inbox", "events"):
        async with session.get(f"{PAGE}/{page}") as response:
            assert response.status == 200
            json.loads(await response.text())
    for address in (f"{PAGE}/authority", running.office.signer.certificate_path):
        async with session.get(address) as response:
            assert "BEGIN CERTIFICATE" in await response.text()
    for page in ("calls", "inbox"):
        async with session.delete(f"{PAGE}/{page}") as response:
            assert response.status == 200
    async with session.post(f"{PAGE}/events") as response:
        assert (await response.json())["lost"] == {}


async def test_its_own_pages_decide_in_the_place_of_aws(pages: Pages) -> None:
    _running, session = pages
    wanted = {"production": False, "enforcement": "PROBATION"}
    async with session.post(f"{PAGE}/ses", json=wanted) as response:
        account = (await response.json())["ses"]["account"]
        assert (account["production"], account["enforcement"]) == (False, "PROBATION")
    for wrong in ({"production": "perhaps"}, ["production"]):
        async with session.post(f"{PAGE}/ses", json=wrong) as response:
            assert response.status == 400
