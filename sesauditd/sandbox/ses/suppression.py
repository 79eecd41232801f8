"""The suppression lists of the account and of tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.declined import bad_request, not_found
from sesauditd.sandbox.ses.paging import LARGEST_PAGE, page
from sesauditd.sandbox.ses.values import Reason, Suppressed

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses, Suppressions
    from sesauditd.sandbox.ses.writing import Result

SIMULATOR = "@simulator.amazonses.com"


def put(ses: Ses, parameters: Parameters) -> Result:
    """PutSuppressedDestination; the spelling is kept as it came (ses-facts 3)."""
    address = parameters["EmailAddress"]
    if not ses.account.production:
        # No address can be put on a list from AWS's own sandbox (ses-facts 7).
        raise bad_request("The account is in the sandbox: this operation needs production access.")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise bad_request(f"Invalid email address: {address}.")
    if address.lower().endswith(SIMULATOR) and not ses.switches.simulator_can_be_listed:
        raise bad_request(f"Invalid email address: {address}.")
    reason = Reason(parameters["Reason"])
    entry = Suppressed(address=address, reason=reason, updated_at=ses.clock())
    _list_of(ses, parameters)[address] = entry
    return {}


def get(ses: Ses, parameters: Parameters) -> Result:
    """GetSuppressedDestination, by the exact spelling."""
    found = _entry(ses, parameters)
    ids = {"MessageId": found.message_id, "FeedbackId": found.feedback_id}
    return {
        "SuppressedDestination": {
            "EmailAddress": found.address,
            "Reason": found.reason,
            "LastUpdateTime": found.updated_at,
            "Attributes": ids if found.message_id else None,
            "TenantName": parameters.get("TenantName"),
        }
    }


def delete(ses: Ses, parameters: Parameters) -> Result:
    """DeleteSuppressedDestination, by the exact spelling."""
    found = _entry(ses, parameters)
    del _list_of(ses, parameters)[found.address]
    return {}


def list_all(ses: Ses, parameters: Parameters) -> Result:
    """ListSuppressedDestinations: by reasons and by the time of the last change, in pages."""
    reasons = parameters.get("Reasons") or list(Reason)
    start, end = parameters.get("StartDate"), parameters.get("EndDate")
    wanted = {
        address: one
        for address, one in _list_of(ses, parameters).items()
        if one.reason in reasons
        and (start is None or one.updated_at >= start)
        and (end is None or one.updated_at <= end)
    }
    shown, token = page(
        wanted, parameters, default=LARGEST_PAGE, invalid="InvalidNextTokenException"
    )
    return {
        "SuppressedDestinationSummaries": [
            {
                "EmailAddress": one.address,
                "Reason": one.reason,
                "LastUpdateTime": one.updated_at,
            }
            for one in shown
        ],
        "NextToken": token,
    }


def _list_of(ses: Ses, parameters: Parameters) -> Suppressions:
    tenant = parameters.get("TenantName")
    if tenant is not None and tenant not in ses.tenants:
        raise not_found(f"Tenant {tenant} does not exist.")
    return ses.suppression_list(tenant)


def _entry(ses: Ses, parameters: Parameters) -> Suppressed:
    address = parameters["EmailAddress"]
    found = _list_of(ses, parameters).get(address)
    if found is None:
        raise not_found(f"Email address {address} does not exist on your suppression list.")
    return found
