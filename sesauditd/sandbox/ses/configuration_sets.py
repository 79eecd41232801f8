"""Configuration sets and their options, as SES v2 has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.declined import already_exists, bad_request, not_found
from sesauditd.sandbox.ses.paging import filtered, page
from sesauditd.sandbox.ses.tagging import listed, tags_of
from sesauditd.sandbox.ses.values import ConfigurationSet, Reason, Scope

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEPT = ("TrackingOptions", "DeliveryOptions", "VdmOptions", "ArchivingOptions")
"""Groups of options that change nothing in the sandbox and are answered as they were put."""


def create(ses: Ses, parameters: Parameters) -> Result:
    """CreateConfigurationSet; names as in ses-facts 6.1, step 1."""
    name = parameters["ConfigurationSetName"]
    if not _NAME.fullmatch(name):
        raise bad_request(f"Invalid configuration set name: {name}.")
    if name in ses.sets:
        raise already_exists(f"Configuration set <{name}> already exists.")
    suppression = parameters.get("SuppressionOptions") or {}
    reputation = parameters.get("ReputationOptions") or {}
    sending = (parameters.get("SendingOptions") or {}).get("SendingEnabled")
    ses.sets[name] = ConfigurationSet(
        name=name,
        sending_enabled=True if sending is None else sending,
        reasons=reasons_of(suppression),
        scope=scope_of(suppression),
        metrics_enabled=bool(reputation.get("ReputationMetricsEnabled")),
        options={key: parameters[key] for key in _KEPT if parameters.get(key)},
        tags=tags_of(parameters.get("Tags")),
    )
    return {}


def get(ses: Ses, parameters: Parameters) -> Result:
    """GetConfigurationSet."""
    found = named(ses, parameters)
    return {
        "ConfigurationSetName": found.name,
        "SendingOptions": {"SendingEnabled": found.sending_enabled},
        "ReputationOptions": {"ReputationMetricsEnabled": found.metrics_enabled},
        "SuppressionOptions": _suppression_options(found),
        "Tags": listed(found.tags),
        **found.options,
    }


def list_all(ses: Ses, parameters: Parameters) -> Result:
    """ListConfigurationSets, in pages."""
    facts = {"CONFIGURATION_SET_NAME_CONTAINS": lambda one: one.name}
    shown, token = page(filtered(ses.sets, parameters, facts), parameters)
    return {"ConfigurationSets": [one.name for one in shown], "NextToken": token}


def delete(ses: Ses, parameters: Parameters) -> Result:
    """DeleteConfigurationSet; also one that is an identity's default (ses-facts 5)."""
    found = named(ses, parameters)
    arn = ses.arn("configuration-set", found.name)
    if any(arn in tenant.resources for tenant in ses.tenants.values()):
        raise bad_request(f"Configuration set <{found.name}> is associated with a tenant.")
    del ses.sets[found.name]
    return {}


def put_sending(ses: Ses, parameters: Parameters) -> Result:
    """PutConfigurationSetSendingOptions."""
    enabled = bool(parameters.get("SendingEnabled"))
    return _keep(ses, replace(named(ses, parameters), sending_enabled=enabled))


def put_suppression(ses: Ses, parameters: Parameters) -> Result:
    """PutConfigurationSetSuppressionOptions; what is left out follows tenant and account."""
    found = named(ses, parameters)
    reasons, scope = reasons_of(parameters), scope_of(parameters)
    return _keep(ses, replace(found, reasons=reasons, scope=scope))


def put_reputation(ses: Ses, parameters: Parameters) -> Result:
    """PutConfigurationSetReputationOptions."""
    enabled = bool(parameters.get("ReputationMetricsEnabled"))
    return _keep(ses, replace(named(ses, parameters), metrics_enabled=enabled))


def put_delivery(ses: Ses, parameters: Parameters) -> Result:
    """PutConfigurationSetDeliveryOptions."""
    return _put_kept(ses, parameters, "DeliveryOptions")


def put_tracking(ses: Ses, parameters: Parameters) -> Result:
    """PutConfigurationSetTrackingOptions; without a domain they are taken away."""
    return _put_kept(ses, parameters, "TrackingOptions")


def named(ses: Ses, parameters: Parameters) -> ConfigurationSet:
    """Return the set that a request names.

    Raises:
        Declined: there is none.
    """
    name = parameters["ConfigurationSetName"]
    if name not in ses.sets:
        raise not_found(f"Configuration set <{name}> does not exist.")
    return ses.sets[name]


def reasons_of(options: Parameters) -> tuple[Reason, ...] | None:
    """Return the reasons that options list, None if they list none; an empty list is a list."""
    given = options.get("SuppressedReasons")
    return None if given is None else tuple(sorted({Reason(one) for one in given}))


def scope_of(options: Parameters) -> Scope | None:
    """Return the scope that options name, None if they name none."""
    given = options.get("SuppressionScope")
    return Scope(given) if given else None


def _suppression_options(found: ConfigurationSet) -> Mapping[str, object] | None:
    if found.reasons is None and found.scope is None:
        return None
    return {"SuppressedReasons": found.reasons, "SuppressionScope": found.scope}


def _put_kept(ses: Ses, parameters: Parameters, group: str) -> Result:
    found = named(ses, parameters)
    given = {key: one for key, one in parameters.items() if key != "ConfigurationSetName"}
    others = {key: one for key, one in found.options.items() if key != group}
    return _keep(ses, replace(found, options={**others, **({group: given} if given else {})}))


def _keep(ses: Ses, changed: ConfigurationSet) -> Result:
    ses.sets[changed.name] = changed
    return {}
