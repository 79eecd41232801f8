"""The IAM adapter: policies as documents, versions make room, half a list undoes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from sesauditd.aws.access import Access, Key
from sesauditd.aws.account import check
from sesauditd.errors import Forbidden, Missing, Refused, Unavailable
from tests.unit.aws.wire import ACCOUNT, Reply, refused_in_xml

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

DENY = {"Version": "2012-10-17", "Statement": [{"Sid": "Ä/+ %", "Effect": "Deny"}]}
ARN = f"arn:aws:iam::{ACCOUNT}:policy/sesaudit/block-bakery"
KEY = "AKIAIOSFODNN7EXAMPLE"
ABSENT = refused_in_xml("NoSuchEntity", 404)


def answered(inside: str = "") -> Reply:
    """Answer as IAM and STS do, whatever is asked for."""
    result = f"<@operation@Result>{inside}</@operation@Result>"
    return Reply(body=f"<@operation@Response>{result}</@operation@Response>".encode())


def _policy(default: str = "v3") -> Reply:
    inside = f"<Policy><Arn>{ARN}</Arn><DefaultVersionId>{default}</DefaultVersionId></Policy>"
    return answered(inside)


def _version(document: object) -> Reply:
    text = quote(json.dumps(document), safe="")
    inside = f"<PolicyVersion><Document>{text}</Document></PolicyVersion>"
    return answered(inside)


def _versions(*names: str, default: str) -> Reply:
    members = "".join(
        f"<member><VersionId>{name}</VersionId>"
        f"<IsDefaultVersion>{str(name == default).lower()}</IsDefaultVersion></member>"
        for name in names
    )
    return answered(f"<Versions>{members}</Versions>")


async def test_an_inline_policy_comes_back_as_it_was_written(wire: Wire, clients: Clients) -> None:
    text = quote(json.dumps(DENY), safe="")
    wire.will(answered(f"<PolicyDocument>{text}</PolicyDocument>"))
    assert await Access(clients).inline_policy("bakery", "off") == DENY


async def test_an_inline_policy_is_written_whole(wire: Wire, clients: Clients) -> None:
    wire.will(answered())
    await Access(clients).put_inline("bakery", "off", DENY)
    asked = wire.asked[0].parameters
    assert (asked["UserName"], asked["PolicyName"]) == ("bakery", "off")
    assert json.loads(asked["PolicyDocument"]) == DENY


async def test_a_policy_that_cannot_be_read_is_not_taken_for_another(
    wire: Wire, clients: Clients
) -> None:
    wire.will(answered("<PolicyDocument>%7B%22Vers</PolicyDocument>"))
    with pytest.raises(Unavailable):
        await Access(clients).inline_policy("bakery", "off")


async def test_keys_are_listed_over_pages(wire: Wire, clients: Clients) -> None:
    first = f"<member><AccessKeyId>{KEY}</AccessKeyId><Status>Active</Status></member>"
    second = "<member><AccessKeyId>AKIA2</AccessKeyId><Status>Inactive</Status></member>"
    more = "<IsTruncated>true</IsTruncated><Marker>next</Marker>"
    wire.will(
        answered(f"<AccessKeyMetadata>{first}</AccessKeyMetadata>{more}"),
        answered(f"<AccessKeyMetadata>{second}</AccessKeyMetadata>"),
    )
    keys = await Access(clients).keys("bakery")
    assert keys == [Key(id=KEY, active=True), Key(id="AKIA2", active=False)]
    assert wire.asked[1].parameters["Marker"] == "next"


@pytest.mark.parametrize(("active", "status"), [(True, "Active"), (False, "Inactive")])
async def test_a_key_is_switched(wire: Wire, clients: Clients, active: bool, status: str) -> None:
    wire.will(answered())
    await Access(clients).set_key("bakery", KEY, active=active)
    assert wire.asked[0].parameters["Status"] == status


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda access: access.keys("bakery"), id="keys"),
        pytest.param(lambda access: access.attached("bakery"), id="attached"),
        pytest.param(lambda access: access.set_key("bakery", KEY, active=False), id="set_key"),
        pytest.param(lambda access: access.put_inline("bakery", "off", DENY), id="put_inline"),
        pytest.param(lambda access: access.attach("bakery", ARN), id="attach"),
    ],
)
async def test_a_user_that_is_gone_is_missing(
    wire: Wire, clients: Clients, ask: Callable[[Access], Awaitable[object]]
) -> None:
    wire.will(ABSENT)
    with pytest.raises(Missing):
        await ask(Access(clients))


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda access: access.inline_policy("bakery", "off"), id="inline_policy"),
        pytest.param(lambda access: access.policy(ARN), id="policy"),
        pytest.param(lambda access: access.delete_inline("bakery", "off"), id="delete_inline"),
        pytest.param(lambda access: access.detach("bakery", ARN), id="detach"),
        pytest.param(lambda access: access.delete_policy(ARN), id="delete_policy"),
    ],
)
async def test_what_is_gone_needs_no_taking_away(
    wire: Wire, clients: Clients, ask: Callable[[Access], Awaitable[object]]
) -> None:
    wire.will(ABSENT)
    assert await ask(Access(clients)) is None


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda access: access.inline_policy("bakery", "off"), id="inline_policy"),
        pytest.param(lambda access: access.keys("bakery"), id="keys"),
        pytest.param(lambda access: access.policy(ARN), id="policy"),
        pytest.param(lambda access: access.attached("bakery"), id="attached"),
        pytest.param(lambda access: access.delete_policy(ARN), id="delete_policy"),
        pytest.param(lambda access: access.account(), id="account"),
    ],
)
async def test_an_answer_without_its_content_says_nothing(
    wire: Wire, clients: Clients, ask: Callable[[Access], Awaitable[object]]
) -> None:
    wire.will(answered())
    with pytest.raises(Unavailable, match="truncated"):
        await ask(Access(clients))


async def test_a_policy_that_is_not_there_is_made_with_its_tags(
    wire: Wire, clients: Clients
) -> None:
    wire.will(ABSENT, answered(f"<Policy><Arn>{ARN}</Arn></Policy>"))
    assert await _put(clients) == ARN
    asked = wire.asked[-1].parameters
    assert (asked["PolicyName"], asked["Path"]) == ("block-bakery", "/sesaudit/")
    assert asked["Tags.member.1.Key"] == "sesauditd"


async def test_a_policy_that_says_so_already_is_left_alone(wire: Wire, clients: Clients) -> None:
    wire.will(_policy(), _version(DENY))
    assert await _put(clients) == ARN
    assert [asked.operation for asked in wire.asked] == ["GetPolicy", "GetPolicyVersion"]


async def test_a_policy_gets_a_new_default_version(wire: Wire, clients: Clients) -> None:
    wire.will(_policy(), _version({}), _versions("v3", "v2", default="v3"), answered())
    await _put(clients)
    assert [asked.operation for asked in wire.asked][2:] == [
        "ListPolicyVersions",
        "CreatePolicyVersion",
    ]
    assert wire.asked[-1].parameters["SetAsDefault"] == "true"


async def test_the_oldest_of_five_versions_makes_room_but_not_the_default(
    wire: Wire, clients: Clients
) -> None:
    five = _versions("v11", "v10", "v9", "v8", "v2", default="v2")
    wire.will(_policy(), _version({}), five, answered())
    await _put(clients)
    deleted = [asked for asked in wire.asked if asked.operation == "DeletePolicyVersion"]
    assert [asked.parameters["VersionId"] for asked in deleted] == ["v8"]


async def test_a_policy_that_was_made_a_moment_ago_is_renewed(wire: Wire, clients: Clients) -> None:
    exists = refused_in_xml("EntityAlreadyExists", 409)
    wire.will(ABSENT, exists, _versions("v1", default="v1"), answered())
    assert await _put(clients) == ARN
    assert wire.asked[-1].operation == "CreatePolicyVersion"


async def test_a_policy_is_taken_from_its_users_before_it_goes(
    wire: Wire, clients: Clients
) -> None:
    users = "<PolicyUsers><member><UserName>bakery</UserName></member></PolicyUsers>"
    listed = answered(users)
    wire.will(listed, _versions("v2", "v1", default="v2"), answered())
    await Access(clients).delete_policy(ARN)
    assert [asked.operation for asked in wire.asked][2:] == [
        "DetachUserPolicy",
        "DeletePolicyVersion",
        "DeletePolicy",
    ]


async def test_a_policy_that_others_hold_is_not_deleted(wire: Wire, clients: Clients) -> None:
    nobody = answered("<PolicyUsers/>")
    conflict = refused_in_xml("DeleteConflict", 409)
    wire.will(nobody, _versions("v1", default="v1"), conflict)
    with pytest.raises(Forbidden, match="DeleteConflict"):
        await Access(clients).delete_policy(ARN)


async def test_attached_policies_are_named_by_their_arns(wire: Wire, clients: Clients) -> None:
    member = f"<member><PolicyArn>{ARN}</PolicyArn></member>"
    inside = f"<AttachedPolicies>{member}</AttachedPolicies>"
    wire.will(answered(inside))
    assert await Access(clients).attached("bakery") == [ARN]


async def test_only_the_configured_account_is_touched(wire: Wire, clients: Clients) -> None:
    wire.will(answered(f"<Account>{ACCOUNT}</Account>"))
    await check(clients, ACCOUNT)
    with pytest.raises(Refused, match="999999999999"):
        await check(clients, "999999999999")


async def _put(clients: Clients) -> str:
    return await Access(clients).put_policy(
        "block-bakery", "/sesaudit/", DENY, {"sesauditd": "main"}
    )
