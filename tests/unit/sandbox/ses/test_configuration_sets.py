from __future__ import annotations

from typing import Any

import pytest

from sesauditd.sandbox.ses.destinations import VALIDATION

TOPIC = "arn:aws:sns:eu-central-1:123456789012:feedback"
SET_ARN = "arn:aws:ses:eu-central-1:123456789012:configuration-set/shop"


def destination(**changed: Any) -> dict[str, Any]:
    return {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "COMPLAINT", "REJECT"],
        "SnsDestination": {"TopicArn": TOPIC},
    } | changed


@pytest.fixture
def shop(v2: Any) -> dict[str, str]:
    v2.create_configuration_set(ConfigurationSetName="shop")
    return {"ConfigurationSetName": "shop"}


def test_a_new_set_sends_and_follows_the_account(v2: Any, shop: Any) -> None:
    found = v2.get_configuration_set(**shop)
    assert found["SendingOptions"] == {"SendingEnabled": True}
    assert found["ReputationOptions"] == {"ReputationMetricsEnabled": False}
    assert "SuppressionOptions" not in found


def test_a_set_is_made_with_its_options(v2: Any) -> None:
    v2.create_configuration_set(
        ConfigurationSetName="shop",
        SendingOptions={"SendingEnabled": False},
        ReputationOptions={"ReputationMetricsEnabled": True},
        SuppressionOptions={"SuppressedReasons": ["BOUNCE"], "SuppressionScope": "TENANT"},
        DeliveryOptions={"TlsPolicy": "REQUIRE"},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    found = v2.get_configuration_set(ConfigurationSetName="shop")
    assert found["SendingOptions"] == {"SendingEnabled": False}
    assert found["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    expected = {"SuppressedReasons": ["BOUNCE"], "SuppressionScope": "TENANT"}
    assert found["SuppressionOptions"] == expected
    assert found["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize("name", ["a b", "a.b", "x" * 65])
def test_a_sets_name_holds_letters_digits_dashes_and_underscores(
    v2: Any, refused: Any, name: str
) -> None:
    code = refused(v2.create_configuration_set, ConfigurationSetName=name)
    assert code == "BadRequestException"


def test_a_set_is_made_once_and_deleted_once(v2: Any, shop: Any, refused: Any) -> None:
    assert refused(v2.create_configuration_set, **shop) == "AlreadyExistsException"
    v2.delete_configuration_set(**shop)
    assert refused(v2.delete_configuration_set, **shop) == "NotFoundException"
    assert refused(v2.get_configuration_set, **shop) == "NotFoundException"


def test_sets_are_listed(v2: Any, shop: Any) -> None:
    assert v2.list_configuration_sets()["ConfigurationSets"] == ["shop"]


def test_options_are_changed_one_group_at_a_time(v2: Any, shop: Any) -> None:
    v2.put_configuration_set_sending_options(**shop, SendingEnabled=False)
    v2.put_configuration_set_suppression_options(**shop, SuppressedReasons=[])
    v2.put_configuration_set_reputation_options(**shop, ReputationMetricsEnabled=True)
    v2.put_configuration_set_delivery_options(**shop, TlsPolicy="OPTIONAL", MaxDeliverySeconds=600)
    v2.put_configuration_set_tracking_options(**shop, CustomRedirectDomain="t.example.com")
    found = v2.get_configuration_set(**shop)
    assert found["SendingOptions"] == {"SendingEnabled": False}
    assert found["SuppressionOptions"] == {"SuppressedReasons": []}
    assert found["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert found["DeliveryOptions"] == {"TlsPolicy": "OPTIONAL", "MaxDeliverySeconds": 600}
    assert found["TrackingOptions"] == {"CustomRedirectDomain": "t.example.com"}
    v2.put_configuration_set_tracking_options(**shop)
    v2.put_configuration_set_suppression_options(**shop)
    found = v2.get_configuration_set(**shop)
    assert "TrackingOptions" not in found
    assert "SuppressionOptions" not in found


def test_a_destination_proves_its_topic_in_plain_text(world: Any, v2: Any, shop: Any) -> None:
    v2.create_configuration_set_event_destination(
        **shop, EventDestinationName="feedback", EventDestination=destination()
    )
    assert world.board.published == [(TOPIC, VALIDATION, SET_ARN)]
    held = v2.get_configuration_set_event_destinations(**shop)["EventDestinations"]
    assert held == [{"Name": "feedback", **destination()}]


def test_a_closed_topic_is_no_destination(world: Any, v2: Any, shop: Any, refused: Any) -> None:
    world.board.closed.add(TOPIC)
    create = v2.create_configuration_set_event_destination
    code = refused(create, **shop, EventDestinationName="a", EventDestination=destination())
    assert code == "BadRequestException"
    assert v2.get_configuration_set_event_destinations(**shop)["EventDestinations"] == []


def test_a_changed_destination_proves_its_topic_again(world: Any, v2: Any, shop: Any) -> None:
    named = {**shop, "EventDestinationName": "feedback"}
    v2.create_configuration_set_event_destination(**named, EventDestination=destination())
    v2.update_configuration_set_event_destination(**named, EventDestination={"Enabled": False})
    held = v2.get_configuration_set_event_destinations(**shop)["EventDestinations"]
    assert held == [{"Name": "feedback", **destination(Enabled=False)}]
    assert len(world.board.published) == 2


def test_another_kind_of_destination_is_kept(world: Any, v2: Any, shop: Any) -> None:
    bus = {"EventBusArn": "arn:aws:events:eu-central-1:123456789012:event-bus/default"}
    wanted = {"MatchingEventTypes": ["SEND"], "EventBridgeDestination": bus}
    v2.create_configuration_set_event_destination(
        **shop, EventDestinationName="bus", EventDestination=wanted
    )
    (held,) = v2.get_configuration_set_event_destinations(**shop)["EventDestinations"]
    assert held["EventBridgeDestination"] == bus
    assert world.board.published == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"MatchingEventTypes": []},
        {"SnsDestination": {"TopicArn": f"{TOPIC}.fifo"}},
        {"EventBridgeDestination": {"EventBusArn": "arn"}},
        {"MatchingEventTypes": ["BOUNCED"]},
    ],
    ids=["no types", "FIFO", "two places", "unknown type"],
)
def test_a_wrong_destination_is_refused(
    v2: Any, shop: Any, refused: Any, wrong: dict[str, Any]
) -> None:
    create, wanted = v2.create_configuration_set_event_destination, destination(**wrong)
    code = refused(create, **shop, EventDestinationName="a", EventDestination=wanted)
    assert code == "BadRequestException"


def test_a_destination_needs_a_place(v2: Any, shop: Any, refused: Any) -> None:
    create, wanted = v2.create_configuration_set_event_destination, destination()
    del wanted["SnsDestination"]
    code = refused(create, **shop, EventDestinationName="a", EventDestination=wanted)
    assert code == "BadRequestException"


def test_destinations_are_ten_at_most_and_of_different_names(
    v2: Any, shop: Any, refused: Any
) -> None:
    create, wanted = v2.create_configuration_set_event_destination, destination()
    for number in range(10):
        create(**shop, EventDestinationName=f"d{number}", EventDestination=wanted)
    code = refused(create, **shop, EventDestinationName="d1", EventDestination=wanted)
    assert code == "AlreadyExistsException"
    code = refused(create, **shop, EventDestinationName="more", EventDestination=wanted)
    assert code == "LimitExceededException"


def test_a_deleted_destination_is_gone(v2: Any, shop: Any, refused: Any) -> None:
    named = {**shop, "EventDestinationName": "feedback"}
    v2.create_configuration_set_event_destination(**named, EventDestination=destination())
    v2.delete_configuration_set_event_destination(**named)
    code = refused(v2.delete_configuration_set_event_destination, **named)
    assert code == "NotFoundException"
