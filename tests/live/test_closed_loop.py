"""`sesauditd test`: green on an account that is right, red with the link's name on any other."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.aws.clients import Keys
from sesauditd.bootstrap import now
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.bootstrap.trial import Tried, Wanted, trial
from sesauditd.config import load
from sesauditd.onboard.credentials import Server, smtp_password
from sesauditd.onboard.loop import PROBES, VIRUS
from sesauditd.onboard.submission import Login
from sesauditd.sandbox.operator import Operator, operator
from tests.support.daemons import LOOKING, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.daemons import Stage

SHOP = "shop.example"
SET, QUEUE, DEAD, UNDELIVERED = (
    "sesaudit-shop-example",
    "sesaudit-feedback",
    "sesaudit-dead-letters",
    "sesaudit-undelivered",
)
QUICK = Tempo(ses_control_paced=False, keys=Keys(key_id=LOOKING, secret=LOOKING))
LOST_SECONDS = 1.0
"""What is not recorded after so long is lost, on a machine that has nothing else to do."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        pytest.MonkeyPatch.context() as patch,
        stage(tmp_path_factory.mktemp("p"), patch, {SHOP: "shop"}) as opened,
    ):
        opened.daemon().ready()
        yield opened


@pytest.fixture
def asking(house: Stage) -> Iterator[Operator]:
    at = house.furnished
    with operator(at.endpoint_url, region=at.region, account_id=at.account_id) as opened:
        yield opened


def tried(house: Stage, **given: Any) -> Tried:
    """Run the closed loop of the shop with its own login, or with what is given."""
    login = house.furnished.logins[SHOP]
    wanted = Wanted(
        **{
            "domain": SHOP,
            "login": Login(user=login.access_key_id, password=login.password),
            "probes": PROBES,
            "server": Server(host=house.sandbox.host, port=house.sandbox.smtp_port),
            "wait_seconds": 20.0,
            **given,
        }
    )
    settings = load(house.folder / "config.toml", {})
    return asyncio.run(trial(settings, wanted, clock=now, tempo=QUICK))


def test_everything_comes_back_and_says_how_long_it_took(house: Stage) -> None:
    found = tried(house, probes=(*PROBES, VIRUS))

    assert found.broken is None
    assert [one.probe.name for one in found.traces] == [*(one.name for one in PROBES), "virus"]
    for one in found.traces:
        assert one.is_recorded
        assert one.answer is not None
        assert one.answer.seconds > 0
        assert one.recorded_seconds is not None
    outcomes = {row["outcome"] for row in house.rows("SELECT outcome FROM event_recipients")}
    assert outcomes == {"simulated"}
    assert house.actions() == {}


def test_the_command_shows_it_and_asks_for_no_password_among_its_arguments(
    house: Stage,
) -> None:
    login = house.furnished.logins[SHOP]
    secret = house.folder / "password"
    secret.write_text(f"{login.password}\n")
    where = f"{house.sandbox.host}:{house.sandbox.smtp_port}"

    shown = house.run(
        "test",
        SHOP,
        "--user",
        login.access_key_id,
        "--password-file",
        str(secret),
        "--server",
        where,
        "--json",
    )

    assert shown.code == 0, shown.err
    assert shown.json["closed"]
    assert {one["expects"] for one in shown.json["probes"]} == {"Delivery", "Bounce", "Complaint"}
    assert login.password not in shown.out + shown.err


# One link broken.


def attribute(asking: Operator, name: str, value: str) -> None:
    """Set an attribute of the feedback queue."""
    url = asking.ask("sqs", "GetQueueUrl", QueueName=QUEUE)["QueueUrl"]
    asking.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={name: value})


def topic_policy(house: Stage, asking: Operator) -> Callable[[], object]:
    arn = house.furnished.topic_arn
    named = {"TopicArn": arn, "AttributeName": "Policy"}
    before = asking.ask("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]["Policy"]
    others = before.replace(f"{house.sandbox.region}:", "us-east-1:", 1).replace(
        "configuration-set/sesaudit-*", "configuration-set/other-*"
    )
    asking.ask("sns", "SetTopicAttributes", AttributeValue=others, **named)
    return lambda: asking.ask("sns", "SetTopicAttributes", AttributeValue=before, **named)


def queue_policy(house: Stage, asking: Operator) -> Callable[[], object]:
    url = house.furnished.queue_url
    found = asking.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    before = found["Attributes"]["Policy"]
    attribute(asking, "Policy", before.replace("sesaudit-feedback", "another", 2))

    def mend() -> None:
        attribute(asking, "Policy", before)
        undelivered = asking.ask("sqs", "GetQueueUrl", QueueName=UNDELIVERED)["QueueUrl"]
        asking.ask("sqs", "PurgeQueue", QueueUrl=undelivered)

    return mend


def subscription(house: Stage, asking: Operator) -> Callable[[], object]:
    topic = house.furnished.topic_arn
    listed = asking.ask("sns", "ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"]
    (one,) = listed
    asking.ask("sns", "Unsubscribe", SubscriptionArn=one["SubscriptionArn"])
    dead = one["Endpoint"].replace(QUEUE, UNDELIVERED)

    def mend() -> None:
        asking.ask(
            "sns",
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=one["Endpoint"],
            Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})},
        )

    return mend


def destination_off(house: Stage, asking: Operator) -> Callable[[], object]:
    del house
    found = asking.ask("sesv2", "GetConfigurationSetEventDestinations", ConfigurationSetName=SET)
    (one,) = found["EventDestinations"]
    kept = {key: one[key] for key in ("MatchingEventTypes", "SnsDestination")}

    def switch(*, enabled: bool) -> None:
        asking.ask(
            "sesv2",
            "UpdateConfigurationSetEventDestination",
            ConfigurationSetName=SET,
            EventDestinationName=one["Name"],
            EventDestination={"Enabled": enabled, **kept},
        )

    switch(enabled=False)
    return lambda: switch(enabled=True)


def default_set_missing(house: Stage, asking: Operator) -> Callable[[], object]:
    del house
    put = "PutEmailIdentityConfigurationSetAttributes"
    asking.ask("sesv2", put, EmailIdentity=SHOP)
    return lambda: asking.ask("sesv2", put, EmailIdentity=SHOP, ConfigurationSetName=SET)


def policy_without_the_set(house: Stage, asking: Operator) -> Callable[[], object]:
    del house
    named = {"UserName": SHOP, "PolicyName": "sesaudit-send"}
    before = asking.ask("iam", "GetUserPolicy", **named)["PolicyDocument"]
    (statement,) = before["Statement"]
    only = [one for one in statement["Resource"] if ":identity/" in one]
    changed = {**before, "Statement": [{**statement, "Resource": only}]}
    asking.ask("iam", "PutUserPolicy", PolicyDocument=json.dumps(changed), **named)

    def mend() -> None:
        asking.ask("iam", "PutUserPolicy", PolicyDocument=json.dumps(before), **named)

    return mend


def key_inactive(house: Stage, asking: Operator) -> Callable[[], object]:
    named = {"UserName": SHOP, "AccessKeyId": house.furnished.logins[SHOP].access_key_id}
    asking.ask("iam", "UpdateAccessKey", Status="Inactive", **named)
    return lambda: asking.ask("iam", "UpdateAccessKey", Status="Active", **named)


def dead_letters(house: Stage, asking: Operator) -> Callable[[], object]:
    url = house.furnished.dead_letters_url
    for one in range(3):
        asking.ask("sqs", "SendMessage", QueueUrl=url, MessageBody=f"poison {one}")
    stopped = {"service": "s3", "operation": "PutObject", "action": "error", "times": 0}
    house.ask("POST", "faults", {**stopped, "code": "AccessDenied", "status": 403})

    def mend() -> None:
        house.ask("DELETE", "faults")
        asking.ask("sqs", "PurgeQueue", QueueUrl=url)

    return mend


def set_paused(house: Stage, asking: Operator) -> Callable[[], object]:
    del house
    named = {"ConfigurationSetName": SET}
    asking.ask("sesv2", "PutConfigurationSetSendingOptions", SendingEnabled=False, **named)

    def mend() -> None:
        asking.ask("sesv2", "PutConfigurationSetSendingOptions", SendingEnabled=True, **named)

    return mend


BROKEN = {
    "topic policy": (
        topic_policy,
        "policy of topic sesaudit-feedback: does not let SES publish for sesaudit-shop-example",
    ),
    "queue policy": (
        queue_policy,
        "policy of queue sesaudit-feedback: does not let sesaudit-feedback send",
    ),
    "subscription": (
        subscription,
        "subscription of the queue to sesaudit-feedback: there is none",
    ),
    "destination off": (
        destination_off,
        "event destination of sesaudit-shop-example: is switched off",
    ),
    "default set missing": (
        default_set_missing,
        "default configuration set of shop.example: there is none",
    ),
    "IAM resource without the set": (
        policy_without_the_set,
        (
            "policies of shop.example: do not allow ses:SendRawEmail on configuration set "
            "sesaudit-shop-example"
        ),
    ),
    "key inactive": (key_inactive, "of IAM user shop.example is inactive"),
    "dead letters": (
        dead_letters,
        "queue of what was received in vain: 3 messages lie in sesaudit-dead-letters",
    ),
    "set paused": (
        set_paused,
        "configuration set sesaudit-shop-example: is paused, and sesauditd did not stop",
    ),
}


@pytest.mark.parametrize("link", BROKEN)
def test_a_broken_link_is_named(house: Stage, asking: Operator, link: str) -> None:
    breaks, sentence = BROKEN[link]
    mend = breaks(house, asking)
    try:
        found = tried(house, wait_seconds=LOST_SECONDS)
    finally:
        mend()

    assert found.broken is not None
    assert sentence in found.broken


def test_a_password_of_another_region_is_named(house: Stage) -> None:
    login = house.furnished.logins[SHOP]
    elsewhere = smtp_password(login.secret, "us-east-1")

    found = tried(house, login=Login(user=login.access_key_id, password=elsewhere))

    assert found.broken is not None
    assert "good in one Region only, and this one is not of eu-central-1" in found.broken
