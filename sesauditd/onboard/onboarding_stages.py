"""Everything that one domain needs on AWS and in DNS, in the order in which it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sesauditd.onboard import record_stages
from sesauditd.onboard.access import SendPolicy, User, policy_name, sending, user_name
from sesauditd.onboard.engine import Unknown
from sesauditd.onboard.identity import Identity, MailFrom, identity_name, signing_of
from sesauditd.onboard.record_resources import Group, RecordSets
from sesauditd.onboard.record_stages import Place, Sending
from sesauditd.onboard.sets import ConfigurationSet, EventDestination
from sesauditd.onboard.tenants import joined
from sesauditd.onboard.zones import HostedZones

if TYPE_CHECKING:
    from sesauditd.onboard.access import Policies, Users
    from sesauditd.onboard.dns import Dns
    from sesauditd.onboard.engine import Facts, Resource, Stage
    from sesauditd.onboard.identity import Identities, Senders
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.records import Signing
    from sesauditd.onboard.sets import Destinations, Sets
    from sesauditd.onboard.tenants import AllTenants
    from sesauditd.onboard.zones import Zone


class Hosted(HostedZones, RecordSets, Protocol):
    """The hosted zones of the account and what stands in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """The services that onboarding a domain asks."""

    sets: Sets
    destinations: Destinations
    identities: Identities
    senders: Senders
    users: Users
    policies: Policies
    hosted: Hosted
    dns: Dns
    tenants: AllTenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the installation onboards: names, and what the configuration says."""

    account: Account
    topic_arn: str
    mail_from_label: str
    dmarc_rua: str | None
    ownership: Ownership

    def mail_from(self, domain: str) -> str:
        """Return the domain's MAIL FROM name."""
        return f"{self.mail_from_label}.{domain}"

    def taking_over(self) -> Layout:
        """Return the layout that makes ours what stands there without a tag."""
        return replace(self, ownership=replace(self.ownership, take_over=True))


def stages(
    layout: Layout,
    at: Adapters,
    domain: str,
    *,
    zone: Zone | None,
    tenant: str | None,
    may_send: bool = True,
) -> Sequence[Stage]:
    """Return what one domain needs; no records where `zone` is None, as they belong elsewhere.

    `domain` is an A-label. `tenant` is what its mail is to name, None without one. `may_send` is
    False for a domain that is stopped: its set, if it is made anew, then does not send.
    """
    records: Sequence[Stage] = ()
    if zone is not None:
        records = [_with_records(one) for one in _records(layout, at, domain, zone)]
    return [
        lambda _facts: ses(layout, at, domain, may_send=may_send),
        *records,
        *tenancy(layout, at, domain, tenant),
        lambda _facts: access(layout, at, domain),
    ]


def ses(layout: Layout, at: Adapters, domain: str, *, may_send: bool) -> Sequence[Resource]:
    """Return the set, what it reports, the identity and its MAIL FROM name."""
    return [
        *identity_and_set(layout, at, domain, may_send=may_send),
        MailFrom(senders=at.senders, domain=domain, mail_from=layout.mail_from(domain)),
    ]


def identity_and_set(
    layout: Layout, at: Adapters, domain: str, *, may_send: bool = True
) -> Sequence[Resource]:
    """Return what brings the domain's feedback to the daemon."""
    set_name = layout.account.set_name(domain)
    return [
        ConfigurationSet(
            sets=at.sets, set_name=set_name, ownership=layout.ownership, may_send=may_send
        ),
        EventDestination(
            destinations=at.destinations,
            set_name=set_name,
            destination=layout.account.prefix,
            topic_arn=layout.topic_arn,
        ),
        Identity(
            identities=at.identities,
            domain=domain,
            set_name=set_name,
            ownership=layout.ownership,
        ),
    ]


def tenancy(layout: Layout, at: Adapters, domain: str, tenant: str | None) -> Sequence[Stage]:
    """Return what lets the domain's mail name a tenant, nothing without one."""
    if tenant is None:
        return ()
    set_name = layout.account.set_name(domain)
    return [
        lambda _facts: joined(
            at.tenants, layout.ownership, tenant, domain=domain, set_name=set_name
        )
    ]


def access(
    layout: Layout, at: Adapters, domain: str, user: str | None = None
) -> Sequence[Resource]:
    """Return the domain's user, by default that of its name, and what it may do.

    Its key is made apart, last of all.
    """
    user = user or user_name(domain)
    return [
        User(
            users=at.users,
            user=user,
            path=layout.account.path,
            boundary=layout.account.boundary_arn,
            ownership=layout.ownership,
        ),
        SendPolicy(
            policies=at.policies,
            user=user,
            policy=policy_name(layout.account.prefix),
            statements=sending(layout.account, domain),
        ),
    ]


def signing(facts: Facts, domain: str) -> Signing | None:
    """Return what a domain needs in DNS for DKIM, None before its identity exists."""
    return signing_of(facts.get(identity_name(domain)))


def _records(layout: Layout, at: Adapters, domain: str, zone: Zone) -> Sequence[Stage]:
    return record_stages.stages(
        Sending(
            domain=domain,
            region=layout.account.region,
            mail_from=layout.mail_from(domain),
            rua=layout.dmarc_rua,
            signing=lambda facts: signing(facts, domain),
        ),
        Place(zone=zone, hosted=at.hosted, dns=at.dns),
    )


def _with_records(stage: Stage) -> Stage:
    """Leave out groups without records: keys of the owner's own have records of the owner's."""

    def kept(facts: Facts) -> Sequence[Resource] | Unknown:
        made = stage(facts)
        if isinstance(made, Unknown):
            return made
        return [one for one in made if not isinstance(one, Group) or one.records]

    return kept
