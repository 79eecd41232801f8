"""What stands of a domain at SES, as resources of Terraform.

Kinds, arguments and import ids are those of the provider's own pages: the name of a set, the
domain of an identity and of its MAIL FROM, `SET|DESTINATION` of an event destination.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.hcl import Block, Reference
from sesauditd.onboard.identity import EASY
from sesauditd.onboard.terraform_parts import LeftOut, Taken, label, tags, texts, to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.model.plan import JSON, Document
    from sesauditd.onboard.hcl import Part, Value
    from sesauditd.onboard.terraform_look import SetStanding, Standing
    from sesauditd.onboard.terraform_parts import Written

SET: Final = "aws_sesv2_configuration_set"
DESTINATION: Final = "aws_sesv2_configuration_set_event_destination"
IDENTITY: Final = "aws_sesv2_email_identity"
MAIL_FROM: Final = "aws_sesv2_email_identity_mail_from_attributes"
SWITCH: Final = (
    "The daemon switches the set off when the policy stops the domain. Without ignore_changes the",
    "next `terraform apply` would let it send again.",
)
SCOPE: Final = "Not written down, for want of an argument: its suppression scope is {scope}."


def ses(standing: Standing) -> Iterator[Written]:
    """Yield the set with what it reports, the identity and its MAIL FROM name."""
    name = label(standing.domain)
    found = standing.configuration_set
    if found is None:
        yield LeftOut(why=f"no configuration set of {standing.domain} was found at SES.")
    else:
        yield from _set(found, name)
    yield from _identity(standing, name)
    if standing.mail_from is None:
        yield LeftOut(why=f"{standing.domain} has no MAIL FROM name at SES.")
    else:
        yield _mail_from(standing.domain, standing.mail_from, name)
    if standing.tenant is not None:
        yield LeftOut(
            why=f"tenant {standing.tenant} with what it holds of {standing.domain}: it is "
            f"shared by the customer's domains, `sesauditd onboard {standing.domain}` looks after "
            "it, and Terraform must not delete it."
        )


def _set(found: SetStanding, name: str) -> Iterator[Written]:
    scope = found.options["suppression_scope"]
    beside = (SCOPE.format(scope=scope),) if scope else ()
    yield Taken(
        kind=SET,
        label=name,
        id=found.name,
        body=tuple(_set_body(found)),
        remarks=(*SWITCH, *beside),
    )
    several = len(found.destinations) > 1
    for one in found.destinations:
        if not one["topic"] or one["elsewhere"]:
            kinds = ", ".join(texts(one["elsewhere"])) or "nowhere"
            yield LeftOut(why=f"event destination {one['name']} of {found.name} ({kinds}).")
            continue
        own = label(name, str(one["name"])) if several else name
        yield _destination(found.name, one, own, name)


def _set_body(found: SetStanding) -> Iterator[Part]:
    options = found.options
    yield {"configuration_set_name": found.name}
    yield from _options(
        "delivery_options",
        max_delivery_seconds="max_delivery_seconds",
        sending_pool_name="sending_pool",
        tls_policy="tls_policy",
        of=options,
    )
    yield from _options(
        "reputation_options", reputation_metrics_enabled="reputation_metrics", of=options
    )
    yield from _options("sending_options", sending_enabled="sending_enabled", of=options)
    if options["suppressed_reasons"] is not None:
        reasons = texts(options["suppressed_reasons"])
        yield Block("suppression_options", (), ({"suppressed_reasons": reasons},))
    yield from _options(
        "tracking_options",
        custom_redirect_domain="redirect_domain",
        https_policy="https_policy",
        of=options,
    )
    yield from _vdm(options)
    yield from _tags(options)
    yield Block("lifecycle", (), ({"ignore_changes": [Reference("sending_options")]},))


def _options(kind: str, *, of: Document, **arguments: str) -> Iterator[Part]:
    """Yield a block of what is said of a set, none where nothing is."""
    said: dict[str, Value] = {
        name: _plain(of[key]) for name, key in arguments.items() if of.get(key) is not None
    }
    if said:
        yield Block(kind, (), (said,))


def _vdm(options: Document) -> Iterator[Part]:
    inner = (
        *_options("dashboard_options", engagement_metrics="engagement_metrics", of=options),
        *_options("guardian_options", optimized_shared_delivery="optimized_delivery", of=options),
    )
    if inner:
        yield Block("vdm_options", (), inner)


def _destination(set_name: str, found: Document, own: str, of_set: str) -> Taken:
    told: Mapping[str, Value] = {
        "enabled": bool(found["enabled"]),
        "matching_event_types": texts(found["types"]),
    }
    topic = Block("sns_destination", (), ({"topic_arn": str(found["topic"])},))
    return Taken(
        kind=DESTINATION,
        label=own,
        id=f"{set_name}|{found['name']}",
        body=(
            {
                "configuration_set_name": to(SET, of_set, "configuration_set_name"),
                "event_destination_name": str(found["name"]),
            },
            Block("event_destination", (), (told, topic)),
        ),
    )


def _identity(standing: Standing, name: str) -> Iterator[Written]:
    identity, found = standing.identity, standing.configuration_set
    said: dict[str, Value] = {"email_identity": standing.domain}
    used = identity["configuration_set"]
    if used and found is not None and used == found.name:
        said["configuration_set_name"] = to(SET, name, "configuration_set_name")
    elif used:
        said["configuration_set_name"] = str(used)
    signing = identity["signing"]
    given = signing if isinstance(signing, dict) else {}
    keys, remarks = _keys(given)
    yield Taken(
        kind=IDENTITY,
        label=name,
        id=standing.domain,
        body=(said, *keys, *_tags(identity)),
        remarks=remarks,
    )


def _keys(signing: Mapping[str, JSON]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Return the block about DKIM, and remarks; keys of the owner's own are secrets."""
    remarks = () if signing.get("enabled") else ("Its mail is not signed: DKIM is switched off.",)
    if signing.get("origin") != EASY:
        return (), (
            *remarks,
            "It signs with keys of its owner, which are secrets and stand nowhere.",
        )
    length = {"next_signing_key_length": str(signing.get("key_length"))}
    return (Block("dkim_signing_attributes", (), (length,)),), remarks


def _mail_from(domain: str, found: Document, name: str) -> Taken:
    return Taken(
        kind=MAIL_FROM,
        label=name,
        id=domain,
        body=(
            {
                "email_identity": to(IDENTITY, name, "email_identity"),
                "behavior_on_mx_failure": str(found["without_its_records"]),
                "mail_from_domain": str(found["domain"]),
            },
        ),
    )


def _tags(found: Document) -> Iterator[Part]:
    made = tags(found["tags"])
    if made:
        yield made


def _plain(value: JSON) -> Value:
    return value if isinstance(value, bool | int) else str(value)
