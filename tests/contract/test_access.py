"""What IAM promises: a policy reads as it was written, and taking away may be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.access import Key
from sesauditd.errors import Missing
from tests.contract.stands import access_stand

if TYPE_CHECKING:
    from sesauditd.aws.access import Document
    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAGS = {"sesauditd": "main"}


def deny(address: str) -> Document:
    statement = {
        "Sid": "sesauditd",
        "Effect": "Deny",
        "Action": "ses:Send*",
        "Resource": "*",
        "Condition": {"ForAnyValue:StringEqualsIgnoreCase": {"ses:Recipients": [address]}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


async def test_the_account_is_named(kind: str, world: World) -> None:
    assert await access_stand(kind, world).access.account() == world.sandbox.account_id


async def test_an_inline_policy_reads_as_it_was_written(kind: str, world: World) -> None:
    stand = access_stand(kind, world)
    await stand.add_user("inline")
    assert await stand.access.inline_policy("inline", "off") is None
    for address in ("bob+a%2B@x.org", "o'hara@x.org"):
        await stand.access.put_inline("inline", "off", deny(address))
        assert await stand.access.inline_policy("inline", "off") == deny(address)
    await stand.access.delete_inline("inline", "off")
    await stand.access.delete_inline("inline", "off")
    assert await stand.access.inline_policy("inline", "off") is None


async def test_a_key_is_switched_off_and_on(kind: str, world: World) -> None:
    stand = access_stand(kind, world)
    key = await stand.add_user("keys")
    for active in (False, True):
        await stand.access.set_key("keys", key, active=active)
        assert await stand.access.keys("keys") == [Key(id=key, active=active)]
    with pytest.raises(Missing):
        await stand.access.set_key("keys", "AKIAIOSFODNN7EXAMPLE", active=False)


async def test_a_user_that_is_not_there_is_missing(kind: str, world: World) -> None:
    access = access_stand(kind, world).access
    for ask in (access.keys, access.attached):
        with pytest.raises(Missing):
            await ask("nobody")
    with pytest.raises(Missing):
        await access.put_inline("nobody", "off", deny("bob@x.org"))


async def test_a_policy_says_what_was_put_last_however_often(kind: str, world: World) -> None:
    access = access_stand(kind, world).access
    arn = f"arn:aws:iam::{world.sandbox.account_id}:policy/sesaudit/block-many"
    for number in range(8):
        document = deny(f"bob{number}@x.org")
        for _ in range(2):
            assert await access.put_policy("block-many", "/sesaudit/", document, TAGS) == arn
        assert await access.policy(arn) == document
    await access.delete_policy(arn)
    assert await access.policy(arn) is None


async def test_a_policy_is_attached_once_and_detached(kind: str, world: World) -> None:
    stand = access_stand(kind, world)
    await stand.add_user("attached")
    arn = await stand.access.put_policy("block-one", "/sesaudit/", deny("bob@x.org"), TAGS)
    for _ in range(2):
        await stand.access.attach("attached", arn)
        assert await stand.access.attached("attached") == [arn]
    for _ in range(2):
        await stand.access.detach("attached", arn)
        assert await stand.access.attached("attached") == []
    await stand.access.delete_policy(arn)


async def test_a_policy_goes_even_when_it_is_attached(kind: str, world: World) -> None:
    stand = access_stand(kind, world)
    await stand.add_user("holder")
    arn = await stand.access.put_policy("block-two", "/sesaudit/", deny("bob@x.org"), TAGS)
    await stand.access.attach("holder", arn)
    for _ in range(2):
        await stand.access.delete_policy(arn)
    assert await stand.access.attached("holder") == []


async def test_a_policy_that_is_not_there_cannot_be_attached(kind: str, world: World) -> None:
    stand = access_stand(kind, world)
    await stand.add_user("without")
    arn = f"arn:aws:iam::{world.sandbox.account_id}:policy/sesaudit/nothing"
    with pytest.raises(Missing):
        await stand.access.attach("without", arn)
