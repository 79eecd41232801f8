"""Domains and addresses as identities: the operations of SES v2 on their life."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.sandbox.ses.declined import already_exists, bad_request, not_found
from sesauditd.sandbox.ses.paging import filtered, page
from sesauditd.sandbox.ses.state import Ses, canonical
from sesauditd.sandbox.ses.tagging import listed, tags_of
from sesauditd.sandbox.ses.values import Check, Identity

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.reading import Parameters
    from sesauditd.sandbox.ses.writing import Result

EASY_DKIM_TOKENS = 3
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")


def create(ses: Ses, parameters: Parameters) -> Result:
    """CreateEmailIdentity; there is no idempotency token, the name is the key (ses-facts 6.1)."""
    name = canonical(parameters["EmailIdentity"])
    if name in ses.identities:
        raise already_exists(f"Email identity {name} already exist.")
    chosen = parameters.get("ConfigurationSetName")
    require_set(ses, chosen)
    made = new_identity(name, ses.clock())
    ses.identities[name] = replace(
        with_signing(made, parameters.get("DkimSigningAttributes") or {}),
        configuration_set=chosen,
        tags=tags_of(parameters.get("Tags")),
    )
    found = named(ses, name)
    return {
        "IdentityType": kind(found),
        "VerifiedForSendingStatus": found.verified,
        "DkimAttributes": dkim_attributes(found),
    }


def get(ses: Ses, parameters: Parameters) -> Result:
    """GetEmailIdentity: the three verifications are separate (ses-facts 6.1, step 6)."""
    found = named(ses, parameters["EmailIdentity"])
    return {
        "IdentityType": kind(found),
        "FeedbackForwardingStatus": found.forwarding,
        "VerifiedForSendingStatus": found.verified,
        "DkimAttributes": dkim_attributes(found),
        "MailFromAttributes": _mail_from_attributes(found),
        "Policies": found.policies,
        "Tags": listed(found.tags),
        "ConfigurationSetName": found.configuration_set,
        "VerificationStatus": found.verification,
        "VerificationInfo": {
            "LastCheckedTimestamp": found.checked_at,
            "LastSuccessTimestamp": found.verified_at,
            "ErrorType": found.error,
        },
    }


def list_all(ses: Ses, parameters: Parameters) -> Result:
    """ListEmailIdentities, in pages."""
    looked_at = {name: named(ses, name) for name in tuple(ses.identities)}
    shown, token = page(filtered(looked_at, parameters, _FACTS), parameters)
    return {
        "EmailIdentities": [
            {
                "IdentityType": kind(one),
                "IdentityName": one.name,
                "SendingEnabled": one.verified,
                "VerificationStatus": one.verification,
            }
            for one in shown
        ],
        "NextToken": token,
    }


def delete(ses: Ses, parameters: Parameters) -> Result:
    """DeleteEmailIdentity: tokens and policies are lost; not while a tenant uses it (3)."""
    found = named(ses, parameters["EmailIdentity"])
    arn = ses.arn("identity", found.name)
    if any(arn in tenant.resources for tenant in ses.tenants.values()):
        raise bad_request(f"Identity {found.name} is associated with a tenant.")
    del ses.identities[found.name]
    return {}


def named(ses: Ses, name: str) -> Identity:
    """Return an identity, looked at anew.

    Raises:
        Declined: there is none.
    """
    found = ses.identity(name)
    if found is None:
        raise not_found(f"Email identity {name} does not exist.")
    return found


def require_set(ses: Ses, name: str | None) -> None:
    """Refuse the name of a configuration set that does not exist; None is right."""
    if name is not None and name not in ses.sets:
        raise not_found(f"Configuration set <{name}> does not exist.")


def new_identity(name: str, now: datetime) -> Identity:
    """Return an identity that nobody has verified.

    Raises:
        Declined: the name is neither a domain nor an address.
    """
    local, at, domain = name.rpartition("@")
    if not _DOMAIN.fullmatch(domain) or (at and not local):
        raise bad_request(f"Invalid identity: {name}.")
    return Identity(name=name, created_at=now)


def with_signing(identity: Identity, attributes: Parameters) -> Identity:
    """Return a domain with the tokens that its DKIM records need; an address stays as it is.

    The zone is not `dkim.amazonses.com` for everybody: it varies by Region and identity
    (ses-facts 6.1, step 4), so here it differs from identity to identity.
    """
    if not identity.is_domain:
        return identity
    selector = attributes.get("DomainSigningSelector")
    seed = f"{identity.name} {identity.created_at.isoformat()}"
    made = [_digest(f"{seed} {number}")[:32] for number in range(EASY_DKIM_TOKENS)]
    return replace(
        identity,
        dkim=Check.PENDING,
        dkim_origin="EXTERNAL" if selector else "AWS_SES",
        tokens=(selector,) if selector else tuple(made),
        hosted_zone="" if selector else f"{_digest(identity.name)[:6]}.dkim.amazonses.com",
        key_length=attributes.get("NextSigningKeyLength") or identity.key_length,
    )


def kind(identity: Identity) -> str:
    """Return the identity's type in the API's words."""
    return "DOMAIN" if identity.is_domain else "EMAIL_ADDRESS"


_FACTS = {
    "IDENTITY_NAME_CONTAINS": lambda one: one.name,
    "IDENTITY_TYPE": kind,
    "VERIFICATION_STATUS": lambda one: one.verification,
}


def dkim_attributes(identity: Identity) -> Result:
    """Return the identity's DkimAttributes."""
    if not identity.tokens:
        return {"SigningEnabled": False, "Status": identity.dkim}
    easy = identity.dkim_origin == "AWS_SES"
    return {
        "SigningEnabled": identity.dkim_enabled,
        "Status": identity.dkim,
        "Tokens": identity.tokens,
        "SigningHostedZone": identity.hosted_zone if easy else None,
        "SigningAttributesOrigin": identity.dkim_origin,
        "NextSigningKeyLength": identity.key_length if easy else None,
        "CurrentSigningKeyLength": identity.key_length if easy else None,
        "LastKeyGenerationTimestamp": identity.created_at if easy else None,
    }


def _mail_from_attributes(identity: Identity) -> Result | None:
    if identity.mail_from is None:
        return None
    return {
        "MailFromDomain": identity.mail_from.domain,
        "MailFromDomainStatus": identity.mail_from.status,
        "BehaviorOnMxFailure": identity.mail_from.on_mx_failure,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
