"""The adapter of S3's administration: what is not said is not taken for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.buckets import Buckets
from sesauditd.errors import Forbidden, Unavailable
from tests.unit.aws.wire import Reply, refused_by_s3

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

FINE = Reply(body=b"")
IN_FRANKFURT = Reply(
    body=b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-central-1'
    b"</LocationConstraint>"
)
NEVER_VERSIONED = Reply(body=b"<VersioningConfiguration/>")
LOOKED_AT = (FINE, IN_FRANKFURT, NEVER_VERSIONED)
NEVER_SET = (
    refused_by_s3("NoSuchPublicAccessBlockConfiguration", 404),
    refused_by_s3("ServerSideEncryptionConfigurationNotFoundError", 404),
    refused_by_s3("NoSuchTagSet", 404),
    refused_by_s3("NoSuchLifecycleConfiguration", 404),
)
EMPTY = (
    Reply(body=b"<PublicAccessBlockConfiguration/>"),
    Reply(body=b"<ServerSideEncryptionConfiguration/>"),
    Reply(body=b"<Tagging/>"),
    Reply(body=b"<LifecycleConfiguration/>"),
)


async def test_settings_that_were_never_made_are_none(wire: Wire, clients: Clients) -> None:
    wire.will(*LOOKED_AT, *NEVER_SET)
    found = await Buckets(clients).bucket("b")
    assert found is not None
    assert (found.region, found.closed, found.versioned) == ("eu-central-1", False, False)
    assert (found.encryption, dict(found.tags), found.rules) == (None, {}, ())


@pytest.mark.parametrize("number", [2, 3], ids=["tags", "lifecycle"])
async def test_a_truncated_answer_is_not_taken_for_an_empty_one(
    wire: Wire, clients: Clients, number: int
) -> None:
    wire.will(*LOOKED_AT, *NEVER_SET[:number], EMPTY[number])
    with pytest.raises(Unavailable, match="truncated"):
        await Buckets(clients).bucket("b")


async def test_no_bucket_is_told_from_one_of_others(wire: Wire, clients: Clients) -> None:
    buckets = Buckets(clients)
    wire.will(Reply(status=404))
    assert await buckets.bucket("b") is None
    assert not await buckets.is_foreign("b")
    wire.will(Reply(status=403))
    with pytest.raises(Forbidden):
        await buckets.bucket("b")
    assert await buckets.is_foreign("b")


async def test_a_bucket_that_is_ours_already_is_made(wire: Wire, clients: Clients) -> None:
    wire.will(refused_by_s3("BucketAlreadyOwnedByYou", 409))
    await Buckets(clients).create("b")
    wire.will(refused_by_s3("BucketAlreadyExists", 409))
    with pytest.raises(Forbidden):
        await Buckets(clients).create("b")
