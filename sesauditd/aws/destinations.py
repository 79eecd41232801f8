"""Where the events of a configuration set go: one reading for all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer, Api
    from sesauditd.model.plan import Document

OTHER_KINDS: Final = (
    "CloudWatchDestination",
    "EventBridgeDestination",
    "KinesisFirehoseDestination",
    "PinpointDestination",
)
"""Where events go that do not go to a topic."""


async def destinations(ses: Api, configuration_set: str) -> Sequence[Document]:
    """Return all event destinations of a set: SES GetConfigurationSetEventDestinations.

    Types stand in SES's order. `topic` is None where events go elsewhere; `elsewhere` then names
    the kinds. None of a set that does not exist. Raises Unavailable or Forbidden.
    """
    operation = "GetConfigurationSetEventDestinations"
    try:
        answer = await ses.ask(
            operation, ("EventDestinations",), ConfigurationSetName=configuration_set
        )
    except Missing:
        return ()
    with reading(f"SES {operation}"):
        return [_destination(one) for one in answer["EventDestinations"]]


def _destination(found: Answer) -> Document:
    topic = (found.get("SnsDestination") or {}).get("TopicArn")
    return {
        "name": str(found["Name"]),
        "enabled": bool(found["Enabled"]),
        "topic": topic and str(topic),
        "types": [str(kind) for kind in found["MatchingEventTypes"]],
        "elsewhere": [kind for kind in OTHER_KINDS if found.get(kind)],
    }
