"""What is removed when a domain is taken down: only what is ours, in the reverse order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.onboard import record_stages
from sesauditd.onboard.engine import Facts, Stage, Unknown
from sesauditd.onboard.identity import identity_name, signing_of
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.record_stages import Place, Sending
from sesauditd.onboard.removing import Removal, Seen, remove_user
from sesauditd.onboard.tenants import TenantRemoval

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.onboard.engine import Resource
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.removing import Look, Removers
    from sesauditd.onboard.zones import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The domain that goes."""

    domain: str
    user: str
    zone: Zone | None
    """None where its records are not ours to remove."""
    made: Collection[str]
    """Names of what was changed when it was set up: records of these groups are ours."""
    tenant: str | None = None
    """What its mail was asked to name."""


def stages(layout: Layout, at: Adapters, removers: Removers, leaving: Leaving) -> Sequence[Stage]:
    """Return what is removed: who sends first, then its records, then what SES has of it."""
    domain = leaving.domain
    identity = Seen(name=identity_name(domain), look=_identity(at, domain))
    return [
        lambda _facts: [identity],
        lambda _facts: _associations(layout, at, removers, domain),
        *_tenant(layout, removers, leaving),
        lambda _facts: [_user(layout, at, removers, leaving.user)],
        *_records(layout, at, leaving),
        lambda _facts: [_identity_removal(layout, at, removers, domain)],
        lambda _facts: [_set_removal(layout, at, removers, domain)],
    ]


def tenant_stages(
    layout: Layout, at: Adapters, removers: Removers, leaving: Leaving
) -> Sequence[Stage]:
    """Return what takes a domain out of its tenant alone; the last one takes the tenant along."""
    domain = leaving.domain
    return [
        lambda _facts: _associations(layout, at, removers, domain),
        *_tenant(layout, removers, leaving),
    ]


def _records(layout: Layout, at: Adapters, leaving: Leaving) -> Sequence[Stage]:
    if leaving.zone is None:
        return ()
    sending = Sending(
        domain=leaving.domain,
        region=layout.account.region,
        mail_from=layout.mail_from(leaving.domain),
        rua=layout.dmarc_rua,
        signing=lambda facts: signing_of(facts.get(identity_name(leaving.domain))),
    )
    place = Place(zone=leaving.zone, hosted=at.hosted, dns=at.dns)
    made = record_stages.stages(sending, place, removing=True)
    return [_only(leaving.made, one) for one in made]


def _only(made: Collection[str], stage: Stage) -> Stage:
    """Leave out groups that stood there before, word for word ours or not."""

    def ours(facts: Facts) -> Sequence[Resource] | Unknown:
        found = stage(facts)
        if isinstance(found, Unknown):
            return found
        return [one for one in found if one.name in made]

    return ours


def _associations(
    layout: Layout, at: Adapters, removers: Removers, domain: str
) -> Sequence[Resource]:
    tenants, set_name = removers.tenants, layout.account.set_name(domain)

    async def of_identity() -> Document | None:
        return _tenants(
            tagged(await at.identities.identity(domain)), await tenants.of_identity(domain)
        )

    async def of_set() -> Document | None:
        return _tenants(
            tagged(await at.sets.configuration_set(set_name)), await tenants.of_set(set_name)
        )

    async def leave_identity() -> None:
        for tenant in await tenants.of_identity(domain):
            await tenants.leave_identity(tenant, domain)

    async def leave_set() -> None:
        for tenant in await tenants.of_set(set_name):
            await tenants.leave_set(tenant, set_name)

    why = "SES deletes nothing that a tenant holds"
    return [
        Removal(
            name=f"SES tenants of identity {domain}",
            look=of_identity,
            remove=leave_identity,
            ownership=layout.ownership,
            why=why,
        ),
        Removal(
            name=f"SES tenants of configuration set {set_name}",
            look=of_set,
            remove=leave_set,
            ownership=layout.ownership,
            why=why,
        ),
    ]


def _tenants(held: Document | None, names: Sequence[str]) -> Document | None:
    """Return who holds something of ours, with the tag of what is held; None if nobody does."""
    if held is None or not names:
        return None
    return {KEY: held.get(KEY), "tenants": list(names)}


def _tenant(layout: Layout, removers: Removers, leaving: Leaving) -> Sequence[Stage]:
    tenant, tenants, domain = leaving.tenant, removers.tenants, leaving.domain
    if tenant is None:
        return ()
    own = f"identity/{domain}", f"configuration-set/{layout.account.set_name(domain)}"
    removal = TenantRemoval(
        tenant=tenant,
        leaving=frozenset(own),
        look=lambda: tenants.tenant(tenant),
        resources=lambda: tenants.resources(tenant),
        remove=lambda: tenants.delete(tenant),
        ownership=layout.ownership,
    )
    return [lambda _facts: [removal]]


def _identity(at: Adapters, domain: str) -> Look:
    async def look() -> Document | None:
        return tagged(await at.identities.identity(domain))

    return look


def _user(layout: Layout, at: Adapters, removers: Removers, user: str) -> Removal:
    async def look() -> Document | None:
        return tagged(await at.users.user(user))

    return Removal(
        name=f"IAM user {user}",
        look=look,
        remove=lambda: remove_user(removers.users, user),
        ownership=layout.ownership,
        why="nobody logs in as it any more; its keys and policies go with it",
    )


def _identity_removal(layout: Layout, at: Adapters, removers: Removers, domain: str) -> Removal:
    return Removal(
        name=identity_name(domain),
        look=_identity(at, domain),
        remove=lambda: removers.identities.delete(domain),
        ownership=layout.ownership,
        why="SES sends for the domain no more; its DKIM keys are lost",
    )


def _set_removal(layout: Layout, at: Adapters, removers: Removers, domain: str) -> Removal:
    set_name = layout.account.set_name(domain)

    async def look() -> Document | None:
        found = tagged(await at.sets.configuration_set(set_name))
        if found is None:
            return None
        used_by = await removers.used_by.users_of(domain, set_name)
        return {**found, "used_by": ", ".join(used_by)} if used_by else found

    return Removal(
        name=f"SES configuration set {set_name}",
        look=look,
        remove=lambda: removers.sets.delete(set_name),
        ownership=layout.ownership,
        why="no mail goes through it any more; its event destination goes with it",
    )
