"""The sending side with the real IAM, topics and queues of a sandbox, from SMTP to the queue."""

from __future__ import annotations

import asyncio
import json
import smtplib
from typing import Any

import botocore.session
import pytest

from sesauditd.sandbox.mail.password import smtp_password
from sesauditd.sandbox.mail.world import from_toml
from sesauditd.sandbox.ses.state import Switches
from tests.support.sandboxes import sandbox

WORLD = from_toml('[[mailboxes]]\naddress = "gone@x.example"\nanswer = "hard"\n', "test")
REGION = "eu-central-1"
SET = "sesaudit-shop"


def policy(**statement: Any) -> str:
    whole = [{"Effect": "Allow", **statement}]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


class Site:
    """A web site that mails through the sandbox, and the operator who set it up."""

    def __init__(self, url: str, account: str, smtp_port: int) -> None:
        self.url = url
        self.account = account
        self.smtp_port = smtp_port
        self.sqs = self.client("sqs")
        self.ses = self.client("sesv2")
        self.queue = self.feedback()
        self.login = self.user()

    def client(self, service: str) -> Any:
        return botocore.session.Session().create_client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def feedback(self) -> str:
        sns = self.client("sns")
        topic = sns.create_topic(Name="feedback")["TopicArn"]
        url = self.sqs.create_queue(QueueName="feedback")["QueueUrl"]
        queue = topic.replace(":sns:", ":sqs:")
        let_ses = policy(
            Principal={"Service": "ses.amazonaws.com"}, Action="sns:Publish", Resource=topic
        )
        let_sns = policy(
            Principal={"Service": "sns.amazonaws.com"}, Action="sqs:SendMessage", Resource=queue
        )
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=let_ses)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": let_sns})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        self.ses.create_configuration_set(ConfigurationSetName=SET)
        self.ses.create_configuration_set_event_destination(
            ConfigurationSetName=SET,
            EventDestinationName="sns",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["SEND", "BOUNCE", "DELIVERY"],
                "SnsDestination": {"TopicArn": topic},
            },
        )
        self.ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"])
        self.ses.create_email_identity(EmailIdentity="shop.example", ConfigurationSetName=SET)
        return str(url)

    def user(self) -> tuple[str, str]:
        iam = self.client("iam")
        iam.create_user(UserName="shop")
        resources = [
            f"arn:aws:ses:{REGION}:{self.account}:identity/shop.example",
            f"arn:aws:ses:{REGION}:{self.account}:configuration-set/{SET}",
        ]
        document = policy(Action="ses:SendRawEmail", Resource=resources)
        iam.put_user_policy(UserName="shop", PolicyName="send", PolicyDocument=document)
        key = iam.create_access_key(UserName="shop")["AccessKey"]
        return key["AccessKeyId"], smtp_password(key["SecretAccessKey"], REGION)

    def mail(self, recipient: str) -> str:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as connection:
            connection.login(*self.login)
            connection.mail("info@shop.example")
            connection.rcpt(recipient)
            code, words = connection.data(
                f"From: info@shop.example\r\nTo: {recipient}\r\n\r\nHi\r\n".encode()
            )
            return f"{code} {words.decode()}"

    def told(self) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [json.loads(one["Body"]) for one in found.get("Messages", ())]
        return [
            json.loads(one["Message"])["eventType"]
            if one["Message"].startswith("{")
            else one["Message"].split()[1]
            for one in bodies
        ]


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
async def test_a_mail_goes_in_by_smtp_and_what_became_of_it_comes_out_of_the_queue() -> None:
    def play(url: str, account: str, smtp_port: int) -> None:
        site = Site(url, account, smtp_port)
        assert site.told() == ["validated"]
        assert site.mail("a@x.example").startswith("250 Ok 0107")
        assert site.mail("gone@x.example").startswith("250 Ok 0107")
        assert site.told() == ["Send", "Delivery", "Send", "Bounce"]
        listed = site.ses.get_suppressed_destination(EmailAddress="gone@x.example")
        assert listed["SuppressedDestination"]["Reason"] == "BOUNCE"
        site.ses.put_configuration_set_sending_options(
            ConfigurationSetName=SET, SendingEnabled=False
        )
        assert site.mail("a@x.example").startswith("554 Message rejected: ")
        assert site.told() == []

    async with sandbox(switches=Switches(verify_at_once=True), world=WORLD) as running:
        await asyncio.to_thread(play, running.url, running.account_id, running.smtp_port)
