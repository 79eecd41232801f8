"""The administration of users: a key is asked for once, and no error holds its secret."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.users import Users
from sesauditd.errors import Forbidden, Missing, Unavailable, Uncertain
from tests.unit.aws.wire import RESET, Reply, refused_in_xml

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = refused_in_xml("NoSuchEntity", 404)
BOUNDARY = "arn:aws:iam::123456789012:policy/sesaudit/boundary"


def answered(inside: str = "") -> Reply:
    result = f"<@operation@Result>{inside}</@operation@Result>"
    return Reply(body=f"<@operation@Response>{result}</@operation@Response>".encode())


def key(*, whole: bool = True) -> Reply:
    secret = "<SecretAccessKey>TOPSECRET</SecretAccessKey>" if whole else ""
    return answered(f"<AccessKey><AccessKeyId>AKIA1</AccessKeyId>{secret}</AccessKey>")


async def test_a_user_is_read_with_path_boundary_and_tags(wire: Wire, clients: Clients) -> None:
    bound = f"<PermissionsBoundary><PermissionsBoundaryArn>{BOUNDARY}</PermissionsBoundaryArn>"
    tags = "<Tags><member><Key>sesauditd</Key><Value>main</Value></member></Tags>"
    inside = f"<Path>/sesaudit/</Path>{bound}</PermissionsBoundary>{tags}"
    wire.will(answered(f"<User>{inside}</User>"))
    assert await Users(clients).user("x") == {
        "path": "/sesaudit/",
        "boundary": BOUNDARY,
        "tags": {"sesauditd": "main"},
    }
    wire.will(answered("<User><Path>/</Path></User>"))
    assert await Users(clients).user("x") == {"path": "/", "boundary": None, "tags": {}}
    wire.will(ABSENT)
    assert await Users(clients).user("x") is None


async def test_a_key_comes_with_its_secret_and_hides_it(wire: Wire, clients: Clients) -> None:
    wire.will(key())
    made = await Users(clients).create_key("x")
    assert (made.id, made.secret) == ("AKIA1", "TOPSECRET")
    assert "TOPSECRET" not in repr(made)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (RESET, Uncertain),
        (refused_in_xml("ServiceFailure", 500), Uncertain),
        (refused_in_xml("ServiceUnavailable", 503), Uncertain),
        (refused_in_xml("Throttling", 400), Unavailable),
        (refused_in_xml("LimitExceeded", 409), Forbidden),
        (ABSENT, Missing),
    ],
    ids=["reset", "500", "503", "throttled", "two are there", "no user"],
)
async def test_a_key_is_asked_for_once_whatever_comes_back(
    wire: Wire, clients: Clients, reply: Reply, error: type[Exception]
) -> None:
    wire.will(reply)
    with pytest.raises(error):
        await Users(clients).create_key("x")
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        key(whole=False),
        answered(),
        Reply(body=b"<CreateAccessKeyResponse><SecretAccessKey>TOPSECRET</Sec"),
        Reply(body=b"<CreateAccessKeyResponse>TOPSECRET", cut_at=30),
    ],
    ids=["no secret", "empty", "no XML", "cut"],
)
async def test_half_an_answer_may_have_made_a_key_and_tells_no_secret(
    wire: Wire, clients: Clients, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Uncertain) as raised:
        await Users(clients).create_key("x")
    assert "TOPSECRET" not in "".join(traceback.format_exception(raised.value))


CHANGES: dict[str, Callable[[Users], Awaitable[object]]] = {
    "CreateUser": lambda iam: iam.create("x", "/p/", boundary=BOUNDARY, tags={"a": "b"}),
    "PutUserPermissionsBoundary": lambda iam: iam.bound("x", BOUNDARY),
    "UpdateUser": lambda iam: iam.move("x", "/p/"),
    "TagUser": lambda iam: iam.tag("x", {"a": "b"}),
    "DeleteAccessKey": lambda iam: iam.delete_key("x", "AKIAIOSFODNN7EXAMPLE"),
    "RemoveUserFromGroup": lambda iam: iam.leave("x", "g"),
    "DeleteUser": lambda iam: iam.delete("x"),
}


@pytest.mark.parametrize("operation", CHANGES)
async def test_each_change_is_the_call_it_says(
    wire: Wire, clients: Clients, operation: str
) -> None:
    wire.will(answered())
    await CHANGES[operation](Users(clients))
    assert [one.operation for one in wire.asked] == [operation]
    assert wire.asked[0].parameters["UserName"] == "x"


@pytest.mark.parametrize("operation", ["DeleteAccessKey", "RemoveUserFromGroup", "DeleteUser"])
async def test_what_is_gone_may_be_removed_again(
    wire: Wire, clients: Clients, operation: str
) -> None:
    wire.will(ABSENT)
    await CHANGES[operation](Users(clients))


async def test_lists_are_read_to_their_end(wire: Wire, clients: Clients) -> None:
    more = "<IsTruncated>true</IsTruncated><Marker>m</Marker>"
    wire.will(
        answered(f"<PolicyNames><member>a</member></PolicyNames>{more}"),
        answered("<PolicyNames><member>b</member></PolicyNames>"),
    )
    assert await Users(clients).inline_policies("x") == ["a", "b"]
    wire.will(answered("<Groups><member><GroupName>g</GroupName></member></Groups>"))
    assert await Users(clients).groups("x") == ["g"]
