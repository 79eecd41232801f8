"""Sets an account up over AWS's own API, as an operator would, and onboards domains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.sandbox.domains import (
    EVENTS,
    PREFIX,
    Login,
    configuration_set,
    event_destination,
    identity,
    onboard,
    policy,
)
from sesauditd.sandbox.operator import operator

if TYPE_CHECKING:
    from sesauditd.sandbox.operator import Operator

__all__ = ["Furnished", "Login", "furnish", "onboard"]

NOTICE_DOMAIN = "host.example"
"""The domain from whose addresses the operator writes to customers."""
NOTICE_SET = f"{PREFIX}-notices"
NOTICE_EVENTS = ("REJECT", "BOUNCE", "COMPLAINT")
MOST_RECEIVES = 5
KEPT_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message (ses-facts 2.3)."""


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
        _notices(asking, notice_domain, topic_arn)
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
    return policy(
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
    sent_by_topic = policy(
        {
            "Sid": "sns",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
    )
    kept = {"MessageRetentionPeriod": str(KEPT_SECONDS), "Policy": json.dumps(sent_by_topic)}
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
        PolicyDocument=json.dumps(policy(allowed)),
    )
    return str(made["Policy"]["Arn"])


def _notices(asking: Operator, domain: str, topic_arn: str) -> None:
    """Let the operator write from an identity and a set of its own.

    What bounces is reported: the daemon knows its own mail, never counts it, and learns which
    contacts are dead.
    """
    configuration_set(asking, NOTICE_SET)
    event_destination(asking, NOTICE_SET, topic_arn, NOTICE_EVENTS)
    identity(asking, domain, NOTICE_SET)
