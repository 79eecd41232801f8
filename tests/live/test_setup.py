"""Setup on the sandbox: plan, apply, an empty plan; whatever drifted, died or was in the way."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.sandbox.operator import operator
from tests.support.accounts import (
    ACCOUNT,
    BOUNDARY,
    BUCKET,
    DRIFTS,
    QUEUE,
    RESOURCES,
    SET,
    STRANGER,
    TOPIC,
    Stood,
    queue_url,
    stood,
    subscription,
)
from tests.support.roles import SETUP
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sesauditd.bootstrap.onboarding import Setup
    from sesauditd.model.plan import Change


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*SETUP) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def account(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setup]:
    async with place.opened(tmp_path_factory.mktemp("setup")) as opened:
        yield opened


async def apply(account: Setup) -> tuple[Change, ...]:
    applied = await account.apply(await account.plan(), lambda _change, _moment: None)
    assert applied.conflicts == ()
    return applied.changes


async def test_a_plan_writes_nothing_and_a_second_apply_neither(
    place: Stood, account: Setup
) -> None:
    place.wipe()
    place.forget_calls()
    assert len((await account.plan()).changes) == RESOURCES
    assert place.writes() == 0
    assert len(await apply(account)) == RESOURCES

    place.forget_calls()
    assert (await account.plan()).is_empty
    assert await apply(account) == ()
    assert place.writes() == 0


@pytest.mark.parametrize("drift", sampled(DRIFTS, 6))
async def test_what_drifted_is_shown_and_mended(place: Stood, account: Setup, drift: str) -> None:
    await apply(account)
    place.drift(drift)
    place.forget_calls()
    changes = await apply(account)
    # Without the topic there is no subscription, and without the set no destination.
    assert 1 <= len(changes) <= 2, changes
    assert place.writes() <= 6
    assert (await account.plan()).is_empty


@pytest.mark.parametrize("seed", sampled(range(12), 3))
async def test_from_any_state_an_apply_converges(place: Stood, account: Setup, seed: int) -> None:
    luck = random.Random(seed)
    if seed % 3 == 0:
        place.wipe()
    await apply(account)
    names = list(DRIFTS)
    chosen = luck.sample(names, luck.randint(2, len(names)))
    place.drift(*sorted(chosen, key=names.index))
    changes = await apply(account)
    assert changes
    place.forget_calls()
    assert (await account.plan()).is_empty
    assert await apply(account) == ()
    assert place.writes() == 0


def policy(place: Stood, kind: str) -> list[dict[str, Any]]:
    if kind == "topic":
        found = place.asking.ask("sns", "GetTopicAttributes", TopicArn=TOPIC)["Attributes"]
    else:
        found = place.asking.ask(
            "sqs",
            "GetQueueAttributes",
            QueueUrl=queue_url(place.asking, "sesaudit-feedback"),
            AttributeNames=["Policy"],
        )["Attributes"]
    statements: list[dict[str, Any]] = json.loads(found["Policy"])["Statement"]
    return statements


@pytest.mark.parametrize("kind", ["topic", "queue"])
async def test_statements_of_others_stay_in_a_policy(
    place: Stood, account: Setup, kind: str
) -> None:
    await apply(account)
    place.drift(f"{kind} policy of others")
    await apply(account)
    found = {one["Sid"]: one for one in policy(place, kind)}
    assert len(found) == 2
    assert found["Stranger"] == STRANGER


async def test_rules_of_others_stay_in_a_lifecycle(place: Stood, account: Setup) -> None:
    await apply(account)
    other = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "reports/"},
        "Expiration": {"Days": 3},
    }
    asked = {"Bucket": BUCKET, "LifecycleConfiguration": {"Rules": [other]}}
    place.asking.ask("s3", "PutBucketLifecycleConfiguration", **asked)
    await apply(account)
    found = place.asking.ask("s3", "GetBucketLifecycleConfiguration", Bucket=BUCKET)["Rules"]
    assert sorted(one["ID"] for one in found) == ["sesaudit-uploads", "sesaudit-versions", "theirs"]
    place.drift("bucket without a lifecycle")


UNTAGGED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "topic": ("topic gone", "sns", "CreateTopic", {"Name": "sesaudit-feedback"}),
    "queue": ("queue gone", "sqs", "CreateQueue", {"QueueName": "sesaudit-feedback"}),
    "bucket": (
        "bucket gone",
        "s3",
        "CreateBucket",
        {
            "Bucket": BUCKET,
            "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"},
        },
    ),
    "set": ("set gone", "sesv2", "CreateConfigurationSet", {"ConfigurationSetName": SET}),
    "boundary": (
        "boundary gone",
        "iam",
        "CreatePolicy",
        {
            "Path": "/sesaudit/",
            "PolicyName": "boundary",
            "PolicyDocument": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                }
            ),
        },
    ),
}
ANOTHERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "topic": ("sns", "TagResource", {"ResourceArn": TOPIC}),
    "boundary": ("iam", "TagPolicy", {"PolicyArn": BOUNDARY}),
}


@pytest.mark.parametrize("kind", UNTAGGED)
async def test_what_is_not_ours_is_named_and_nothing_is_written_unless_it_is_taken_over(
    place: Stood, account: Setup, tmp_path: Path, kind: str
) -> None:
    await apply(account)
    gone, service, operation, asked = UNTAGGED[kind]
    # A second thing to do, which must not be done either.
    place.drift(gone, "complaints suppressed")
    place.asking.ask(service, operation, **asked)
    place.forget_calls()
    found = await account.plan()
    applied = await account.apply(found, lambda _change, _moment: None)
    assert len(found.conflicts) == 1
    assert "without the tag sesauditd" in found.conflicts[0].found
    assert "--take-over" in found.conflicts[0].advice
    assert applied.changes == ()
    assert place.writes() == 0

    async with place.opened(tmp_path, take_over=True) as taking:
        assert await apply(taking)
    assert (await account.plan()).is_empty


@pytest.mark.parametrize("kind", ANOTHERS)
async def test_what_another_installation_made_is_never_taken_over(
    place: Stood, account: Setup, tmp_path: Path, kind: str
) -> None:
    await apply(account)
    service, operation, asked = ANOTHERS[kind]

    def mark(installation: str) -> None:
        tags = [{"Key": "sesauditd", "Value": installation}]
        place.asking.ask(service, operation, **asked, Tags=tags)

    mark("another")
    try:
        async with place.opened(tmp_path, take_over=True) as taking:
            found = await taking.plan()
        assert [one.found for one in found.conflicts] == ["tag sesauditd=another"]
    finally:
        mark("main")


async def test_names_that_the_configuration_gives_are_kept(place: Stood, tmp_path: Path) -> None:
    named = place.opened(
        tmp_path,
        queue={
            "url": f"{place.sandbox.url}/123456789012/mails-of-mine",
            "topic_arns": [TOPIC.replace("sesaudit-feedback", "topic-of-mine")],
        },
        archive={"bucket": "bucket-of-mine", "prefix": "x"},
        notices={"from": "Watch <postmaster@host.example>"},
    )
    async with named as opened:
        found = await opened.plan()
    names = {one.resource for one in found.changes}
    assert {
        "SQS queue mails-of-mine",
        "SNS topic topic-of-mine",
        "SNS subscription topic-of-mine -> mails-of-mine",
        "S3 bucket bucket-of-mine",
    } <= names
    assert "host.example is no identity of SES" in found.remarks[0]


async def test_a_bucket_of_another_region_is_in_the_way(place: Stood, tmp_path: Path) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    with operator(place.sandbox.url, region="eu-west-1", account_id=ACCOUNT) as abroad:
        abroad.ask("s3", "CreateBucket", Bucket="far-away", CreateBucketConfiguration=where)
    async with place.opened(tmp_path, archive={"bucket": "far-away"}) as opened:
        found = await opened.plan()
    assert [one.found for one in found.conflicts] == ["a bucket in eu-west-1"]


async def test_a_rule_that_deletes_notifications_is_in_the_way(
    place: Stood, account: Setup
) -> None:
    await apply(account)
    rule = {
        "ID": "clean",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 30},
    }
    asked = {"Bucket": BUCKET, "LifecycleConfiguration": {"Rules": [rule]}}
    place.asking.ask("s3", "PutBucketLifecycleConfiguration", **asked)
    found = await account.plan()
    place.drift("bucket without a lifecycle")
    assert [one.found for one in found.conflicts] == [
        "the lifecycle rule clean, which deletes objects"
    ]


async def test_there_is_one_of_each_thing(place: Stood, account: Setup) -> None:
    await apply(account)
    topics = place.asking.ask("sns", "ListTopics")["Topics"]
    assert [one["TopicArn"] for one in topics] == [TOPIC]
    assert subscription(place.asking)
    assert QUEUE.rpartition(":")[2] == "sesaudit-feedback"
