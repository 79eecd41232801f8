"""Whether the tenant of a domain can be relied on; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.findings import Check, doubtful, good, wrong
from sesauditd.onboard.path_checks import untold
from sesauditd.onboard.sights import Untold
from sesauditd.onboard.tenants import PAUSED, standing, tenant_label

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy
    from sesauditd.onboard.findings import Finding
    from sesauditd.onboard.sights import DomainSight

PLUGIN: Final = "`sesauditd onboard {} --tenant` prints the plugin that sends it."


def tenant(seen: DomainSight) -> Iterator[Finding]:
    """Yield what there is to say of a domain's tenant, nothing of a domain without one."""
    if seen.tenancy is not None:
        yield _tenant(seen, seen.tenancy)


def _tenant(seen: DomainSight, tenancy: Tenancy) -> Finding:
    what, name, found = tenant_label(tenancy.tenant), seen.domain, seen.tenant
    repair = f"`sesauditd onboard {name} --tenant` repairs it."
    if isinstance(found, Untold):
        return untold(Check.TENANT, what, found, name)
    if found is None:
        says = "SES has none of this name, and refuses mail that names it"
        return wrong(Check.TENANT, what, says, repair, name)
    if found.get("sending") == PAUSED:
        says = "is paused at SES: mail that names it is refused"
        advice = "Read why in the SES console, and let it send again there."
        return wrong(Check.TENANT, what, says, advice, name)
    missing = sorted({f"identity/{name}", f"configuration-set/{seen.set_name}"} - {*seen.covered})
    if missing:
        says = f"does not cover {' and '.join(missing)}: SES refuses mail of {name} that names it"
        return wrong(Check.TENANT, what, says, repair, name)
    doubts = "; ".join(standing(tenancy))
    if doubts:
        return doubtful(Check.TENANT, what, doubts, PLUGIN.format(name), name)
    return good(Check.TENANT, what, f"covers {name}, whose mail was seen to name it", name)
