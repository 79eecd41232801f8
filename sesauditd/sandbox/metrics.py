"""What AWS's own services tell CloudWatch: moto asks here when it is asked for metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from moto.cloudwatch.models import MetricDatum
from moto.core.common_models import CloudWatchMetricProvider
from moto.core.utils import unix_time_millis
from moto.sqs.models import sqs_backends
from typing_extensions import override

from sesauditd.sandbox.mail.meter import BY_SET

if TYPE_CHECKING:
    from sesauditd.sandbox.mail.meter import Point

A_FEW_MINUTES = timedelta(minutes=3)


class OwnMetrics(CloudWatchMetricProvider):
    """Answers for SES and for the age of what waits in SQS; moto finds it by its base class."""

    points: ClassVar[Callable[[], Sequence[Point]] | None] = None
    """Of the one sandbox that this process runs."""
    clock: ClassVar[Callable[[], datetime] | None] = None

    @staticmethod
    @override
    def get_cloudwatch_metrics(account_id: str, region: str) -> list[MetricDatum]:
        """Return every value of now."""
        points, clock = OwnMetrics.points, OwnMetrics.clock
        if points is None or clock is None:
            return []
        mail = [
            _datum("AWS/SES", one.name, one.value, one.at, BY_SET, one.configuration_set)
            for one in points()
        ]
        return [*mail, *_ages(account_id, region, clock() - A_FEW_MINUTES)]


def publish(points: Callable[[], Sequence[Point]], clock: Callable[[], datetime]) -> None:
    """Let CloudWatch hold what a meter counts, from now on and of no earlier sandbox."""
    OwnMetrics.points = staticmethod(points)
    OwnMetrics.clock = staticmethod(clock)


def _ages(account_id: str, region: str, at: datetime) -> Iterator[MetricDatum]:
    now = unix_time_millis()
    for name, queue in sqs_backends[account_id][region].queues.items():
        waiting = [int(str(one.sent_timestamp)) for one in queue.messages]
        if waiting:
            age = (now - min(waiting)) / 1000
            metric = "ApproximateAgeOfOldestMessage"
            yield _datum("AWS/SQS", metric, age, at, "QueueName", name)


def _datum(
    namespace: str, name: str, value: float, at: datetime, dimension: str, of: str | None
) -> MetricDatum:
    named = [] if of is None else [{"Name": dimension, "Value": of}]
    # moto compares with times of UTC that have no zone.
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return MetricDatum(namespace, name, value, named, moment, None)
