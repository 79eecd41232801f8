"""Answers with flipped bytes, cut short or full of nulls raise the program's errors or none."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.access import Access
from sesauditd.aws.account import caller
from sesauditd.aws.archive import Archive
from sesauditd.aws.mail import Mail
from sesauditd.aws.queue import Queue
from sesauditd.errors import Failed
from tests.unit.aws.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1/123456789012/feedback"
ARN = "arn:aws:iam::123456789012:policy/sesaudit/block-bakery"
ROUNDS = 40
CONTENT_WITH_LITTLE = {"keep"}
"""Answers that say no more than that they came."""

ASKED: dict[str, tuple[Callable[[Clients], Awaitable[object]], bytes]] = {
    "receive": (
        lambda clients: Queue(clients, URL).receive(0),
        (
            b'{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b","Attributes":'
            b'{"SentTimestamp":"1795507200250","ApproximateReceiveCount":"3"}}]}'
        ),
    ),
    "acknowledge": (
        lambda clients: Queue(clients, URL).acknowledge(["r"]),
        b'{"Successful":[{"Id":"0"}],"Failed":[]}',
    ),
    "depth": (
        lambda clients: Queue(clients, URL).depth(),
        (
            b'{"Attributes":{"ApproximateNumberOfMessages":"7",'
            b'"ApproximateNumberOfMessagesNotVisible":"2"}}'
        ),
    ),
    "dead letters": (
        lambda clients: Queue(clients, URL).dead_letters(),
        (
            b'{"QueueUrl":"http://x","Attributes":{"QueueArn":"a:b",'
            b'"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"a:b:c\\"}"}}'
        ),
    ),
    "account": (
        lambda clients: Mail(clients).account(),
        (
            b'{"ProductionAccessEnabled":true,"EnforcementStatus":"HEALTHY","SendingEnabled":true,'
            b'"SendQuota":{"Max24HourSend":5,"MaxSendRate":1,"SentLast24Hours":1},'
            b'"SuppressionAttributes":{"SuppressedReasons":["BOUNCE"]}}'
        ),
    ),
    "spellings": (
        lambda clients: Mail(clients).suppressed_spellings("b@x.org"),
        (
            b'{"SuppressedDestinationSummaries":[{"EmailAddress":"B@x.org","Reason":"BOUNCE",'
            b'"LastUpdateTime":1795507200}]}'
        ),
    ),
    "suppressed": (
        lambda clients: Mail(clients).suppressed("b@x.org"),
        b'{"SuppressedDestination":{"EmailAddress":"b@x.org","Reason":"BOUNCE"}}',
    ),
    "identities": (
        lambda clients: Mail(clients).identities_under("x.org"),
        b'{"EmailIdentities":[{"IdentityName":"x.org"}]}',
    ),
    "identity": (
        lambda clients: Mail(clients).identity("x.org"),
        b'{"VerifiedForSendingStatus":true,"ConfigurationSetName":"shop"}',
    ),
    "set": (
        lambda clients: Mail(clients).sending_enabled("shop"),
        b'{"SendingOptions":{"SendingEnabled":true}}',
    ),
    "send": (
        lambda clients: Mail(clients).send(b"x", "a@x.org", ["b@x.org"], None),
        b'{"MessageId":"0100"}',
    ),
    "keys": (
        lambda clients: Access(clients).keys("bakery"),
        (
            b"<R><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>AKIA1</AccessKeyId>"
            b"<Status>Active</Status></member></AccessKeyMetadata></ListAccessKeysResult></R>"
        ),
    ),
    "versions": (
        lambda clients: Access(clients).delete_policy(ARN),
        (
            b"<R><@operation@Result><PolicyUsers><member><UserName>u</UserName></member></PolicyUsers>"
            b"<Versions><member><VersionId>v1</VersionId><IsDefaultVersion>false</IsDefaultVersion>"
            b"</member></Versions></@operation@Result></R>"
        ),
    ),
    "policy": (
        lambda clients: Access(clients).policy(ARN),
        (
            b"<R><@operation@Result><Policy><DefaultVersionId>v1</DefaultVersionId></Policy>"
            b"<PolicyVersion><Document>%7B%7D</Document></PolicyVersion></@operation@Result></R>"
        ),
    ),
    "inline": (
        lambda clients: Access(clients).inline_policy("bakery", "off"),
        b"<R><GetUserPolicyResult><PolicyDocument>%7B%7D</PolicyDocument></GetUserPolicyResult></R>",
    ),
    "caller": (
        caller,
        b"<R><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></R>",
    ),
    "keep": (lambda clients: Archive(clients, "bucket", "").keep("k", b"x", b"0" * 32), b"<R></R>"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_corrupted_answer_raises_one_of_ours(
    wire: Wire, clients: Clients, name: str
) -> None:
    ask, body = ASKED[name]
    wire.will(Reply(body=body))
    await ask(clients)
    failures = []
    for corrupted in _corrupted(body, random.Random(name)):
        wire.will(Reply(body=corrupted))
        try:
            await ask(clients)
        except Failed as error:
            failures.append(str(error))
    assert [said for said in failures if not said.isprintable()] == []
    assert failures or name in CONTENT_WITH_LITTLE


def _corrupted(body: bytes, chance: random.Random) -> Iterator[bytes]:
    for _ in range(ROUNDS):
        place = chance.randrange(len(body))
        yield body[:place]
        yield body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
        other = chance.randrange(len(body))
        yield body[:place] + body[other:]
    if body.startswith(b"{"):
        for nothing in (None, [], {}, "", 0, [None], {"": None}):
            for name in json.loads(body):
                yield json.dumps({**json.loads(body), name: nothing}).encode()
