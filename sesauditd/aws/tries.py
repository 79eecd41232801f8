"""Which questions AWS lets these credentials ask: each asked once, none changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sesauditd.errors import Failed, Forbidden, Unavailable

if TYPE_CHECKING:
    from sesauditd.aws.api import Api
    from sesauditd.aws.clients import Clients

NOBODY: Final = "success@simulator.amazonses.com"
"""An address that no list can hold."""
NOTHING: Final = "none-of-this-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What is asked about; None where there is nothing of the kind."""

    queue_url: str | None
    dead_letters: str
    prefix: str
    user: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Asks AWS one question for each permission that a question can prove."""

    clients: Clients
    now: datetime

    async def all(self, subjects: Subjects) -> Mapping[str, str | None]:
        """Return by action why AWS refused it, None if it did not.

        What AWS does not answer just now is left out, as is what there is no subject for.
        """
        found: dict[str, str | None] = {}
        for action, (api, operation, asked) in self._questions(subjects).items():
            try:
                await api.ask(operation, **asked)
            except Forbidden as refusal:
                found[action] = str(refusal)
            except Unavailable:
                continue
            except Failed:
                # What does not exist was looked for, so looking is allowed.
                found[action] = None
            else:
                found[action] = None
        return found

    def _questions(self, about: Subjects) -> Mapping[str, tuple[Api, str, Mapping[str, Any]]]:
        at = self.clients
        asked: dict[str, tuple[Api, str, Mapping[str, Any]]] = {
            "sqs:GetQueueUrl": (at.sqs, "GetQueueUrl", {"QueueName": about.dead_letters}),
            "cloudwatch:GetMetricData": (at.cloudwatch, "GetMetricData", self._metric()),
            "ses:ListEmailIdentities": (at.sesv2, "ListEmailIdentities", {"PageSize": 1}),
            "ses:ListSuppressedDestinations": (
                at.sesv2,
                "ListSuppressedDestinations",
                {"PageSize": 1},
            ),
            "ses:GetSuppressedDestination": (
                at.sesv2,
                "GetSuppressedDestination",
                {"EmailAddress": NOBODY},
            ),
            **self._of_policies(about.prefix),
        }
        if about.queue_url is not None:
            wanted = {"QueueUrl": about.queue_url, "AttributeNames": ["QueueArn"]}
            asked["sqs:GetQueueAttributes"] = (at.sqs, "GetQueueAttributes", wanted)
        return {**asked, **(self._of_users(about.user) if about.user is not None else {})}

    def _of_policies(self, prefix: str) -> Mapping[str, tuple[Api, str, Mapping[str, Any]]]:
        at = self.clients
        named = f"policy/{prefix}/block-{NOTHING}"
        arn = {"PolicyArn": f"arn:{at.partition}:iam::{at.account_id}:{named}"}
        return {
            "iam:GetPolicy": (at.iam, "GetPolicy", arn),
            "iam:GetPolicyVersion": (at.iam, "GetPolicyVersion", {**arn, "VersionId": "v1"}),
            "iam:ListPolicyVersions": (at.iam, "ListPolicyVersions", arn),
            "iam:ListEntitiesForPolicy": (at.iam, "ListEntitiesForPolicy", arn),
        }

    def _of_users(self, user: str) -> Mapping[str, tuple[Api, str, Mapping[str, Any]]]:
        at, named = self.clients, {"UserName": user}
        return {
            "iam:ListUserPolicies": (at.iam, "ListUserPolicies", named),
            "iam:GetUserPolicy": (at.iam, "GetUserPolicy", {**named, "PolicyName": NOTHING}),
            "iam:ListAttachedUserPolicies": (at.iam, "ListAttachedUserPolicies", named),
            "iam:ListAccessKeys": (at.iam, "ListAccessKeys", named),
        }

    def _metric(self) -> Mapping[str, Any]:
        metric = {"Namespace": "AWS/SES", "MetricName": "Reputation.BounceRate"}
        statistic = {"Metric": metric, "Period": 3600, "Stat": "Maximum"}
        return {
            "MetricDataQueries": [{"Id": "newest", "MetricStat": statistic}],
            "StartTime": self.now - timedelta(hours=1),
            "EndTime": self.now,
        }
