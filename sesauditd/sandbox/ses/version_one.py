"""The operations of SES v1 on identities: verification, and notifications without a set."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses import account
from sesauditd.sandbox.ses.declined import Declined
from sesauditd.sandbox.ses.identities import new_identity, with_signing
from sesauditd.sandbox.ses.state import Ses, canonical
from sesauditd.sandbox.ses.values import Check, Identity

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.destinations import Topics
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.writing import Result

FEEDBACK = ("Bounce", "Complaint")
_STATUS = {
    Check.NOT_STARTED: "NotStarted",
    Check.PENDING: "Pending",
    Check.SUCCESS: "Success",
    Check.FAILED: "Failed",
    Check.TEMPORARY_FAILURE: "TemporaryFailure",
}


def verify_domain(ses: Ses, parameters: Parameters) -> Result:
    """VerifyDomainIdentity: a token for a TXT record at `_amazonses`, the same when repeated."""
    found = _made(ses, parameters["Domain"])
    token = hashlib.sha256(f"ownership {found.name}".encode()).hexdigest()[:44]
    ses.identities[found.name] = replace(found, ownership_token=token)
    return {"VerificationToken": token}


def verify_dkim(ses: Ses, parameters: Parameters) -> Result:
    """VerifyDomainDkim: the three tokens, the same when repeated."""
    found = _made(ses, parameters["Domain"])
    signed = found if found.tokens else with_signing(found, {})
    ses.identities[found.name] = signed
    return {"DkimTokens": signed.tokens}


def verification(ses: Ses, parameters: Parameters) -> Result:
    """GetIdentityVerificationAttributes; unknown identities are left out."""
    found = {name: ses.identity(name) for name in parameters["Identities"]}
    attributes = {
        name: {
            "VerificationStatus": _STATUS[one.verification],
            "VerificationToken": one.ownership_token,
        }
        for name, one in found.items()
        if one is not None
    }
    return {"VerificationAttributes": attributes}


def notifications(ses: Ses, parameters: Parameters) -> Result:
    """GetIdentityNotificationAttributes; unknown identities are left out."""
    found = {name: ses.identity(name) for name in parameters["Identities"]}
    shown = {name: _notifications(one) for name, one in found.items() if one is not None}
    return {"NotificationAttributes": shown}


def set_topic(ses: Ses, topics: Topics, parameters: Parameters) -> Result:
    """SetIdentityNotificationTopic; the topic gets a JSON message first (ses-facts 1.6)."""
    found = _named(ses, parameters)
    kind, topic = parameters["NotificationType"], parameters.get("SnsTopic")
    if topic:
        _announce(ses, topics, found, kind, topic)
    with ses.lock:
        # It may have changed while SES published.
        found = _named(ses, parameters)
        kept = {key: one for key, one in found.topics.items() if key != kind}
        chosen = {**kept, kind: topic} if topic else kept
        ses.identities[found.name] = replace(found, topics=chosen)
    return {}


def set_headers(ses: Ses, parameters: Parameters) -> Result:
    """SetIdentityHeadersInNotificationsEnabled."""
    found, kind = _named(ses, parameters), {parameters["NotificationType"]}
    chosen = found.with_headers | kind if parameters["Enabled"] else found.with_headers - kind
    ses.identities[found.name] = replace(found, with_headers=chosen)
    return {}


def set_forwarding(ses: Ses, parameters: Parameters) -> Result:
    """SetIdentityFeedbackForwardingEnabled; off only with topics for bounces and complaints."""
    found, enabled = _named(ses, parameters), parameters["ForwardingEnabled"]
    if not enabled and not all(kind in found.topics for kind in FEEDBACK):
        text = f"Identity <{found.name}> has no SNS topics for both bounces and complaints."
        raise Declined("InvalidParameterValue", text)
    ses.identities[found.name] = replace(found, forwarding=enabled)
    return {}


def quota(ses: Ses, _parameters: Parameters) -> Result:
    """GetSendQuota."""
    return account.quota(ses)


def sending_enabled(ses: Ses, _parameters: Parameters) -> Result:
    """GetAccountSendingEnabled."""
    return {"Enabled": ses.account.sending_enabled}


def _made(ses: Ses, domain: str) -> Identity:
    name = canonical(domain)
    if name not in ses.identities:
        try:
            ses.identities[name] = new_identity(name, ses.clock())
        except Declined as error:
            raise Declined("InvalidParameterValue", error.text) from error
    return ses.identities[name]


def _named(ses: Ses, parameters: Parameters) -> Identity:
    found = ses.identity(parameters["Identity"])
    if found is None:
        text = f"Identity <{parameters['Identity']}> does not exist."
        raise Declined("InvalidParameterValue", text)
    return found


def _announce(ses: Ses, topics: Topics, identity: Identity, kind: str, topic: str) -> None:
    text = (
        f"You have successfully subscribed your Amazon SNS topic '{topic}' to receive '{kind}' "
        f"notifications from Amazon SES for identity '{identity.name}'."
    )
    message = {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": text}
    source = ses.arn("identity", identity.name)
    told = json.dumps(message)
    if not topics.publish(topic, told, source_arn=source, subject=None, at=ses.clock()):
        raise Declined("InvalidParameterValue", f"Invalid SNS topic <{topic}>.")


def _notifications(identity: Identity) -> Result:
    shown: dict[str, object] = {"ForwardingEnabled": identity.forwarding}
    for kind in ("Bounce", "Complaint", "Delivery"):
        # The model requires the three topics; without one they are empty.
        shown[f"{kind}Topic"] = identity.topics.get(kind, "")
        shown[f"HeadersIn{kind}NotificationsEnabled"] = kind in identity.with_headers
    return shown
