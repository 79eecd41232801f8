"""A domain as an identity of SES: its DKIM keys, its default set, and its MAIL FROM name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Conflict, Verb
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.records import Signing

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.onboard.ownership import Ownership

EASY: Final = "AWS_SES"
KEY_LENGTH: Final = "RSA_2048_BIT"
WITHOUT_RECORDS: Final = "USE_DEFAULT_VALUE"
"""Mail goes out by SES's own name while the records of MAIL FROM are missing."""


class Identities(Protocol):
    """The administration of identities; documents as `aws.identities` says them."""

    async def identity(self, name: str) -> Document | None:
        """Return an identity, None if there is none."""
        ...

    async def create(self, name: str, configuration_set: str, tags: Mapping[str, str]) -> None:
        """Make a domain an identity with keys of 2048 bits."""
        ...

    async def use_set(self, name: str, configuration_set: str) -> None:
        """Make a set the one that mail uses which names none."""
        ...

    async def sign(self, name: str) -> None:
        """Sign an identity's mail again."""
        ...

    async def lengthen_key(self, name: str) -> None:
        """Let the next key have 2048 bits."""
        ...

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to an identity."""
        ...


class Senders(Protocol):
    """The administration of MAIL FROM names."""

    async def mail_from(self, name: str) -> Document | None:
        """Return an identity's MAIL FROM name, None if it has none."""
        ...

    async def send_from(self, name: str, mail_from: str) -> None:
        """Give an identity a MAIL FROM name, and let SES look for its records anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A domain that may send; SES adds the DKIM tokens and the zone that they point into."""

    identities: Identities
    domain: str
    set_name: str
    ownership: Ownership
    why: str = "lets SES send for the domain, signed"

    @property
    def name(self) -> str:
        """Return its name for people, under which facts hold it."""
        return identity_name(self.domain)

    async def observe(self) -> Document | None:
        """Return how the identity stands. Raises Unavailable or Forbidden."""
        return tagged(await self.identities.identity(self.domain))

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how it should stand; keys of the owner's own stay, as do tokens and zone."""
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        signing = _mapping(observed, "signing")
        kept = signing if signing.get("origin", EASY) != EASY else {**signing, **_easy()}
        return {
            KEY: self.ownership.installation,
            "configuration_set": self.set_name,
            "signing": {**kept, "enabled": True},
        }

    async def apply(self, change: Change) -> None:
        """Make the identity, or set of it what differs. Raises Failed."""
        if change.verb is Verb.CREATE:
            await self.identities.create(self.domain, self.set_name, self.ownership.tags)
            return
        before, after = change.before or {}, change.after or {}
        signing, signed = _mapping(before, "signing"), _mapping(after, "signing")
        if signing.get("key_length") != signed.get("key_length"):
            await self.identities.lengthen_key(self.domain)
        if not signing.get("enabled"):
            await self.identities.sign(self.domain)
        if before["configuration_set"] != after["configuration_set"]:
            await self.identities.use_set(self.domain, self.set_name)
        if before[KEY] != after[KEY]:
            # Last, so that an identity that is half taken over is not taken for ours.
            await self.identities.tag(self.domain, self.ownership.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFrom:
    """The name in the envelope, so that SPF passes for the domain; ours if the identity is."""

    senders: Senders
    domain: str
    mail_from: str
    """The whole name, below the domain: `bounce.example.com`."""
    why: str = "lets SPF pass for the domain itself"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SES MAIL FROM of {self.domain}"

    async def observe(self) -> Document | None:
        """Return how it stands. Raises Unavailable or Forbidden."""
        return await self.senders.mail_from(self.domain)

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how it should stand; another name, with records of its own, is in the way."""
        found = self.mail_from if observed is None else observed["domain"]
        if found != self.mail_from:
            return Conflict(
                resource=self.name,
                found=str(found),
                wanted=self.mail_from,
                advice="Remove that MAIL FROM name at SES and its records, or keep it by "
                "[onboarding] mail_from.",
            )
        return {
            "domain": self.mail_from,
            "without_its_records": WITHOUT_RECORDS,
            # SES gives up after three days, until it is asked once more.
            "looked_for": True,
        }

    async def apply(self, change: Change) -> None:
        """Set the name, or have SES look for its records anew. Raises Failed."""
        del change
        await self.senders.send_from(self.domain, self.mail_from)


def identity_name(domain: str) -> str:
    """Return the name under which facts hold a domain's identity."""
    return f"SES identity {domain}"


def signing_of(document: Document | None) -> Signing | None:
    """Return what an identity needs in DNS for DKIM, None before it exists.

    With keys of the owner's own there are no tokens: their records are the owner's.
    """
    signing = _mapping(document, "signing")
    if not signing:
        return None
    if signing.get("origin") != EASY:
        return Signing(tokens=(), hosted_zone="")
    tokens = signing.get("tokens")
    listed = tokens if isinstance(tokens, Sequence) else ()
    return Signing(tokens=tuple(map(str, listed)), hosted_zone=str(signing.get("zone", "")))


def _easy() -> Document:
    return {"origin": EASY, "key_length": KEY_LENGTH}


def _mapping(document: Document | None, key: str) -> Document:
    value = (document or {}).get(key)
    return value if isinstance(value, Mapping) else {}
