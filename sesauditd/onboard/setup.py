"""What an account needs before its first domain: the way of feedback, the archive, the bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.errors import Refused
from sesauditd.model.addresses import canonical, domain_of
from sesauditd.onboard.account import Boundary, NoticesSender, SuppressionReasons
from sesauditd.onboard.buckets import Bucket
from sesauditd.onboard.policies import canonical as canonical_statement
from sesauditd.onboard.queues import Queue, redrive_to
from sesauditd.onboard.sets import ConfigurationSet, EventDestination
from sesauditd.onboard.topics import Subscription, Topic

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON
    from sesauditd.onboard.account import Policies, Senders, Suppression
    from sesauditd.onboard.buckets import Buckets
    from sesauditd.onboard.engine import Facts, Resource, Stage
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.queues import Queues
    from sesauditd.onboard.sets import Destinations, Sets
    from sesauditd.onboard.topics import Subscriptions, Topics

MOST_RECEIVES: Final = 10
"""SQS's own default; a message that fails as often fails for ever (ses-facts 2.3)."""
NOTICE_EVENTS: Final = ("BOUNCE", "COMPLAINT", "REJECT")
"""What tells that a contact is dead; the daemon's own mail is never counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the account's resources are called."""

    account: Account
    topic: str
    queue: str
    bucket: str
    archive_prefix: str
    sender_domain: str | None
    """Of the daemon's own mail; None if nobody is told anything."""

    @property
    def topic_arn(self) -> str:
        """Return the ARN of the topic."""
        return self.account.arn("sns", self.topic)

    def queue_arn(self, name: str) -> str:
        """Return the ARN of a queue."""
        return self.account.arn("sqs", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """The services that setting up an account asks."""

    queues: Queues
    topics: Topics
    subscriptions: Subscriptions
    buckets: Buckets
    suppression: Suppression
    policies: Policies
    sets: Sets
    destinations: Destinations
    senders: Senders


def desired(
    account: Account,
    *,
    queue_url: str | None,
    topic_arns: Sequence[str],
    bucket: str | None,
    archive_prefix: str,
    sender: str | None,
) -> Desired:
    """Return what everything is called: as the configuration says, else by the prefix.

    Raises Refused if the configuration names only topics of other accounts or regions.
    """
    start = account.arn("sns", "")
    ours = [arn.removeprefix(start) for arn in topic_arns if arn.startswith(start)]
    if topic_arns and not ours:
        raise Refused(
            f"queue.topic_arns names no topic of account {account.account_id} in "
            f"{account.region}: correct it, or leave it out and one is made"
        )
    return Desired(
        account=account,
        topic=ours[0] if ours else f"{account.prefix}-feedback",
        queue=queue_url.rpartition("/")[2] if queue_url else f"{account.prefix}-feedback",
        bucket=bucket or f"{account.prefix}-{account.account_id}-archive",
        archive_prefix=archive_prefix.strip("/"),
        sender_domain=domain_of(canonical(sender)) if sender else None,
    )


def stages(wanted: Desired, at: Adapters, ownership: Ownership) -> Sequence[Stage]:
    """Return everything in the order in which it is made; names alone say what it needs."""

    def everything(_facts: Facts) -> Sequence[Resource]:
        return [
            *_feedback(wanted, at, ownership),
            *_account(wanted, at, ownership),
            *_notices(wanted, at, ownership),
        ]

    return [everything]


def settings_of(wanted: Desired, facts: Facts) -> Mapping[tuple[str, str], str | Sequence[str]]:
    """Return what the configuration has to say by section and key, once everything stands."""
    queue = facts.get(f"SQS queue {wanted.queue}") or {}
    return {
        ("aws", "region"): wanted.account.region,
        ("aws", "account_id"): wanted.account.account_id,
        ("queue", "url"): str(queue["url"]),
        ("queue", "topic_arns"): [wanted.topic_arn],
        ("archive", "bucket"): wanted.bucket,
    }


def _feedback(wanted: Desired, at: Adapters, ownership: Ownership) -> Sequence[Resource]:
    """Return the way from SES to the queue, what it leads to first (ses-facts 2.3, 2.4)."""
    dead_letters = f"{wanted.account.prefix}-dead-letters"
    undelivered = f"{wanted.account.prefix}-undelivered"
    return [
        Queue(
            queues=at.queues,
            queue=dead_letters,
            why="keeps what the daemon received in vain",
            ownership=ownership,
        ),
        Queue(
            queues=at.queues,
            queue=undelivered,
            why="keeps what SNS could not deliver, which would be lost",
            ownership=ownership,
            statements=_from_topic(wanted, undelivered),
        ),
        Topic(
            topics=at.topics,
            topic=wanted.topic,
            arn=wanted.topic_arn,
            ownership=ownership,
            statements=_from_ses(wanted),
        ),
        Queue(
            queues=at.queues,
            queue=wanted.queue,
            why="the daemon reads the feedback from it",
            ownership=ownership,
            redrive=redrive_to(wanted.queue_arn(dead_letters), MOST_RECEIVES),
            statements=_from_topic(wanted, wanted.queue),
        ),
        Subscription(
            subscriptions=at.subscriptions,
            topic_arn=wanted.topic_arn,
            queue_arn=wanted.queue_arn(wanted.queue),
            dead_letters_arn=wanted.queue_arn(undelivered),
        ),
    ]


def _account(wanted: Desired, at: Adapters, ownership: Ownership) -> Sequence[Resource]:
    return [
        Bucket(
            buckets=at.buckets,
            bucket=wanted.bucket,
            prefix=wanted.archive_prefix,
            region=wanted.account.region,
            installation_prefix=wanted.account.prefix,
            ownership=ownership,
        ),
        SuppressionReasons(account=at.suppression),
        Boundary(
            policies=at.policies,
            arn=wanted.account.boundary_arn,
            path=wanted.account.path,
            ownership=ownership,
        ),
    ]


def _notices(wanted: Desired, at: Adapters, ownership: Ownership) -> Sequence[Resource]:
    own = wanted.account.notices_set
    made: list[Resource] = [
        ConfigurationSet(
            sets=at.sets,
            set_name=own,
            ownership=ownership,
            why="the daemon's own mail goes through it, and is known by it",
        ),
        EventDestination(
            destinations=at.destinations,
            set_name=own,
            destination=wanted.account.prefix,
            topic_arn=wanted.topic_arn,
            events=NOTICE_EVENTS,
            why="tells which contacts are dead",
        ),
    ]
    if wanted.sender_domain is not None:
        made.append(NoticesSender(senders=at.senders, domain=wanted.sender_domain))
    return made


def _from_ses(wanted: Desired) -> Mapping[str, JSON]:
    """Return the statement by which SES may publish, for any set of this account and region.

    Sets that were there before have names of their own. Identities are left out: their
    notifications would tell everything a second time (ses-facts 1.1).
    """
    sets = f"{wanted.account.arn('ses', 'configuration-set')}/*"
    return _by_sid(
        {
            "Sid": "SesauditdFromSes",
            "Effect": "Allow",
            "Principal": {"Service": "ses.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": wanted.topic_arn,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": wanted.account.account_id},
                "ArnLike": {"AWS:SourceArn": sets},
            },
        }
    )


def _from_topic(wanted: Desired, queue: str) -> Mapping[str, JSON]:
    """Return the statement by which the topic may send to a queue."""
    return _by_sid(
        {
            "Sid": "SesauditdFromTopic",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": wanted.queue_arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": wanted.topic_arn}},
        }
    )


def _by_sid(statement: Mapping[str, JSON]) -> Mapping[str, JSON]:
    return {str(statement["Sid"]): canonical_statement(statement)}
