"""The administration of identities and sets: canonical documents, and one call a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.identities import Identities
from sesauditd.aws.sets import Sets
from sesauditd.errors import Unavailable
from tests.unit.aws.wire import Reply, refused, said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = refused("NotFoundException", 404)
TAGS = [{"Key": "sesauditd", "Value": "main"}]
IDENTITY = {
    "VerifiedForSendingStatus": True,
    "VerificationStatus": "SUCCESS",
    "ConfigurationSetName": "sesaudit-x",
    "DkimAttributes": {
        "SigningEnabled": True,
        "Status": "PENDING",
        "Tokens": ["b", "a"],
        "SigningHostedZone": "z.dkim.amazonses.com",
        "SigningAttributesOrigin": "AWS_SES",
        "NextSigningKeyLength": "RSA_2048_BIT",
    },
    "MailFromAttributes": {
        "MailFromDomain": "bounce.x.example",
        "MailFromDomainStatus": "FAILED",
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    },
    "VerificationInfo": {"ErrorType": "HOST_NOT_FOUND"},
    "Tags": TAGS,
}


async def test_an_identity_is_read_in_one_form(wire: Wire, clients: Clients) -> None:
    wire.will(said(IDENTITY))
    identities = Identities(clients)
    assert await identities.identity("x.example") == {
        "configuration_set": "sesaudit-x",
        "signing": {
            "enabled": True,
            "origin": "AWS_SES",
            "key_length": "RSA_2048_BIT",
            "zone": "z.dkim.amazonses.com",
            "tokens": ["b", "a"],
        },
        "tags": {"sesauditd": "main"},
    }
    assert await identities.mail_from("x.example") == {
        "domain": "bounce.x.example",
        "without_its_records": "USE_DEFAULT_VALUE",
        "looked_for": False,
    }
    assert await identities.verification("x.example") == {
        "verified": True,
        "identity": "SUCCESS",
        "dkim": "PENDING",
        "mail_from": "FAILED",
        "error": "HOST_NOT_FOUND",
    }
    assert identities.arn("x.example").endswith(":identity/x.example")


async def test_what_does_not_exist_is_none(wire: Wire, clients: Clients) -> None:
    wire.will(ABSENT)
    identities, sets = Identities(clients), Sets(clients)
    assert await identities.identity("x.example") is None
    assert await identities.mail_from("x.example") is None
    assert await identities.verification("x.example") is None
    assert await sets.configuration_set("s") is None
    assert await sets.destination("s", "d") is None


async def test_an_identity_without_a_mail_from_has_none(wire: Wire, clients: Clients) -> None:
    wire.will(said({"VerifiedForSendingStatus": False}))
    assert await Identities(clients).mail_from("x.example") is None


@pytest.mark.parametrize("reply", [said({}), Reply(body=b'{"Ver')], ids=["empty", "half"])
async def test_half_an_answer_is_no_answer(wire: Wire, clients: Clients, reply: Reply) -> None:
    wire.will(reply)
    with pytest.raises(Unavailable):
        await Identities(clients).identity("x.example")
    with pytest.raises(Unavailable):
        await Sets(clients).configuration_set("s")
    with pytest.raises(Unavailable):
        await Sets(clients).destination("s", "d")


@pytest.mark.parametrize(
    ("options", "reasons", "scope"),
    [
        (None, None, None),
        ({"SuppressedReasons": []}, [], None),
        ({"SuppressedReasons": ["COMPLAINT", "BOUNCE"]}, ["BOUNCE", "COMPLAINT"], None),
        ({"SuppressedReasons": ["BOUNCE"], "SuppressionScope": "TENANT"}, ["BOUNCE"], "TENANT"),
    ],
    ids=["the account's", "none", "both", "a tenant's"],
)
async def test_a_set_tells_its_own_suppression_from_the_accounts(
    wire: Wire,
    clients: Clients,
    options: dict[str, object] | None,
    reasons: list[str] | None,
    scope: str | None,
) -> None:
    answer = {"SendingOptions": {"SendingEnabled": False}, "Tags": TAGS}
    wire.will(said(answer | ({} if options is None else {"SuppressionOptions": options})))
    assert await Sets(clients).configuration_set("s") == {
        "sending_enabled": False,
        "reputation_metrics": False,
        "suppressed_reasons": reasons,
        "suppression_scope": scope,
        "tags": {"sesauditd": "main"},
    }


async def test_a_destination_is_read_by_its_name(wire: Wire, clients: Clients) -> None:
    ours = {
        "Name": "sesaudit",
        "Enabled": True,
        "MatchingEventTypes": ["SEND", "BOUNCE"],
        "SnsDestination": {"TopicArn": "arn:topic"},
    }
    other = {
        "Name": "other",
        "Enabled": False,
        "MatchingEventTypes": ["OPEN"],
        "EventBridgeDestination": {"EventBusArn": "arn:bus"},
    }
    wire.will(said({"EventDestinations": [other, ours]}))
    sets = Sets(clients)
    assert await sets.destination("s", "sesaudit") == {
        "enabled": True,
        "topic": "arn:topic",
        "types": ["BOUNCE", "SEND"],
    }
    found = await sets.destination("s", "other")
    assert found is not None
    assert found["elsewhere"] == ["EventBridgeDestination"]
    assert await sets.destination("s", "none") is None


SET_CHANGES: dict[str, Callable[[Sets], Awaitable[object]]] = {
    "create": lambda ses: ses.create("s", sending=True, reasons=["BOUNCE"], tags={"a": "b"}),
    "measure": lambda ses: ses.measure("s"),
    "suppress": lambda ses: ses.suppress("s", ["BOUNCE"], None),
    "tag": lambda ses: ses.tag("s", {"a": "b"}),
    "create destination": lambda ses: ses.create_destination("s", "d", topic="t", types=["SEND"]),
    "update destination": lambda ses: ses.update_destination("s", "d", topic="t", types=["SEND"]),
    "delete": lambda ses: ses.delete("s"),
}
IDENTITY_CHANGES: dict[str, Callable[[Identities], Awaitable[object]]] = {
    "create": lambda ses: ses.create("x.example", "s", {"a": "b"}),
    "use set": lambda ses: ses.use_set("x.example", "s"),
    "sign": lambda ses: ses.sign("x.example"),
    "lengthen key": lambda ses: ses.lengthen_key("x.example"),
    "tag": lambda ses: ses.tag("x.example", {"a": "b"}),
    "send from": lambda ses: ses.send_from("x.example", "bounce.x.example"),
    "delete": lambda ses: ses.delete("x.example"),
}


@pytest.mark.parametrize("name", SET_CHANGES)
async def test_each_change_of_a_set_is_one_call(wire: Wire, clients: Clients, name: str) -> None:
    wire.will(said({}))
    await SET_CHANGES[name](Sets(clients))
    assert [one.method for one in wire.asked] != ["GET"]
    assert len(wire.asked) == 1


@pytest.mark.parametrize("name", IDENTITY_CHANGES)
async def test_each_change_of_an_identity_is_one_call(
    wire: Wire, clients: Clients, name: str
) -> None:
    wire.will(said({}))
    await IDENTITY_CHANGES[name](Identities(clients))
    assert [one.method for one in wire.asked] != ["GET"]
    assert len(wire.asked) == 1


async def test_what_is_gone_may_be_deleted_again(wire: Wire, clients: Clients) -> None:
    wire.will(ABSENT)
    await Sets(clients).delete("s")
    await Identities(clients).delete("x.example")


async def test_a_scope_is_kept_when_reasons_are_put(wire: Wire, clients: Clients) -> None:
    wire.will(said({}))
    await Sets(clients).suppress("s", ["BOUNCE"], "TENANT")
    assert wire.asked[0].parameters == {
        "SuppressedReasons": ["BOUNCE"],
        "SuppressionScope": "TENANT",
    }
