"""Tenants of SES as far as they hold on to identities and sets that are to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sesauditd.aws.errors import reading
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients


class Tenants:
    """The tenants of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2
        self._start = f"arn:{clients.partition}:ses:{clients.region}:{clients.account_id}"

    async def of_identity(self, name: str) -> Sequence[str]:
        """Return the tenants of an identity. Raises Unavailable or Forbidden."""
        return await self._of(f"{self._start}:identity/{name}")

    async def of_set(self, name: str) -> Sequence[str]:
        """Return the tenants of a configuration set. Raises Unavailable or Forbidden."""
        return await self._of(f"{self._start}:configuration-set/{name}")

    async def leave_identity(self, tenant: str, name: str) -> None:
        """Take an identity from a tenant. Raises Unavailable, Uncertain or Forbidden."""
        await self._leave(tenant, f"{self._start}:identity/{name}")

    async def leave_set(self, tenant: str, name: str) -> None:
        """Take a set from a tenant. Raises Unavailable, Uncertain or Forbidden."""
        await self._leave(tenant, f"{self._start}:configuration-set/{name}")

    async def _of(self, arn: str) -> Sequence[str]:
        """Return the names of a resource's tenants: SES ListResourceTenants."""
        try:
            found = await self._ses.every("ListResourceTenants", "ResourceTenants", ResourceArn=arn)
        except Missing:
            return ()
        with reading("SES ListResourceTenants"):
            return sorted(str(one["TenantName"]) for one in found)

    async def _leave(self, tenant: str, arn: str) -> None:
        """Undo an association, harmless if it is gone: SES DeleteTenantResourceAssociation."""
        try:
            await self._ses.ask(
                "DeleteTenantResourceAssociation", TenantName=tenant, ResourceArn=arn
            )
        except Missing:
            return
