"""Tenants, what is associated with them, and their suppression settings (ses-facts 3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.configuration_sets import reasons_of, scope_of
from sesauditd.sandbox.ses.declined import already_exists, bad_request, not_found
from sesauditd.sandbox.ses.paging import filtered, page
from sesauditd.sandbox.ses.tagging import exists, listed, parts, tags_of
from sesauditd.sandbox.ses.values import Reason, Scope, Tenant

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TYPES = {"identity": "EMAIL_IDENTITY", "configuration-set": "CONFIGURATION_SET"}


def create(ses: Ses, parameters: Parameters) -> Result:
    """CreateTenant."""
    name = parameters["TenantName"]
    if not _NAME.fullmatch(name):
        raise bad_request(f"Invalid tenant name: {name}.")
    if name in ses.tenants:
        raise already_exists(f"Tenant {name} already exists.")
    reasons, scope = _settings(parameters.get("SuppressionAttributes") or {})
    now = ses.clock()
    digits = hashlib.sha256(f"{name} {now.isoformat()}".encode()).hexdigest()[:30]
    tags = tags_of(parameters.get("Tags"))
    ses.tenants[name] = Tenant(
        name=name, id=f"tn-{digits}", created_at=now, reasons=reasons, scope=scope, tags=tags
    )
    return _shown(ses, ses.tenants[name])


def get(ses: Ses, parameters: Parameters) -> Result:
    """GetTenant."""
    return {"Tenant": _shown(ses, _named(ses, parameters))}


def list_all(ses: Ses, parameters: Parameters) -> Result:
    """ListTenants, in pages."""
    facts = {
        "TENANT_NAME_CONTAINS": lambda one: one.name,
        "SENDING_STATUS": lambda one: one.sending_status,
    }
    shown, token = page(filtered(ses.tenants, parameters, facts), parameters)
    return {"Tenants": [_facts(ses, one) for one in shown], "NextToken": token}


def delete(ses: Ses, parameters: Parameters) -> Result:
    """DeleteTenant: its list goes with it, its resources stay."""
    found = _named(ses, parameters)
    del ses.tenants[found.name]
    ses.tenant_suppression.pop(found.name, None)
    return {}


def associate(ses: Ses, parameters: Parameters) -> Result:
    """CreateTenantResourceAssociation."""
    found, arn = _named(ses, parameters), parameters["ResourceArn"]
    if not exists(ses, arn):
        raise not_found(f"Resource <{arn}> does not exist.")
    if arn in found.resources:
        raise already_exists(f"Resource <{arn}> is associated already.")
    resources = {**found.resources, arn: ses.clock()}
    ses.tenants[found.name] = replace(found, resources=resources)
    return {}


def dissociate(ses: Ses, parameters: Parameters) -> Result:
    """DeleteTenantResourceAssociation."""
    found, arn = _named(ses, parameters), parameters["ResourceArn"]
    if arn not in found.resources:
        raise not_found(f"Resource <{arn}> is not associated.")
    kept = {key: since for key, since in found.resources.items() if key != arn}
    ses.tenants[found.name] = replace(found, resources=kept)
    return {}


def list_resources(ses: Ses, parameters: Parameters) -> Result:
    """ListTenantResources, in pages."""
    found = _named(ses, parameters)
    held = {arn: arn for arn in found.resources}
    facts = {"RESOURCE_TYPE": lambda arn: _TYPES[parts(ses, arn)[0]]}
    shown, token = page(filtered(held, parameters, facts), parameters)
    resources = [{"ResourceType": _TYPES[parts(ses, one)[0]], "ResourceArn": one} for one in shown]
    return {"TenantResources": resources, "NextToken": token}


def list_of_resource(ses: Ses, parameters: Parameters) -> Result:
    """ListResourceTenants, in pages."""
    arn = parameters["ResourceArn"]
    owners = {one.name: one for one in ses.tenants.values() if arn in one.resources}
    shown, token = page(owners, parameters)
    tenants = [
        {
            "TenantName": one.name,
            "TenantId": one.id,
            "ResourceArn": arn,
            "AssociatedTimestamp": one.resources[arn],
        }
        for one in shown
    ]
    return {"ResourceTenants": tenants, "NextToken": token}


def put_suppression(ses: Ses, parameters: Parameters) -> Result:
    """PutTenantSuppressionAttributes; turning the scope off keeps the entries."""
    found = _named(ses, parameters)
    reasons, scope = _settings(parameters)
    ses.tenants[found.name] = replace(found, reasons=reasons, scope=scope)
    return {}


def _settings(given: Parameters) -> tuple[tuple[Reason, ...] | None, Scope | None]:
    """Return reasons and scope, which go together or are both left out (ses-facts 3)."""
    reasons, scope = reasons_of(given), scope_of(given)
    if (reasons is None) != (scope is None):
        raise bad_request("SuppressedReasons and SuppressionScope must be given together.")
    return reasons, scope


def _named(ses: Ses, parameters: Parameters) -> Tenant:
    name = parameters["TenantName"]
    if name not in ses.tenants:
        raise not_found(f"Tenant {name} does not exist.")
    return ses.tenants[name]


def _facts(ses: Ses, tenant: Tenant) -> Mapping[str, object]:
    return {
        "TenantName": tenant.name,
        "TenantId": tenant.id,
        "TenantArn": ses.arn("tenant", f"{tenant.name}/{tenant.id}"),
        "CreatedTimestamp": tenant.created_at,
        "SendingStatus": tenant.sending_status,
    }


def _shown(ses: Ses, tenant: Tenant) -> Mapping[str, object]:
    settings = {"SuppressedReasons": tenant.reasons, "SuppressionScope": tenant.scope}
    return {
        **_facts(ses, tenant),
        "Tags": listed(tenant.tags),
        "SuppressionAttributes": settings if tenant.scope else None,
    }
