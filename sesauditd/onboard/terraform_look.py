"""What stands of a domain at AWS and in its zone, looked at for who writes it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Refused
from sesauditd.onboard import records, zones
from sesauditd.onboard.access import user_name
from sesauditd.onboard.identity import signing_of
from sesauditd.onboard.record_sets import key, values_of
from sesauditd.onboard.zones import Zone

if TYPE_CHECKING:
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.model.plan import JSON, Document
    from sesauditd.model.zones import RecordSet
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.records import Record
    from sesauditd.onboard.zones import ZoneChoice


class Portrait(Protocol):
    """Configuration sets with everything that is said of them."""

    async def configuration_set(self, name: str) -> Document | None:
        """Return a set with all its options, None if there is none."""
        ...

    async def destinations(self, configuration_set: str) -> Sequence[Document]:
        """Return all event destinations of a set."""
        ...


class Powers(Protocol):
    """What IAM users may do, and by what; each raises Missing without the user."""

    async def inline_policies(self, user: str) -> Sequence[str]:
        """Return the names of a user's inline policies."""
        ...

    async def inline_policy(self, user: str, name: str) -> Mapping[str, JSON] | None:
        """Return an inline policy of a user, None if there is none."""
        ...

    async def attached(self, user: str) -> Sequence[str]:
        """Return the ARNs of the managed policies of a user."""
        ...

    async def groups(self, user: str) -> Sequence[str]:
        """Return the names of a user's groups."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStanding:
    """A configuration set, and what it reports to whom."""

    name: str
    options: Document
    destinations: Sequence[Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStanding:
    """An IAM user and all that it may do; keys are not looked at."""

    name: str
    properties: Document
    inline: Mapping[str, Mapping[str, JSON]]
    attached: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStanding:
    """A record that the domain needs, and the sets of its name and type that stand there."""

    wanted: Record
    sets: Sequence[RecordSet]

    @property
    def says_it(self) -> bool:
        """Return whether one of them says what is needed."""
        return any(self.wanted.value in values_of(one) for one in self.sets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A domain as it stands."""

    domain: str
    identity: Document
    mail_from: Document | None
    configuration_set: SetStanding | None
    user: UserStanding | None
    zone: ZoneChoice
    records: Sequence[RecordStanding]
    """What is needed; looked for only in a zone of this account."""
    tenant: str | None = None
    """What its mail is to name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Looks at domains; never writes."""

    layout: Layout
    adapters: Adapters
    portrait: Portrait
    powers: Powers

    async def look(self, kept: KeptDomain) -> Standing:
        """Return how a domain stands.

        Raises Refused where there is nothing yet, Unavailable or Forbidden.
        """
        domain = kept.name
        identity = await self.adapters.identities.identity(domain)
        if identity is None:
            raise Refused(
                f"SES has no identity {domain}, so there is nothing to write down: "
                f"`sesauditd onboard {domain}` makes it"
            )
        mail_from = await self.adapters.senders.mail_from(domain)
        used = identity["configuration_set"] or self.layout.account.set_name(domain)
        user = user_name(domain) if kept.taken_over is None else kept.taken_over
        zone = await zones.choose(domain, self.adapters.hosted, self.adapters.dns)
        return Standing(
            domain=domain,
            identity=identity,
            mail_from=mail_from,
            configuration_set=await self._set(str(used)),
            user=await self._user(user) if user else None,
            zone=zone,
            records=await self._records(self._needed(domain, identity, mail_from), zone),
            tenant=kept.tenant,
        )

    async def _set(self, name: str) -> SetStanding | None:
        options = await self.portrait.configuration_set(name)
        if options is None:
            return None
        destinations = await self.portrait.destinations(name)
        return SetStanding(name=name, options=options, destinations=destinations)

    async def _user(self, name: str) -> UserStanding | None:
        properties = await self.adapters.users.user(name)
        if properties is None:
            return None
        inline = {
            policy: found
            for policy in sorted(await self.powers.inline_policies(name))
            if (found := await self.powers.inline_policy(name, policy)) is not None
        }
        return UserStanding(
            name=name,
            properties=properties,
            inline=inline,
            attached=sorted(await self.powers.attached(name)),
            groups=sorted(await self.powers.groups(name)),
        )

    def _needed(
        self, domain: str, identity: Document, mail_from: Document | None
    ) -> Sequence[Record]:
        signing = signing_of(identity)
        return (
            *(records.dkim(domain, signing) if signing is not None else ()),
            *(
                records.mail_from(str(mail_from["domain"]), self.layout.account.region)
                if mail_from is not None
                else ()
            ),
            records.dmarc_record(domain, self.layout.dmarc_rua),
        )

    async def _records(
        self, needed: Sequence[Record], zone: ZoneChoice
    ) -> Sequence[RecordStanding]:
        if not isinstance(zone, Zone):
            return [RecordStanding(wanted=one, sets=()) for one in needed]
        names = dict.fromkeys(one.name for one in needed)
        at = {name: await self.adapters.hosted.at(zone.id, name) for name in names}
        return [
            RecordStanding(
                wanted=one, sets=[found for found in at[one.name] if key(found) == one.key]
            )
            for one in needed
        ]
