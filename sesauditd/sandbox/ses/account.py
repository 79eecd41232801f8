"""The account itself: its quota, its standing with AWS, its switches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.configuration_sets import reasons_of
from sesauditd.sandbox.ses.declined import Declined

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result

SANDBOX_24_HOURS = 200.0
SANDBOX_RATE = 1.0
"""Messages a second; both from ses-facts 7."""


def get(ses: Ses, _parameters: Parameters) -> Result:
    """GetAccount."""
    account = ses.account
    return {
        "DedicatedIpAutoWarmupEnabled": True,
        "EnforcementStatus": account.enforcement,
        "ProductionAccessEnabled": account.production,
        "SendQuota": quota(ses),
        "SendingEnabled": account.sending_enabled,
        "SuppressionAttributes": {"SuppressedReasons": account.reasons},
        "Details": account.details,
    }


def quota(ses: Ses) -> Result:
    """Return what may be sent, and what was; in AWS's own sandbox 200 a day, one a second."""
    account = ses.account
    return {
        "Max24HourSend": account.max_24_hours if account.production else SANDBOX_24_HOURS,
        "MaxSendRate": account.max_rate if account.production else SANDBOX_RATE,
        "SentLast24Hours": float(ses.sent_last_24_hours()),
    }


def put_details(ses: Ses, parameters: Parameters) -> Result:
    """PutAccountDetails: asks for a review; a second time while one is open is a conflict."""
    before = ses.account.details or {}
    review = before.get("ReviewDetails")
    if isinstance(review, dict) and review.get("Status") == "PENDING":
        raise Declined("ConflictException", "There is already an open review.", status=409)
    asks = bool(parameters.get("ProductionAccessEnabled")) and not ses.account.production
    opened = {"ReviewDetails": {"Status": "PENDING", "CaseId": "case-1"}} if asks else {}
    details = {key: one for key, one in parameters.items() if key != "ProductionAccessEnabled"}
    kept = {"ReviewDetails": review} if review is not None else {}
    ses.account = replace(ses.account, details={**details, **kept, **opened})
    return {}


def put_sending(ses: Ses, parameters: Parameters) -> Result:
    """PutAccountSendingAttributes."""
    ses.account = replace(ses.account, sending_enabled=bool(parameters.get("SendingEnabled")))
    return {}


def put_suppression(ses: Ses, parameters: Parameters) -> Result:
    """PutAccountSuppressionAttributes; no reasons at all turn the list off."""
    ses.account = replace(ses.account, reasons=reasons_of(parameters) or ())
    return {}


def recommendations(_ses: Ses, _parameters: Parameters) -> Result:
    """ListRecommendations: the sandbox has none."""
    return {"Recommendations": []}
