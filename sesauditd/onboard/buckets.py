"""The bucket that keeps every notification: closed, encrypted, versioned, tidied."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sesauditd.errors import Forbidden
from sesauditd.model.plan import Change, Conflict, Verb
from sesauditd.onboard.naming import TAG
from sesauditd.onboard.ownership import KEY

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document
    from sesauditd.onboard.ownership import Ownership

ENCRYPTION: Final = "AES256"
"""Keys that S3 manages; a bucket with a key of its own keeps it."""
UPLOAD_DAYS: Final = 7
OLD_VERSION_DAYS: Final = 90
"""How long a person has to notice that something was deleted or overwritten."""
FOREIGN: Final = "foreign"

Rule = Mapping[str, Any]


class Found(Protocol):
    """A bucket as S3 describes it."""

    @property
    def region(self) -> str:
        """Return where it is."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Return all its tags."""
        ...

    @property
    def closed(self) -> bool:
        """Say whether all public access is blocked."""
        ...

    @property
    def encryption(self) -> str | None:
        """Return how new objects are encrypted."""
        ...

    @property
    def versioned(self) -> bool:
        """Say whether it keeps old versions."""
        ...

    @property
    def rules(self) -> Sequence[Rule]:
        """Return the rules of its lifecycle."""
        ...


class Looking(Protocol):
    """Looks at a bucket."""

    async def bucket(self, name: str) -> Found | None:
        """Return a bucket of this account, None if there is none of that name."""
        ...

    async def is_foreign(self, name: str) -> bool:
        """Return whether there is one that we may not look at."""
        ...


class Buckets(Looking, Protocol):
    """The administration of S3."""

    async def create(self, name: str) -> None:
        """Make a bucket."""
        ...

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Give a bucket exactly these tags."""
        ...

    async def close(self, name: str) -> None:
        """Block all public access."""
        ...

    async def encrypt(self, name: str) -> None:
        """Encrypt new objects with keys that S3 manages."""
        ...

    async def keep_versions(self, name: str) -> None:
        """Keep old versions from now on."""
        ...

    async def set_rules(self, name: str, rules: Sequence[Rule]) -> None:
        """Give a bucket exactly these rules."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The bucket of the archive; of a lifecycle only our own rules are set, others stay."""

    buckets: Buckets
    bucket: str
    prefix: str
    """The archive's folder in it: our rules touch nothing else."""
    region: str
    installation_prefix: str
    ownership: Ownership
    why: str = "keeps every notification as it came"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"S3 bucket {self.bucket}"

    async def observe(self) -> Document | None:
        """Return how the bucket stands. Raises Unavailable or Forbidden."""
        try:
            found = await self.buckets.bucket(self.bucket)
        except Forbidden:
            if await self.buckets.is_foreign(self.bucket):
                return {FOREIGN: True}
            raise
        if found is None:
            return None
        rules: dict[str, JSON] = {str(rule.get("ID", "")): _plain(rule) for rule in found.rules}
        return {
            KEY: found.tags.get(TAG),
            "other_tags": {key: value for key, value in found.tags.items() if key != TAG},
            "region": found.region,
            "public_access": "blocked" if found.closed else "possible",
            "encryption": found.encryption,
            "versions": "kept" if found.versioned else "not kept",
            "lifecycle": rules,
        }

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how the bucket should stand; a rule that would delete notifications conflicts."""
        conflict = self._conflict(observed)
        if conflict is not None:
            return conflict
        standing = observed or {}
        return {
            KEY: self.ownership.installation,
            "other_tags": standing.get("other_tags", {}),
            "region": self.region,
            "public_access": "blocked",
            "encryption": standing.get("encryption") or ENCRYPTION,
            "versions": "kept",
            "lifecycle": _rules_in(standing) | self._rules(),
        }

    async def apply(self, change: Change) -> None:
        """Make the bucket, and set of it what differs. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        differing = {key for key, value in after.items() if before.get(key) != value}
        if change.verb is Verb.CREATE:
            self.ownership.begun.add(self.name)
            await self.buckets.create(self.bucket)
            # First of all, or a death here would leave a bucket that is nobody's.
            await self.buckets.tag(self.bucket, {TAG: str(after[KEY])})
            self.ownership.begun.discard(self.name)
            differing.discard(KEY)
        if "public_access" in differing:
            await self.buckets.close(self.bucket)
        if "encryption" in differing:
            await self.buckets.encrypt(self.bucket)
        if "versions" in differing:
            await self.buckets.keep_versions(self.bucket)
        if "lifecycle" in differing:
            await self.buckets.set_rules(self.bucket, list(_rules_in(after).values()))
        if KEY in differing:
            others = before.get("other_tags")
            kept = others if isinstance(others, Mapping) else {}
            tags = {key: str(value) for key, value in kept.items()}
            await self.buckets.tag(self.bucket, tags | {TAG: str(after[KEY])})

    def _conflict(self, observed: Document | None) -> Conflict | None:
        match observed:
            case {"foreign": True}:
                return Conflict(
                    resource=self.name,
                    found="a bucket of another account, or one that these credentials may not see",
                    wanted="a bucket of this account",
                    advice="Choose another name: bucket in [archive] of the configuration.",
                )
            case {"region": str(region)} if region != self.region:
                return Conflict(
                    resource=self.name,
                    found=f"a bucket in {region}",
                    wanted=f"one in {self.region}",
                    advice="Choose another name: bucket in [archive] of the configuration.",
                )
        deleting = [
            rule_id
            for rule_id, rule in _rules_in(observed or {}).items()
            if rule_id not in self._rules() and _deletes_under(rule, self.prefix)
        ]
        if deleting:
            return Conflict(
                resource=self.name,
                found=f"the lifecycle rule {deleting[0]}, which deletes objects",
                wanted=f"that nothing under {self.prefix}/ is ever deleted",
                advice="Limit the rule to another prefix, or remove it.",
            )
        return self.ownership.conflict(self.name, observed)

    def _rules(self) -> dict[str, Document]:
        """Return our rules: unfinished uploads end, old versions end once they were noticed."""
        ours: Mapping[str, Document] = {
            "uploads": {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS}},
            "versions": {"NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS}},
        }
        where = {"Prefix": f"{self.prefix}/" if self.prefix else ""}
        named = {f"{self.installation_prefix}-{name}": rule for name, rule in ours.items()}
        return {
            name: {"ID": name, "Status": "Enabled", "Filter": where, **rule}
            for name, rule in named.items()
        }


def _rules_in(document: Document) -> dict[str, Document]:
    rules = document.get("lifecycle")
    found = rules if isinstance(rules, Mapping) else {}
    return {key: rule for key, rule in found.items() if isinstance(rule, Mapping)}


def _plain(rule: Rule) -> JSON:
    """Return a rule as JSON; S3 takes the dates in it as texts, too."""
    plain: JSON = json.loads(json.dumps(dict(rule), default=lambda date: date.isoformat()))
    return plain


def _deletes_under(rule: Rule, prefix: str) -> bool:
    """Return whether a rule deletes current objects in a folder, or in one above or below it."""
    if rule.get("Status") != "Enabled" or not _ends_objects(rule.get("Expiration")):
        return False
    chosen = rule.get("Filter") or {}
    narrowed = chosen.get("And") or chosen
    start = str(narrowed.get("Prefix") or rule.get("Prefix") or "")
    folder = f"{prefix}/" if prefix else ""
    return start.startswith(folder) or folder.startswith(start)


def _ends_objects(expiration: Mapping[str, Any] | None) -> bool:
    return bool(expiration) and any(key in (expiration or {}) for key in ("Days", "Date"))
