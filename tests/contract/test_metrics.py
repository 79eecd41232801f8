"""The newest value that CloudWatch has, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.metrics import Metrics, Reputation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


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
