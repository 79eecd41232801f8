"""Sets an account up and onboards domains over AWS's own API, as an operator would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.sandbox.mail.password import smtp_password
from sesauditd.sandbox.operator import operator

if TYPE_CHECKING:
    from sesauditd.sandbox.operator import Operator

PREFIX = "sesaudit"
NOTICE_DOMAIN = "host.example"
"""The domain from whose addresses the operator writes to customers."""
NOTICE_SET = f"{PREFIX}-notices"
MOST_RECEIVES = 5
KEPT_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message (ses-facts 2.3)."""
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
_LONGEST_SET_NAME = 64
_DIGEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a site needs to send: the SMTP user is the access key's id (ses-facts 6.3)."""

    domain: str
    user: str
    access_key_id: str
    secret: str
    password: str
    configuration_set: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """An account that is set up, and the logins of its domains."""

    endpoint_url: str
    region: str
    account_id: str
    queue_url: str
    dead_letters_url: str
    topic_arn: str
    bucket: str
    notice_domain: str
    notice_set: str
    logins: Mapping[str, Login]


def furnish(
    url: str,
    domains: Sequence[str] = (),
    *,
    region: str,
    account_id: str,
    notice_domain: str = NOTICE_DOMAIN,
    events: Sequence[str] = EVENTS,
) -> Furnished:
    """Set up everything that the daemon and the domains need; blocks for about a second.

    `events` are the types that each domain's feedback reports.

    Raises botocore's ClientError where the sandbox refuses, as for a second time.
    """
    with operator(url, region=region, account_id=account_id) as asking:
        topic_arn, queue_url, dead_letters_url = _feedback_path(asking)
        bucket = _bucket(asking)
        # With COMPLAINT among the reasons one mis-click cuts a person off from all customers.
        asking.ask("sesv2", "PutAccountSuppressionAttributes", SuppressedReasons=["BOUNCE"])
        boundary = _boundary(asking)
        _notices(asking, notice_domain)
        logins = {
            domain: onboard(asking, domain, topic_arn, boundary, events=events)
            for domain in domains
        }
        return Furnished(
            endpoint_url=url,
            region=region,
            account_id=account_id,
            queue_url=queue_url,
            dead_letters_url=dead_letters_url,
            topic_arn=topic_arn,
            bucket=bucket,
            notice_domain=notice_domain,
            notice_set=NOTICE_SET,
            logins=logins,
        )


def onboard(
    asking: Operator,
    domain: str,
    topic_arn: str,
    boundary: str | None = None,
    *,
    events: Sequence[str] = EVENTS,
) -> Login:
    """Let one domain send, with feedback to the topic: set, identity, records, user, key."""
    name = set_name(domain)
    _configuration_set(asking, name)
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
    _identity(asking, domain, name)
    return _user(asking, domain, name, boundary)


def set_name(domain: str) -> str:
    """Return the name of a domain's configuration set, shortened with a hash to 64 letters."""
    name = f"{PREFIX}-{domain.replace('.', '-')}"
    if len(name) <= _LONGEST_SET_NAME:
        return name
    mark = hashlib.sha256(domain.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST_SET_NAME - _DIGEST - 1]}-{mark}"


def _feedback_path(asking: Operator) -> tuple[str, str, str]:
    """Make topic, queue and both dead-letter queues (ses-facts 2.3, 2.4), and subscribe."""
    topic = asking.ask("sns", "CreateTopic", Name=f"{PREFIX}-feedback")["TopicArn"]
    asking.ask(
        "sns",
        "SetTopicAttributes",
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=json.dumps(_topic_policy(asking, topic)),
    )
    # Version 2 is SHA-256; the topic's own default is the weak one (ses-facts 2.2).
    asking.ask(
        "sns",
        "SetTopicAttributes",
        TopicArn=topic,
        AttributeName="SignatureVersion",
        AttributeValue="2",
    )
    dead_url, dead_arn = _queue(asking, "dead-letters", topic)
    _, undelivered_arn = _queue(asking, "undelivered", topic)
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": MOST_RECEIVES}
    url, arn = _queue(asking, "feedback", topic, RedrivePolicy=json.dumps(redrive))
    asking.ask(
        "sns",
        "Subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": undelivered_arn})},
    )
    return topic, url, dead_url


def _topic_policy(asking: Operator, topic: str) -> Mapping[str, object]:
    sets = f"arn:aws:ses:{asking.region}:{asking.account_id}:configuration-set/{PREFIX}-*"
    return _policy(
        {
            "Sid": "ses",
            "Effect": "Allow",
            "Principal": {"Service": "ses.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": asking.account_id},
                "ArnLike": {"AWS:SourceArn": sets},
            },
        }
    )


def _queue(asking: Operator, name: str, topic: str, **attributes: str) -> tuple[str, str]:
    """Make a queue that the topic may send to; return its URL and its ARN."""
    full = f"{PREFIX}-{name}"
    arn = f"arn:aws:sqs:{asking.region}:{asking.account_id}:{full}"
    policy = _policy(
        {
            "Sid": "sns",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
    )
    kept = {"MessageRetentionPeriod": str(KEPT_SECONDS), "Policy": json.dumps(policy)}
    made = asking.ask("sqs", "CreateQueue", QueueName=full, Attributes={**kept, **attributes})
    return str(made["QueueUrl"]), arn


def _bucket(asking: Operator) -> str:
    name = f"{PREFIX}-{asking.account_id}-archive"
    where = {"LocationConstraint": asking.region}
    asking.ask("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration=where)
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    asking.ask(
        "s3",
        "PutPublicAccessBlock",
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(closed, True),
    )
    return name


def _boundary(asking: Operator) -> str:
    """Make the policy that bounds every customer's user (design.md, section 8)."""
    allowed = {"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": "*"}
    made = asking.ask(
        "iam",
        "CreatePolicy",
        Path=f"/{PREFIX}/",
        PolicyName="boundary",
        PolicyDocument=json.dumps(_policy(allowed)),
    )
    return str(made["Policy"]["Arn"])


def _notices(asking: Operator, domain: str) -> None:
    """Let the operator write: from its own identity and set, which the topic never hears of."""
    _configuration_set(asking, NOTICE_SET)
    _identity(asking, domain, NOTICE_SET)


def _configuration_set(asking: Operator, name: str) -> None:
    asking.ask(
        "sesv2",
        "CreateConfigurationSet",
        ConfigurationSetName=name,
        ReputationOptions={"ReputationMetricsEnabled": True},
        SendingOptions={"SendingEnabled": True},
        Tags=_tags(),
    )


def _identity(asking: Operator, domain: str, configuration_set: str) -> None:
    """Make an identity and the records that verify it, in a zone of its own (ses-facts 6.1)."""
    made = asking.ask(
        "sesv2",
        "CreateEmailIdentity",
        EmailIdentity=domain,
        ConfigurationSetName=configuration_set,
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"},
        Tags=_tags(),
    )
    signing = made["DkimAttributes"]
    zone = asking.ask("route53", "CreateHostedZone", Name=domain, CallerReference=domain)
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


def _cname(domain: str, token: str, signing: Mapping[str, str]) -> Mapping[str, object]:
    # The zone varies by Region and identity, so it is read and not written down.
    target = f"{token}.{signing['SigningHostedZone']}"
    return {
        "Name": f"{token}._domainkey.{domain}",
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": target}],
    }


def _user(asking: Operator, domain: str, configuration_set: str, boundary: str | None) -> Login:
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
            f"{base}:configuration-set/{configuration_set}",
        ],
    }
    asking.ask(
        "iam",
        "PutUserPolicy",
        UserName=domain,
        PolicyName=f"{PREFIX}-send",
        PolicyDocument=json.dumps(_policy(allowed)),
    )
    key = asking.ask("iam", "CreateAccessKey", UserName=domain)["AccessKey"]
    return Login(
        domain=domain,
        user=domain,
        access_key_id=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
        password=smtp_password(key["SecretAccessKey"], asking.region),
        configuration_set=configuration_set,
    )


def _policy(statement: Mapping[str, object]) -> Mapping[str, object]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _tags() -> Sequence[Mapping[str, str]]:
    return [{"Key": "sesauditd", "Value": PREFIX}]
