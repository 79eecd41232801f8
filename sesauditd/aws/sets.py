"""Configuration sets of SES and where they report to, as an administrator sees and sets them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.aws.destinations import destinations
from sesauditd.aws.errors import reading
from sesauditd.aws.names import SAME_LOOK_SECONDS, Names
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import JSON, Document


class Sets:
    """The configuration sets of one account and region; names are the only keys."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2
        self.names: Final = Names(self._ses, "ListConfigurationSets", "ConfigurationSets", str)
        self._absent: dict[str, float] = {}
        """When a set was last looked for in vain; its destinations need no look of their own."""
        self._start = f"arn:{clients.partition}:ses:{clients.region}:{clients.account_id}"

    def arn(self, name: str) -> str:
        """Return the ARN of a set."""
        return f"{self._start}:configuration-set/{name}"

    async def configuration_set(self, name: str) -> Document | None:
        """Return a set, None if there is none: SES GetConfigurationSet.

        `suppressed_reasons` and `suppression_scope` are None where the account's hold.
        Raises Unavailable or Forbidden.
        """
        if await self.names.lack(name):
            return None
        try:
            answer = await self._ses.ask(
                "GetConfigurationSet", ("SendingOptions",), ConfigurationSetName=name
            )
        except Missing:
            self._absent[name] = asyncio.get_running_loop().time()
            return None
        with reading("SES GetConfigurationSet"):
            return _set(answer)

    async def create(
        self, name: str, *, sending: bool, reasons: Sequence[str], tags: Mapping[str, str]
    ) -> None:
        """Make a set with reputation metrics: SES CreateConfigurationSet.

        Raises Unavailable, Uncertain, Forbidden; Conflict if there is one of that name.
        """
        self.names.made(name)
        self._absent.pop(name, None)
        await self._ses.ask(
            "CreateConfigurationSet",
            ConfigurationSetName=name,
            ReputationOptions={"ReputationMetricsEnabled": True},
            SendingOptions={"SendingEnabled": sending},
            SuppressionOptions={"SuppressedReasons": list(reasons)},
            Tags=listed(tags),
        )

    async def measure(self, name: str) -> None:
        """Publish a set's reputation metrics: SES PutConfigurationSetReputationOptions.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ses.ask(
            "PutConfigurationSetReputationOptions",
            ConfigurationSetName=name,
            ReputationMetricsEnabled=True,
        )

    async def suppress(self, name: str, reasons: Sequence[str], scope: str | None) -> None:
        """Say which reasons of which list stop a set's mail; both at once, as SES replaces both.

        SES PutConfigurationSetSuppressionOptions. Raises Unavailable, Uncertain, Forbidden or
        Missing.
        """
        scoped = {} if scope is None else {"SuppressionScope": scope}
        await self._ses.ask(
            "PutConfigurationSetSuppressionOptions",
            ConfigurationSetName=name,
            SuppressedReasons=list(reasons),
            **scoped,
        )

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a set: SES TagResource.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ses.ask("TagResource", ResourceArn=self.arn(name), Tags=listed(tags))

    async def delete(self, name: str) -> None:
        """Delete a set, harmless if it is gone: SES DeleteConfigurationSet.

        Not while it is an identity's default: every mail of that identity would be refused
        (ses-facts 5). Raises Unavailable, Uncertain, Forbidden also while a tenant uses it.
        """
        await self._gone("DeleteConfigurationSet", ConfigurationSetName=name)

    async def destination(self, name: str, destination: str) -> Document | None:
        """Return an event destination of a set: SES GetConfigurationSetEventDestinations.

        None if there is none of that name or no such set, as `configuration_set` may have found
        a moment ago. `topic` is None where events go
        elsewhere; `elsewhere` then names the kind. Raises Unavailable or Forbidden.
        """
        looked_at = self._absent.pop(name, float("-inf"))
        is_same_look = asyncio.get_running_loop().time() - looked_at <= SAME_LOOK_SECONDS
        if is_same_look or await self.names.lack(name):
            return None
        for one in await destinations(self._ses, name):
            if one["name"] == destination:
                return _destination(one)
        return None

    async def create_destination(
        self, name: str, destination: str, *, topic: str, types: Sequence[str]
    ) -> None:
        """Let a set report to a topic, which SES tries out at once.

        SES CreateConfigurationSetEventDestination. Raises Unavailable, Uncertain, Missing,
        Forbidden when SES may not publish there, Conflict if there is one of that name.
        """
        await self._ses.ask(
            "CreateConfigurationSetEventDestination",
            ConfigurationSetName=name,
            EventDestinationName=destination,
            EventDestination=_reporting(topic, types),
        )

    async def update_destination(
        self, name: str, destination: str, *, topic: str, types: Sequence[str]
    ) -> None:
        """Change what a set reports and where: SES UpdateConfigurationSetEventDestination.

        Raises Unavailable, Uncertain, Missing, Forbidden when SES may not publish there.
        """
        await self._ses.ask(
            "UpdateConfigurationSetEventDestination",
            ConfigurationSetName=name,
            EventDestinationName=destination,
            EventDestination=_reporting(topic, types),
        )

    async def _gone(self, operation: str, **parameters: object) -> None:
        try:
            await self._ses.ask(operation, **parameters)
        except Missing:
            return


def listed(tags: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """Return tags as AWS writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(answer: Answer) -> Mapping[str, str]:
    """Return the tags of an answer as a mapping."""
    return {str(one["Key"]): str(one["Value"]) for one in answer.get("Tags") or ()}


def _set(answer: Answer) -> Document:
    suppression = answer.get("SuppressionOptions") or {}
    reasons = suppression.get("SuppressedReasons")
    scope = suppression.get("SuppressionScope")
    return {
        "sending_enabled": bool(answer["SendingOptions"]["SendingEnabled"]),
        "reputation_metrics": bool(
            (answer.get("ReputationOptions") or {}).get("ReputationMetricsEnabled")
        ),
        "suppressed_reasons": None if reasons is None else sorted(map(str, reasons)),
        "suppression_scope": scope and str(scope),
        "tags": tags_of(answer),
    }


def _destination(found: Document) -> Document:
    """Return what is compared of a destination; whether it is ours is seen by its name."""
    types = found["types"]
    document: dict[str, JSON] = {
        "enabled": found["enabled"],
        "topic": found["topic"],
        "types": sorted(map(str, types)) if isinstance(types, list) else types,
    }
    return {**document, "elsewhere": found["elsewhere"]} if found["elsewhere"] else document


def _reporting(topic: str, types: Sequence[str]) -> Mapping[str, object]:
    return {
        "Enabled": True,
        "MatchingEventTypes": list(types),
        "SnsDestination": {"TopicArn": topic},
    }
