"""What CloudWatch counts that nobody else knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.errors import Failed, Unavailable

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

REPUTATION_WINDOW: Final = timedelta(hours=24)
REPUTATION_PERIOD: Final = timedelta(hours=1)
QUEUE_WINDOW: Final = timedelta(minutes=15)
QUEUE_PERIOD: Final = timedelta(minutes=1)
COMPLETE: Final = "Complete"
SET: Final = "ses:configuration-set"
"""The dimension that a set's CloudWatch destination is to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    """AWS's own rates of the account as fractions of 1; None when it shows none."""

    bounce_rate: float | None
    complaint_rate: float | None


class Metrics:
    """CloudWatch, asked for the newest value of a metric, or for a sum.

    A metric without a value is None, never 0: SES publishes the rates of an account that hardly
    sends late or not at all, and counts sends by set only where a CloudWatch destination asks
    for it (ses-facts 7).
    """

    def __init__(self, clients: Clients) -> None:
        self._cloudwatch = clients.cloudwatch

    async def reputation(self, now: datetime) -> Reputation:
        """Return SES's newest bounce and complaint rate of the last day: CloudWatch GetMetricData.

        Raises Unavailable, Forbidden.
        """
        found = await self._series(
            {
                "bounces": _asked(_of_ses("Reputation.BounceRate"), REPUTATION_PERIOD, "Maximum"),
                "complaints": _asked(
                    _of_ses("Reputation.ComplaintRate"), REPUTATION_PERIOD, "Maximum"
                ),
            },
            now - REPUTATION_WINDOW,
            now,
        )
        return Reputation(
            bounce_rate=_first(found["bounces"]), complaint_rate=_first(found["complaints"])
        )

    async def sent(
        self, start: datetime, end: datetime, configuration_set: str | None = None
    ) -> float | None:
        """Return how much SES counts as sent from hour to hour: CloudWatch GetMetricData of Send.

        Of the account, or of one set. Whether SES counts messages or recipients is not
        documented. Raises Unavailable, Forbidden.
        """
        dimensions = {} if configuration_set is None else {SET: configuration_set}
        wanted = {"sent": _asked(_of_ses("Send", dimensions), REPUTATION_PERIOD, "Sum")}
        found = (await self._series(wanted, start, end))["sent"]
        return sum(found) if found else None

    async def oldest_seconds(self, queue_name: str, now: datetime) -> float | None:
        """Return the age of the oldest message of a queue in seconds: CloudWatch GetMetricData.

        None when CloudWatch has no value or cannot be asked: it is a hint beside the depth.
        """
        metric = {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Dimensions": [{"Name": "QueueName", "Value": queue_name}],
        }
        wanted = {"oldest": _asked(metric, QUEUE_PERIOD, "Maximum")}
        try:
            return _first((await self._series(wanted, now - QUEUE_WINDOW, now))["oldest"])
        except Failed:
            return None

    async def _series(
        self, wanted: Mapping[str, object], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[float]]:
        """Return the values of each query, the newest first; none is missing for being cut off."""
        answer = await self._cloudwatch.ask(
            "GetMetricData",
            ("MetricDataResults",),
            MetricDataQueries=[{"Id": name, "MetricStat": stat} for name, stat in wanted.items()],
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampDescending",
        )
        found: dict[str, list[float]] = {}
        with reading("CloudWatch GetMetricData"):
            for one in answer["MetricDataResults"]:
                if one.get("StatusCode", COMPLETE) != COMPLETE or answer.get("NextToken"):
                    raise Unavailable("CloudWatch GetMetricData: only a part of the data")
                found[one["Id"]] = [float(value) for value in one["Values"]]
            return {name: found[name] for name in wanted}


def _of_ses(name: str, dimensions: Mapping[str, str] | None = None) -> Mapping[str, object]:
    named = [{"Name": key, "Value": value} for key, value in (dimensions or {}).items()]
    return {"Namespace": "AWS/SES", "MetricName": name, "Dimensions": named}


def _asked(metric: Mapping[str, object], period: timedelta, statistic: str) -> Mapping[str, object]:
    return {"Metric": metric, "Period": int(period.total_seconds()), "Stat": statistic}


def _first(values: Sequence[float]) -> float | None:
    return values[0] if values else None
