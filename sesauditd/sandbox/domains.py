"""Lets one domain send, over AWS's own API: set, identity, records, IAM user, access key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.set_names import set_name
from sesauditd.sandbox.mail.password import smtp_password

if TYPE_CHECKING:
    from sesauditd.sandbox.operator import Operator

PREFIX = "sesaudit"
EVENTS = (
    "SEND",
    "REJECT",
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
)
"""All but opens and clicks: volume and privacy (ses-facts 1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a site needs to send: the SMTP user is the access key's id (ses-facts 6.3)."""

    domain: str
    user: str
    access_key_id: str
    secret: str
    password: str
    configuration_set: str


def onboard(
    asking: Operator,
    domain: str,
    topic_arn: str,
    boundary: str | None = None,
    *,
    events: Sequence[str] = EVENTS,
) -> Login:
    """Let one domain send, with feedback to the topic: set, identity, records, user, key."""
    name = set_name(PREFIX, domain)
    configuration_set(asking, name)
    event_destination(asking, name, topic_arn, events)
    identity(asking, domain, name)
    return _user(asking, domain, name, boundary)


def event_destination(asking: Operator, name: str, topic_arn: str, events: Sequence[str]) -> None:
    """Let a set report to the topic; SES tries the topic out at once (ses-facts 1.6)."""
    asking.ask(
        "sesv2",
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName=name,
        EventDestinationName=PREFIX,
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": list(events),
            "SnsDestination": {"TopicArn": topic_arn},
        },
    )


def configuration_set(asking: Operator, name: str) -> None:
    """Make a configuration set through which mail may go."""
    asking.ask(
        "sesv2",
        "CreateConfigurationSet",
        ConfigurationSetName=name,
        ReputationOptions={"ReputationMetricsEnabled": True},
        SendingOptions={"SendingEnabled": True},
        Tags=_tags(),
    )


def identity(asking: Operator, domain: str, set_used: str) -> None:
    """Make an identity and the records that verify it, in a zone of its own (ses-facts 6.1)."""
    made = asking.ask(
        "sesv2",
        "CreateEmailIdentity",
        EmailIdentity=domain,
        ConfigurationSetName=set_used,
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"},
        Tags=_tags(),
    )
    signing = made["DkimAttributes"]
    zone = asking.ask("route53", "CreateHostedZone", Name=domain, CallerReference=domain)
    _hand_on(asking, domain, zone["DelegationSet"]["NameServers"])
    changes = [
        {"Action": "CREATE", "ResourceRecordSet": _cname(domain, token, signing)}
        for token in signing["Tokens"]
    ]
    asking.ask(
        "route53",
        "ChangeResourceRecordSets",
        HostedZoneId=zone["HostedZone"]["Id"],
        ChangeBatch={"Changes": changes},
    )


def _hand_on(asking: Operator, domain: str, servers: Sequence[str]) -> None:
    """Let the zone above hand a domain on to its own servers, where there is one."""
    zones = asking.ask("route53", "ListHostedZones")["HostedZones"]
    above = [one for one in zones if f"{domain}.".endswith(f".{one['Name']}")]
    if not above:
        return
    nearest = max(above, key=lambda one: len(one["Name"]))
    record = {
        "Name": domain,
        "Type": "NS",
        "TTL": 300,
        "ResourceRecords": [{"Value": f"{server}."} for server in servers],
    }
    asking.ask(
        "route53",
        "ChangeResourceRecordSets",
        HostedZoneId=nearest["Id"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )


def _cname(domain: str, token: str, signing: Mapping[str, str]) -> Mapping[str, object]:
    # The zone varies by Region and identity, so it is read and not written down.
    target = f"{token}.{signing['SigningHostedZone']}"
    return {
        "Name": f"{token}._domainkey.{domain}",
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": target}],
    }


def _user(asking: Operator, domain: str, set_used: str, boundary: str | None) -> Login:
    """Make the user that may send for this domain only, through its set (ses-facts 5, 6.3)."""
    bounded = {"PermissionsBoundary": boundary} if boundary else {}
    asking.ask("iam", "CreateUser", UserName=domain, Path=f"/{PREFIX}/", Tags=_tags(), **bounded)
    base = f"arn:aws:ses:{asking.region}:{asking.account_id}"
    allowed = {
        "Sid": "Send",
        "Effect": "Allow",
        "Action": "ses:SendRawEmail",
        "Resource": [
            f"{base}:identity/{domain}",
            f"{base}:configuration-set/{set_used}",
        ],
    }
    asking.ask(
        "iam",
        "PutUserPolicy",
        UserName=domain,
        PolicyName=f"{PREFIX}-send",
        PolicyDocument=json.dumps(policy(allowed)),
    )
    key = asking.ask("iam", "CreateAccessKey", UserName=domain)["AccessKey"]
    return Login(
        domain=domain,
        user=domain,
        access_key_id=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
        password=smtp_password(key["SecretAccessKey"], asking.region),
        configuration_set=set_used,
    )


def policy(statement: Mapping[str, object]) -> Mapping[str, object]:
    """Return a policy document of one statement."""
    return {"Version": "2012-10-17", "Statement": [statement]}


def _tags() -> Sequence[Mapping[str, str]]:
    return [{"Key": "sesauditd", "Value": PREFIX}]
