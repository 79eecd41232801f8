"""The newest value that CloudWatch has, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.metrics import Metrics, Reputation
from sesauditd.errors import Forbidden, Refused, Unavailable
from sesauditd.sandbox.faults import Fault, FaultAction
from sesauditd.sandbox.mail.meter import LEAST
from sesauditd.sandbox.mail.world import from_json
from sesauditd.sandbox.ses.steering import steer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BY_SET = {
    "DimensionName": "ses:configuration-set",
    "DimensionValueSource": "MESSAGE_TAG",
    "DefaultDimensionValue": "none",
}
COUNTED_APART = {
    "Enabled": True,
    "MatchingEventTypes": ["SEND"],
    "CloudWatchDestination": {"DimensionConfigurations": [BY_SET]},
}


async def _measured(
    world: World,
    namespace: str,
    name: str,
    values: Mapping[timedelta, float],
    dimensions: Mapping[str, str],
) -> None:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    for age, value in values.items():
        point = {
            "MetricName": name,
            "Value": value,
            "Timestamp": NOW - age,
            "Dimensions": named,
        }
        await world.clients.cloudwatch.ask("PutMetricData", Namespace=namespace, MetricData=[point])


async def test_an_account_that_hardly_sends_has_no_rates(world: World) -> None:
    found = await Metrics(world.clients).reputation(NOW - timedelta(days=365))
    assert found == Reputation(bounce_rate=None, complaint_rate=None)


async def test_the_newest_rate_counts(world: World) -> None:
    rates = {timedelta(hours=9): 0.9, timedelta(hours=2): 0.04, timedelta(days=3): 0.5}
    await _measured(world, "AWS/SES", "Reputation.BounceRate", rates, {})
    found = await Metrics(world.clients).reputation(NOW)
    assert found == Reputation(bounce_rate=0.04, complaint_rate=None)


async def test_the_oldest_message_of_a_queue_has_an_age(world: World) -> None:
    ages = {timedelta(minutes=3): 240.0}
    await _measured(
        world, "AWS/SQS", "ApproximateAgeOfOldestMessage", ages, {"QueueName": "feedback"}
    )
    assert await Metrics(world.clients).oldest_seconds("feedback", NOW) == 240.0
    assert await Metrics(world.clients).oldest_seconds("other", NOW) is None


ANNA, NOBODY = "anna@elsewhere.example", "nobody@gone.example"
LETTER = b"From: site@shop.example\r\nTo: x\r\n\r\nGood day.\r\n"


async def test_ses_tells_what_it_sent_and_what_bounced_of_it(world: World) -> None:
    sandbox, metrics = world.sandbox, Metrics(world.clients)
    sandbox.clock.set_to(NOW + timedelta(days=40))
    steer(sandbox.ses, {"switches": {"verify_at_once": True}})
    gone = from_json(b'{"mailboxes": [{"address": "*@gone.example", "answer": "hard"}]}', "test")
    sandbox.office.world.world = gone
    ses = world.clients.sesv2
    for name in ("shop.example", "partner.example"):
        await ses.ask("CreateEmailIdentity", EmailIdentity=name)
    await ses.ask("CreateConfigurationSet", ConfigurationSetName="apart")
    await ses.ask(
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName="apart",
        EventDestinationName="counts",
        EventDestination=COUNTED_APART,
    )
    now = sandbox.clock()
    for recipient, named in [
        (NOBODY, {}),
        (ANNA, {}),
        (ANNA, {}),
        ("x@partner.example", {}),
        ("bounce@simulator.amazonses.com", {}),
        (ANNA, {"ConfigurationSetName": "apart"}),
    ]:
        await ses.ask(
            "SendEmail",
            FromEmailAddress="site@shop.example",
            Destination={"ToAddresses": [recipient]},
            Content={"Raw": {"Data": LETTER}},
            **named,
        )
    sandbox.clock.set_to(now + timedelta(minutes=30))

    # Verified recipients and the simulator are in none of AWS's rates (ses-facts 7).
    later = sandbox.clock()
    expected = Reputation(bounce_rate=1 / LEAST, complaint_rate=0.0)
    assert await metrics.reputation(later) == expected
    assert await metrics.sent(now - timedelta(hours=1), later) == 6
    assert await metrics.sent(now - timedelta(hours=1), later, "apart") == 1
    assert await metrics.sent(now - timedelta(hours=1), later, "other") is None
    assert await metrics.sent(now - timedelta(hours=3), now - timedelta(hours=2)) is None

    steer(sandbox.ses, {"reputation": {"bounce_rate": 0.07}})
    assert await metrics.reputation(later) == Reputation(bounce_rate=0.07, complaint_rate=0.0)
    steer(sandbox.ses, {"reputation": {"published": False}})
    assert await metrics.reputation(later) == Reputation(bounce_rate=None, complaint_rate=None)
    steer(sandbox.ses, {"reputation": {}})
    assert await metrics.reputation(later) == expected


@pytest.mark.parametrize(
    "wanted", [{"bounce_rate": 7}, {"bounce_rate": True}, {"rate": 0.1}, {"published": 1}, 3]
)
async def test_a_reputation_that_cannot_be_is_refused(world: World, wanted: object) -> None:
    with pytest.raises(Refused, match="reputation cannot have"):
        steer(world.sandbox.ses, {"reputation": wanted})


async def test_without_the_permission_it_is_said_which_one_is_missing(world: World) -> None:
    fault = Fault(service="cloudwatch", code="AccessDenied", status=403, times=1)
    world.sandbox.faults.add(fault)
    with pytest.raises(Forbidden, match="CloudWatch GetMetricData"):
        await Metrics(world.clients).reputation(NOW)


async def test_throttling_is_no_rate(world: World) -> None:
    world.sandbox.faults.add(Fault(service="cloudwatch", action=FaultAction.THROTTLE, times=0))
    with pytest.raises(Unavailable, match="CloudWatch GetMetricData"):
        await Metrics(world.clients).reputation(NOW)
    world.sandbox.faults.clear()
