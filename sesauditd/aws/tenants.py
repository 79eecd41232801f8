"""Tenants of SES, as an administrator sees and sets them, and what is associated with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.aws.sets import listed, tags_of
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import Document

OF_THE_ACCOUNT: Final = "ACCOUNT"
"""The suppression list that a tenant uses which has chosen none."""


class Tenants:
    """The tenants of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2
        self._start = f"arn:{clients.partition}:ses:{clients.region}:{clients.account_id}"

    async def tenant(self, name: str) -> Document | None:
        """Return a tenant, None if there is none: SES GetTenant.

        Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._ses.ask("GetTenant", ("Tenant",), TenantName=name)
        except Missing:
            return None
        with reading("SES GetTenant"):
            found = answer["Tenant"]
            suppression = found.get("SuppressionAttributes") or {}
            return {
                "sending": str(found.get("SendingStatus") or ""),
                "suppression_scope": str(suppression.get("SuppressionScope") or OF_THE_ACCOUNT),
                "tags": tags_of(found),
            }

    async def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a tenant that uses the account's suppression list: SES CreateTenant.

        Raises Unavailable, Uncertain, Forbidden; Conflict if there is one of that name.
        """
        await self._ses.ask("CreateTenant", TenantName=name, Tags=listed(tags))

    async def suppress(self, name: str, reasons: Sequence[str], scope: str) -> None:
        """Say which reasons of which list stop a tenant's mail; SES wants both at once.

        SES PutTenantSuppressionAttributes. Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ses.ask(
            "PutTenantSuppressionAttributes",
            TenantName=name,
            SuppressedReasons=list(reasons),
            SuppressionScope=scope,
        )

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a tenant, whose ARN only SES knows: SES GetTenant, TagResource.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        answer = await self._ses.ask("GetTenant", ("Tenant",), TenantName=name)
        with reading("SES GetTenant"):
            arn = str(answer["Tenant"]["TenantArn"])
        await self._ses.ask("TagResource", ResourceArn=arn, Tags=listed(tags))

    async def delete(self, name: str) -> None:
        """Delete a tenant, harmless if it is gone: SES DeleteTenant.

        What is associated with it stays, without it. Raises Unavailable, Uncertain or Forbidden.
        """
        try:
            await self._ses.ask("DeleteTenant", TenantName=name)
        except Missing:
            return

    async def resources(self, name: str) -> Sequence[str]:
        """Return what is associated with a tenant, as `identity/NAME` and the like.

        SES ListTenantResources. Raises Unavailable or Forbidden.
        """
        try:
            found = await self._ses.every("ListTenantResources", "TenantResources", TenantName=name)
        except Missing:
            return ()
        with reading("SES ListTenantResources"):
            return sorted(str(one["ResourceArn"]).split(":", 5)[5] for one in found)

    async def join_identity(self, tenant: str, name: str) -> None:
        """Let a tenant send as an identity. Raises as `ask`; Conflict if it is joined."""
        await self._join(tenant, f"{self._start}:identity/{name}")

    async def join_set(self, tenant: str, name: str) -> None:
        """Let a tenant send through a set. Raises as `ask`; Conflict if it is joined."""
        await self._join(tenant, f"{self._start}:configuration-set/{name}")

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

    async def _join(self, tenant: str, arn: str) -> None:
        """Make an association: SES CreateTenantResourceAssociation."""
        await self._ses.ask("CreateTenantResourceAssociation", TenantName=tenant, ResourceArn=arn)

    async def _leave(self, tenant: str, arn: str) -> None:
        """Undo an association, harmless if it is gone: SES DeleteTenantResourceAssociation."""
        try:
            await self._ses.ask(
                "DeleteTenantResourceAssociation", TenantName=tenant, ResourceArn=arn
            )
        except Missing:
            return
