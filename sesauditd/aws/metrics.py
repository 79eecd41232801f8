"""What CloudWatch counts that nobody else knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

REPUTATION_WINDOW: Final = timedelta(hours=24)
REPUTATION_PERIOD: Final = timedelta(hours=1)
QUEUE_WINDOW: Final = timedelta(minutes=15)
QUEUE_PERIOD: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    """AWS's own rates of the account as fractions of 1; None when it shows none."""

    bounce_rate: float | None
    complaint_rate: float | None


class Metrics:
    """CloudWatch, asked for the newest value of a metric."""

    def __init__(self, clients: Clients) -> None:
        self._cloudwatch = clients.cloudwatch

    async def reputation(self, now: datetime) -> Reputation:
        """Return SES's bounce and complaint rate of the last day: CloudWatch GetMetricData.

        Raises Unavailable or Forbidden. A missing value is None: AWS counts over a volume it
        chooses, and an account that hardly sends has no rate (ses-facts 7).
        """
        return Reputation(
            bounce_rate=await self._of_account("Reputation.BounceRate", now),
            complaint_rate=await self._of_account("Reputation.ComplaintRate", now),
        )

    async def oldest_seconds(self, queue_name: str, now: datetime) -> float | None:
        """Return the age of the oldest message of a queue in seconds: CloudWatch GetMetricData.

        None when CloudWatch has no value or cannot be asked: it is a hint beside the depth.
        """
        metric = {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": queue_name}],
        }
        try:
            return await self._newest(metric, now, QUEUE_WINDOW, QUEUE_PERIOD)
        except Failed:
            return None

    async def _of_account(self, name: str, now: datetime) -> float | None:
        metric = {"Namespace": "AWS/SES", "MetricName": name}
        return await self._newest(metric, now, REPUTATION_WINDOW, REPUTATION_PERIOD)

    async def _newest(
        self, metric: Mapping[str, object], now: datetime, window: timedelta, period: timedelta
    ) -> float | None:
        statistic = {"Metric": metric, "Period": int(period.total_seconds()), "Stat": "Maximum"}
        answer = await self._cloudwatch.ask(
            "GetMetricData",
            ("MetricDataResults",),
            MetricDataQueries=[{"Id": "newest", "MetricStat": statistic}],
            StartTime=now - window,
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        with reading("CloudWatch GetMetricData"):
            values = [value for found in answer["MetricDataResults"] for value in found["Values"]]
            return float(values[0]) if values else None
