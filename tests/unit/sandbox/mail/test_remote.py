from __future__ import annotations

import asyncio
import json

import pytest
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sesauditd.errors import Missing
from sesauditd.sandbox.backend import moto_server
from sesauditd.sandbox.mail.publish import Press
from sesauditd.sandbox.mail.queues import MotoQueues, MotoTopics
from sesauditd.sandbox.mail.remote import RemoteQueues, RemoteTopics
from sesauditd.sandbox.mail.signing import Signer
from tests.support.mailing import ACCOUNT, REGION, START

SOURCE = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/sesaudit-shop"


def anybody(service: str, action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
async def test_another_emulator_is_seen_as_this_process_sees_its_own() -> None:
    """One moto, seen over HTTP and from inside."""

    def compare(url: str) -> None:
        sns, sqs = sns_backends[ACCOUNT][REGION], sqs_backends[ACCOUNT][REGION]
        topic, queue = sns.create_topic("feedback"), sqs.create_queue("feedback", {})
        topic.policy = anybody("ses.amazonaws.com", "sns:Publish")
        queue.policy = anybody("sns.amazonaws.com", "sqs:SendMessage")
        raw = sns.subscribe(topic.arn, queue.queue_arn, "sqs")
        sns.set_subscription_attributes(raw.arn, "RawMessageDelivery", "true")
        redrive = json.dumps({"deadLetterTargetArn": queue.queue_arn})
        sns.set_subscription_attributes(raw.arn, "RedrivePolicy", redrive)
        topics, queues = RemoteTopics(url, REGION), RemoteQueues(url, REGION)
        assert topics.topic(topic.arn) == MotoTopics().topic(topic.arn)
        assert topics.topic(f"{topic.arn}-missing") is None
        assert queues.policy(queue.queue_arn) == MotoQueues().policy(queue.queue_arn)
        for arn in (f"{queue.queue_arn}-missing", "feedback"):
            with pytest.raises(Missing):
                queues.policy(arn)
            with pytest.raises(Missing):
                queues.put(arn, "x")
        press = Press(topics, queues, Signer(REGION), ACCOUNT)
        for message in ("first", "second"):
            assert press.publish(topic.arn, message, source_arn=SOURCE, subject=None, at=START)
        found = sqs.receive_message("feedback", 10, 0, 30)
        assert [one.body for one in found] == ["first", "second"]

    async with moto_server() as url:
        await asyncio.to_thread(compare, url)
