"""Event destinations of configuration sets, and the message that proves a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.sandbox.ses.configuration_sets import named
from sesauditd.sandbox.ses.declined import Declined, already_exists, bad_request, not_found
from sesauditd.sandbox.ses.values import ConfigurationSet, Destination

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result

VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
"""Plain text, not JSON (ses-facts 1.6)."""

MOST_DESTINATIONS = 10
"""A set (ses-facts 6.1, step 1)."""

_OTHER_KINDS = (
    "KinesisFirehoseDestination",
    "CloudWatchDestination",
    "EventBridgeDestination",
    "PinpointDestination",
)


class Topics(Protocol):
    """Who passes a message on to the subscribers of a topic, in the name of SES."""

    def publish(
        self, topic_arn: str, message: str, *, source_arn: str, subject: str | None, at: datetime
    ) -> bool:
        """Return False if SES may not publish to that topic, or there is none."""
        ...


def create(ses: Ses, topics: Topics, parameters: Parameters) -> Result:
    """CreateConfigurationSetEventDestination; an SNS topic gets the validation message."""
    found = named(ses, parameters)
    name = parameters["EventDestinationName"]
    if any(one.name == name for one in found.destinations):
        raise already_exists(f"Event destination <{name}> already exists.")
    if len(found.destinations) >= MOST_DESTINATIONS:
        text = f"A configuration set has at most {MOST_DESTINATIONS} event destinations."
        raise Declined("LimitExceededException", text)
    made = _defined(Destination(name=name), parameters["EventDestination"])
    _validate(ses, topics, found, made)
    return _keep(ses, parameters, made)


def update(ses: Ses, topics: Topics, parameters: Parameters) -> Result:
    """UpdateConfigurationSetEventDestination; what is left out stays."""
    found = named(ses, parameters)
    before = _destination(found, parameters["EventDestinationName"])
    made = _defined(before, parameters["EventDestination"])
    _validate(ses, topics, found, made)
    return _keep(ses, parameters, made)


def get(ses: Ses, parameters: Parameters) -> Result:
    """GetConfigurationSetEventDestinations."""
    return {"EventDestinations": [_shown(one) for one in named(ses, parameters).destinations]}


def delete(ses: Ses, parameters: Parameters) -> Result:
    """DeleteConfigurationSetEventDestination."""
    found = named(ses, parameters)
    gone = _destination(found, parameters["EventDestinationName"])
    kept = tuple(one for one in found.destinations if one.name != gone.name)
    ses.sets[found.name] = replace(found, destinations=kept)
    return {}


def _destination(found: ConfigurationSet, name: str) -> Destination:
    for one in found.destinations:
        if one.name == name:
            return one
    raise not_found(f"Event destination <{name}> does not exist.")


def _defined(before: Destination, definition: Parameters) -> Destination:
    """Return a destination with the given members changed.

    Raises:
        Declined: no event type, or not exactly one place to publish to.
    """
    sns = definition.get("SnsDestination")
    others = {kind: definition[kind] for kind in _OTHER_KINDS if definition.get(kind)}
    places = len(others) + bool(sns)
    enabled, types = definition.get("Enabled"), definition.get("MatchingEventTypes")
    made = replace(
        before,
        enabled=before.enabled if enabled is None else enabled,
        types=before.types if types is None else tuple(types),
        topic=(sns["TopicArn"] if sns else None) if places else before.topic,
        others=others if places else before.others,
    )
    if not made.types:
        raise bad_request("An event destination needs at least one event type.")
    if places > 1 or not (made.topic or made.others):
        raise bad_request("An event destination needs exactly one destination.")
    return made


def _validate(ses: Ses, topics: Topics, owner: ConfigurationSet, destination: Destination) -> None:
    """Publish the validation message; SES knows standard topics only (ses-facts 2.3)."""
    topic = destination.topic
    if topic is None:
        return
    if topic.endswith(".fifo"):
        raise bad_request(f"Topic <{topic}> is a FIFO topic.")
    source = ses.arn("configuration-set", owner.name)
    if not topics.publish(topic, VALIDATION, source_arn=source, subject=None, at=ses.clock()):
        raise bad_request(f"Amazon SES could not publish to SNS topic <{topic}>.")


def _keep(ses: Ses, parameters: Parameters, made: Destination) -> Result:
    """Put a destination in its place; the set may have changed while SES published."""
    with ses.lock:
        owner = named(ses, parameters)
        others = [one for one in owner.destinations if one.name != made.name]
        ordered = sorted([*others, made], key=lambda one: one.name)
        ses.sets[owner.name] = replace(owner, destinations=tuple(ordered))
    return {}


def _shown(one: Destination) -> Mapping[str, object]:
    return {
        "Name": one.name,
        "Enabled": one.enabled,
        "MatchingEventTypes": one.types,
        "SnsDestination": {"TopicArn": one.topic} if one.topic else None,
        **one.others,
    }
