"""S3 buckets as an administrator sees and sets them; objects are the business of `archive`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sesauditd.aws.errors import Conflict, reading
from sesauditd.errors import Forbidden, Missing

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients

FIRST_REGION: Final = "us-east-1"
"""Has no location constraint; `EU` is the old name of another."""
OLD_NAMES: Final = {None: FIRST_REGION, "": FIRST_REGION, "EU": "eu-west-1"}
CLOSED: Final = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFound:
    """A bucket and what it is set to."""

    region: str
    tags: Mapping[str, str]
    closed: bool
    """Whether all four blocks of public access are on."""
    encryption: str | None
    """`AES256`, `aws:kms` or another, None if S3 names none."""
    versioned: bool
    rules: Sequence[Rule]
    """Of its lifecycle, as S3 writes them."""


class Buckets:
    """The S3 of one account."""

    def __init__(self, clients: Clients) -> None:
        self._s3 = clients.s3
        self._region = clients.region
        self._owner = {"ExpectedBucketOwner": clients.account_id}

    async def bucket(self, name: str) -> BucketFound | None:
        """Return a bucket of this account, None if there is none of that name at all.

        S3 HeadBucket, GetBucketLocation, GetBucketTagging, GetPublicAccessBlock,
        GetBucketEncryption, GetBucketVersioning, GetBucketLifecycleConfiguration.
        Raises Unavailable, and Forbidden also when it belongs to somebody else.
        """
        try:
            await self._s3.ask("HeadBucket", Bucket=name, **self._owner)
            place = (await self._ask("GetBucketLocation", name)).get("LocationConstraint")
            versions = (await self._ask("GetBucketVersioning", name)).get("Status")
        except Missing:
            return None
        block = await self._setting("GetPublicAccessBlock", "PublicAccessBlockConfiguration", name)
        encryption = await self._setting(
            "GetBucketEncryption", "ServerSideEncryptionConfiguration", name
        )
        tags = await self._setting("GetBucketTagging", "TagSet", name)
        rules = await self._setting("GetBucketLifecycleConfiguration", "Rules", name)
        closed = block.get("PublicAccessBlockConfiguration", {})
        with reading("S3 GetBucketEncryption, GetBucketTagging"):
            return BucketFound(
                region=OLD_NAMES.get(place, str(place)),
                tags={str(one["Key"]): str(one["Value"]) for one in tags.get("TagSet", ())},
                closed=all(closed.get(one) for one in CLOSED),
                encryption=_algorithm(encryption),
                versioned=versions == "Enabled",
                rules=tuple(rules.get("Rules", ())),
            )

    async def is_foreign(self, name: str) -> bool:
        """Return whether a bucket exists that we may not look at: S3 HeadBucket.

        Raises Unavailable.
        """
        try:
            await self._s3.ask("HeadBucket", Bucket=name, **self._owner)
        except Forbidden:
            return True
        except Missing:
            return False
        return False

    async def create(self, name: str) -> None:
        """Make a bucket in this region, harmless if it is ours already: S3 CreateBucket.

        Raises Unavailable, Uncertain, Forbidden also when the name is taken.
        """
        place = {} if self._region == FIRST_REGION else {"LocationConstraint": self._region}
        given = {"CreateBucketConfiguration": place} if place else {}
        try:
            await self._s3.ask("CreateBucket", Bucket=name, **given)
        except Conflict as conflict:
            if conflict.code != "BucketAlreadyOwnedByYou":
                raise

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Give a bucket exactly these tags: S3 PutBucketTagging.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await self._ask("PutBucketTagging", name, Tagging={"TagSet": listed})

    async def close(self, name: str) -> None:
        """Block all public access: S3 PutPublicAccessBlock.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        closed = dict.fromkeys(CLOSED, True)
        await self._ask("PutPublicAccessBlock", name, PublicAccessBlockConfiguration=closed)

    async def encrypt(self, name: str) -> None:
        """Encrypt new objects with keys that S3 manages: S3 PutBucketEncryption.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        await self._ask(
            "PutBucketEncryption", name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    async def keep_versions(self, name: str) -> None:
        """Keep what is overwritten or deleted as an old version: S3 PutBucketVersioning.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ask("PutBucketVersioning", name, VersioningConfiguration={"Status": "Enabled"})

    async def set_rules(self, name: str, rules: Sequence[Rule]) -> None:
        """Give a bucket exactly these rules: S3 PutBucketLifecycleConfiguration.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ask(
            "PutBucketLifecycleConfiguration",
            name,
            LifecycleConfiguration={"Rules": [dict(rule) for rule in rules]},
        )

    async def _ask(self, operation: str, name: str, **parameters: object) -> Answer:
        return await self._s3.ask(operation, Bucket=name, **self._owner, **parameters)

    async def _setting(self, operation: str, member: str, name: str) -> Answer:
        """Return a setting, empty for one that was never made: S3 says 404 then.

        A truncated answer reads as an empty one, and would have others' settings overwritten.
        """
        try:
            return await self._s3.ask(operation, (member,), Bucket=name, **self._owner)
        except Missing:
            return {}


def _algorithm(answer: Answer) -> str | None:
    for rule in answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", ()):
        return str(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])
    return None
