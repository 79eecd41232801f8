"""The tenant of a customer at SES, what a domain brings into it, and how it goes again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Conflict, Document, Kept, Verb
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.sets import SUPPRESSED

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy
    from sesauditd.onboard.ownership import Ownership

OF_THE_ACCOUNT: Final = "ACCOUNT"
"""The suppression list that holds for a tenant.

With a list of its own SES would skip the account's, on which dead addresses are blocked for every
customer (policy.md 4, ses-facts 3).
"""
PAUSED: Final = "DISABLED"
HEADER: Final = "X-SES-TENANT"


class Tenants(Protocol):
    """The administration of tenants; documents as `aws.tenants` says them."""

    async def tenant(self, name: str) -> Document | None:
        """Return a tenant, None if there is none."""
        ...

    async def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a tenant that uses the account's suppression list."""
        ...

    async def suppress(self, name: str, reasons: Sequence[str], scope: str) -> None:
        """Say which reasons of which list stop a tenant's mail."""
        ...

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a tenant."""
        ...


class Associations(Protocol):
    """What tenants may send as and through."""

    async def of_identity(self, name: str) -> Sequence[str]:
        """Return the tenants of an identity."""
        ...

    async def of_set(self, name: str) -> Sequence[str]:
        """Return the tenants of a configuration set."""
        ...

    async def join_identity(self, tenant: str, name: str) -> None:
        """Let a tenant send as an identity."""
        ...

    async def join_set(self, tenant: str, name: str) -> None:
        """Let a tenant send through a configuration set."""
        ...


class AllTenants(Tenants, Associations, Protocol):
    """Tenants and what is associated with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The tenant of one customer; all domains of the customer that ask for one share it."""

    tenants: Tenants
    tenant: str
    ownership: Ownership
    why: str = "SES measures the customer's mail by itself, as far as mail names it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return tenant_label(self.tenant)

    async def observe(self) -> Document | None:
        """Return how the tenant stands. Raises Unavailable or Forbidden."""
        return tagged(await self.tenants.tenant(self.tenant))

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        """Return how the tenant should stand; one that SES or somebody has paused stays so."""
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        start = observed or {"sending": "ENABLED"}
        wanted: Document = {
            **start,
            KEY: self.ownership.installation,
            "suppression_scope": OF_THE_ACCOUNT,
        }
        if wanted == observed and observed["sending"] == PAUSED:
            return Kept(
                remark=f"{self.name} is paused at SES: mail that names it is refused, until "
                "somebody lets it send again in the SES console"
            )
        return wanted

    async def apply(self, change: Change) -> None:
        """Make the tenant, or set of it what differs. Raises Failed."""
        if change.verb is Verb.CREATE:
            await self.tenants.create(self.tenant, self.ownership.tags)
            return
        before, after = change.before or {}, change.after or {}
        if before["suppression_scope"] != after["suppression_scope"]:
            await self.tenants.suppress(self.tenant, SUPPRESSED, OF_THE_ACCOUNT)
        if before[KEY] != after[KEY]:
            # Last, so that a tenant that is half taken over is not taken for ours.
            await self.tenants.tag(self.tenant, self.ownership.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """That a tenant may use one resource; without it mail that names the tenant is refused."""

    tenant: str
    what: str
    """The resource for people: `identity example.com`."""
    holders: Callable[[], Awaitable[Sequence[str]]]
    """The tenants of the resource."""
    join: Callable[[], Awaitable[None]]
    why: str = "SES refuses mail that names a tenant without it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"{tenant_label(self.tenant)} with {self.what}"

    async def observe(self) -> Document | None:
        """Return the other tenants of the resource, None if this one is none of them."""
        held = await self.holders()
        others = [one for one in held if one != self.tenant]
        return {"others": others} if self.tenant in held else None

    def wanted(self, observed: Document | None) -> Document | Kept | None:
        """Return that it should be there; a resource may have further tenants, which is said."""
        others = _texts((observed or {}).get("others"))
        if observed is None:
            return {"others": []}
        if others:
            return Kept(remark=f"{self.what} is also used by tenant {', '.join(others)}")
        return observed

    async def apply(self, change: Change) -> None:
        """Make the association. Raises Failed."""
        del change
        await self.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRemoval:
    """A tenant that is to go if it is ours and nothing else is associated with it."""

    tenant: str
    leaving: frozenset[str]
    """What goes anyway, as `identity/NAME` and the like."""
    look: Callable[[], Awaitable[Document | None]]
    resources: Callable[[], Awaitable[Sequence[str]]]
    remove: Callable[[], Awaitable[None]]
    ownership: Ownership
    why: str = "nothing is associated with it any more; its suppression list goes with it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return tenant_label(self.tenant)

    async def observe(self) -> Document | None:
        """Return the tenant and what else is associated with it. Raises Unavailable, Forbidden."""
        found = tagged(await self.look())
        if found is None:
            return None
        others = [one for one in await self.resources() if one not in self.leaving]
        return {KEY: found.get(KEY), "others": others}

    def wanted(self, observed: Document | None) -> Document | Kept | None:
        """Return that it should be gone, unless it is not ours or somebody else's, too."""
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return Kept(remark=f"{self.name} stays: there is {conflict.found}")
        others = _texts((observed or {}).get("others"))
        if others:
            return Kept(remark=f"{self.name} stays: {', '.join(others)} is associated with it")
        return None

    async def apply(self, change: Change) -> None:
        """Delete it, but not with what came to it meanwhile. Raises Failed."""
        del change
        if not (await self.observe() or {}).get("others"):
            await self.remove()


def joined(
    tenants: AllTenants, ownership: Ownership, tenant: str, *, domain: str, set_name: str
) -> Sequence[Tenant | Association]:
    """Return what lets a domain's mail name its customer's tenant."""
    return [
        Tenant(tenants=tenants, tenant=tenant, ownership=ownership),
        Association(
            tenant=tenant,
            what=f"identity {domain}",
            holders=lambda: tenants.of_identity(domain),
            join=lambda: tenants.join_identity(tenant, domain),
        ),
        Association(
            tenant=tenant,
            what=f"configuration set {set_name}",
            holders=lambda: tenants.of_set(set_name),
            join=lambda: tenants.join_set(tenant, set_name),
        ),
    ]


def tenant_label(tenant: str) -> str:
    """Return the name under which people and facts know a tenant."""
    return f"SES tenant {tenant}"


def standing(tenancy: Tenancy) -> tuple[str, ...]:
    """Return in words how far a domain's tenant can be relied on; nothing if all is well."""
    label = tenant_label(tenancy.tenant)
    if not tenancy.is_trusted:
        why = f"its sites do not send the header {HEADER}, or sent nothing"
        return (f"{label} is not trusted yet: no event of {tenancy.domain} named it; {why}",)
    if tenancy.is_left:
        at = f"{tenancy.outside_at:%Y-%m-%d %H:%M} UTC"
        why = f"a site lacks the header {HEADER}"
        return (f"mail of {tenancy.domain} left outside of {label} at {at}: {why}",)
    return ()


def plugin(tenant: str) -> str:
    """Return a must-use plugin of WordPress that names a tenant in each mail of a site.

    `wp_mail` takes custom headers off its mailer before each mail; plugins that send in its
    place may ring `phpmailer_init` twice for one.
    """
    return "\n".join(
        (
            "<?php",
            "/* Plugin Name: Tenant of Amazon SES */",
            "defined( 'ABSPATH' ) || exit;",
            "add_action( 'phpmailer_init', function ( $mailer ) {",
            "    foreach ( $mailer->getCustomHeaders() as $header ) {",
            f"        if ( 0 === strcasecmp( trim( $header[0] ), '{HEADER}' ) ) {{",
            "            return;",
            "        }",
            "    }",
            f"    $mailer->addCustomHeader( '{HEADER}', '{tenant}' );",
            "}, 999 );",
        )
    )


def _texts(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, Sequence) else ()
