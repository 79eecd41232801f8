"""What is set on an identity: its set, DKIM, MAIL FROM, feedback mails, and policies."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.declined import Declined, already_exists, bad_request, not_found
from sesauditd.sandbox.ses.identities import named, require_set, with_signing
from sesauditd.sandbox.ses.values import Identity, MailFrom

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.writing import Result

MOST_POLICIES = 20
LONGEST_POLICY = 4096
"""Characters (ses-facts 4, the row on identity policies)."""

_POLICY_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def put_configuration_set(ses: Ses, parameters: Parameters) -> Result:
    """PutEmailIdentityConfigurationSetAttributes; without a set the default is taken away."""
    found = named(ses, parameters["EmailIdentity"])
    chosen = parameters.get("ConfigurationSetName")
    require_set(ses, chosen)
    ses.identities[found.name] = replace(found, configuration_set=chosen)
    return {}


def put_dkim(ses: Ses, parameters: Parameters) -> Result:
    """PutEmailIdentityDkimAttributes."""
    found = named(ses, parameters["EmailIdentity"])
    enabled = bool(parameters.get("SigningEnabled"))
    ses.identities[found.name] = replace(found, dkim_enabled=enabled)
    return {}


def put_dkim_signing(ses: Ses, parameters: Parameters) -> Result:
    """PutEmailIdentityDkimSigningAttributes, of domains only."""
    found = named(ses, parameters["EmailIdentity"])
    if not found.is_domain:
        raise bad_request("DKIM signing attributes belong to domains.")
    attributes = parameters.get("SigningAttributes") or {}
    external = parameters["SigningAttributesOrigin"] == "EXTERNAL"
    if external and not attributes.get("DomainSigningSelector"):
        raise bad_request("SigningAttributes are required when the origin is EXTERNAL.")
    ses.identities[found.name] = with_signing(found, attributes)
    signed = named(ses, found.name)
    return {
        "DkimStatus": signed.dkim,
        "DkimTokens": signed.tokens,
        "SigningHostedZone": signed.hosted_zone or None,
    }


def put_mail_from(ses: Ses, parameters: Parameters) -> Result:
    """PutEmailIdentityMailFromAttributes; it starts the looking anew (ses-facts 6.1, step 5)."""
    found = named(ses, parameters["EmailIdentity"])
    domain = (parameters.get("MailFromDomain") or "").lower().rstrip(".")
    owner = found.name.rpartition("@")[2]
    if domain and not domain.endswith(f".{owner}"):
        text = f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the "
        raise bad_request(f"{text}identity <{found.name}>.")
    behaviour = parameters.get("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"
    wanted = MailFrom(domain=domain, on_mx_failure=behaviour, asked_at=ses.clock())
    ses.identities[found.name] = replace(found, mail_from=wanted if domain else None)
    return {}


def put_feedback(ses: Ses, parameters: Parameters) -> Result:
    """PutEmailIdentityFeedbackAttributes."""
    found = named(ses, parameters["EmailIdentity"])
    enabled = bool(parameters.get("EmailForwardingEnabled"))
    ses.identities[found.name] = replace(found, forwarding=enabled)
    return {}


def create_policy(ses: Ses, parameters: Parameters) -> Result:
    """CreateEmailIdentityPolicy."""
    found = _verified(ses, parameters)
    if parameters["PolicyName"] in found.policies:
        raise already_exists(f"Policy {parameters['PolicyName']} already exists.")
    if len(found.policies) >= MOST_POLICIES:
        raise Declined("LimitExceededException", f"At most {MOST_POLICIES} policies an identity.")
    return _keep_policy(ses, found, parameters)


def update_policy(ses: Ses, parameters: Parameters) -> Result:
    """UpdateEmailIdentityPolicy."""
    found = _verified(ses, parameters)
    if parameters["PolicyName"] not in found.policies:
        raise not_found(f"Policy {parameters['PolicyName']} does not exist.")
    return _keep_policy(ses, found, parameters)


def get_policies(ses: Ses, parameters: Parameters) -> Result:
    """GetEmailIdentityPolicies."""
    return {"Policies": _verified(ses, parameters).policies}


def delete_policy(ses: Ses, parameters: Parameters) -> Result:
    """DeleteEmailIdentityPolicy; it also succeeds if there is none, as the model says."""
    found = _verified(ses, parameters)
    name = parameters["PolicyName"]
    kept = {key: text for key, text in found.policies.items() if key != name}
    ses.identities[found.name] = replace(found, policies=kept)
    return {}


def _verified(ses: Ses, parameters: Parameters) -> Identity:
    """Return an identity that may have policies: only a verified one (ses-facts 6.1, step 7)."""
    found = named(ses, parameters["EmailIdentity"])
    if not found.verified:
        raise bad_request(f"Identity {found.name} is not verified.")
    return found


def _keep_policy(ses: Ses, identity: Identity, parameters: Parameters) -> Result:
    name, text = parameters["PolicyName"], parameters["Policy"]
    if not _POLICY_NAME.fullmatch(name):
        raise bad_request("A policy's name holds letters, digits, dashes and underscores only.")
    if len(text) > LONGEST_POLICY or not _is_policy(text):
        raise bad_request("The policy document is not valid.")
    policies = {**identity.policies, name: text}
    ses.identities[identity.name] = replace(identity, policies=policies)
    return {}


def _is_policy(text: str) -> bool:
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and "Statement" in document
