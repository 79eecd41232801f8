"""An account at the sandbox that setup works on, and every way in which it can drift."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesauditd.aws.clients import Keys
from sesauditd.bootstrap.onboarding import setup
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.config import load
from sesauditd.ingest.source import Pace
from sesauditd.sandbox.operator import Operator, operator
from sesauditd.sandbox.running import Options, start
from tests.support.roles import NOBODY, policies, renamed, role_of
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from sesauditd.bootstrap.onboarding import Setup
    from sesauditd.config import Settings
    from sesauditd.sandbox.running import Sandbox

QUICK = Tempo(
    pace=Pace(batch_seconds=0.02),
    ses_control_paced=False,
    patience_seconds=(0.01, 0.01, 0.02),
    mail_seconds=0.0,
    watches_clock=False,
    keys=Keys(key_id="administrator", secret="administrator"),
)
REGION, ACCOUNT = "eu-central-1", "123456789012"
ARN = f"{REGION}:{ACCOUNT}"
TOPIC = f"arn:aws:sns:{ARN}:sesaudit-feedback"
QUEUE = f"arn:aws:sqs:{ARN}:sesaudit-feedback"
BUCKET = f"sesaudit-{ACCOUNT}-archive"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/sesaudit/boundary"
SET = "sesaudit-notices"
PROGRAM = frozenset({"administrator", "test"})
"""The keys by which tests let the program call; the operator's own is another."""
FORBIDDEN = 403
NAMES_OF_MINE = (
    ("topic-of-mine", "mails-of-mine", "bucket-of-mine"),
    ("topic-of-mine", "mails-of-mine", "far-away"),
)
"""Topic, queue and bucket under the names that tests configure, too."""
RESOURCES = 10
"""That setup makes or changes in a new account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """A sandbox, and the operator's own way to it."""

    sandbox: Sandbox
    asking: Operator
    role: list[str]
    """The documents that bind the program just now; the sandbox looks at them at each call."""
    refused: list[str] = field(default_factory=list)

    @contextmanager
    def acting(self, *roles: str) -> Iterator[None]:
        """Let the program do within the block what these files of docs/iam allow, and no more."""
        before = self.role[:]
        self.role[:] = documents(*roles)
        try:
            yield
        finally:
            self.role[:] = before

    def running(self, *arguments: str) -> AbstractContextManager[None]:
        """Let a command run as docs/operations.md says."""
        return self.acting(*role_of(arguments))

    def denied(self) -> Sequence[str]:
        """Return the calls that the program's role did not allow, by operation; at the end."""
        self._gather()
        return self.refused

    def _gather(self) -> None:
        self.refused.extend(
            f"{one.service}.{one.operation}"
            for one in self.sandbox.recording.calls()
            if one.status == FORBIDDEN and one.access_key_id in PROGRAM and one.fault is None
        )

    def writes(self) -> int:
        """Return how many calls asked to change something since they were forgotten."""
        return len(self.sandbox.recording.calls(writes=True))

    def forget_calls(self) -> None:
        """Count calls from now on."""
        self._gather()
        self.sandbox.recording.clear()

    def drift(self, *names: str) -> None:
        """Let the account drift in these ways, in this order; what is gone cannot drift."""
        for name in names:
            DRIFTS[name](self.asking)

    def wipe(self) -> None:
        """Leave nothing of what setup makes."""
        self.drift("complaints suppressed", *(name for name in DRIFTS if name.endswith("gone")))
        self.sandbox.faults.clear()

    def settings(self, folder: Path, **sections: Mapping[str, object]) -> Settings:
        """Return the settings of a new installation that points at the sandbox."""
        return load(self.configured(folder, **sections), {})

    def configured(self, folder: Path, **sections: Mapping[str, object]) -> Path:
        """Return a configuration file with these sections more."""
        given: dict[str, Mapping[str, object]] = {
            "database": {"url": f"sqlite:///{folder / 'test.db'}"},
            "aws": {"region": REGION, "account_id": ACCOUNT, "endpoint_url": self.sandbox.url},
            **sections,
        }
        lines = []
        for section, keys in given.items():
            lines.append(f"[{section}]\n")
            lines += [f"{key} = {json.dumps(value)}\n" for key, value in keys.items()]
        file = folder / "config.toml"
        file.write_text("".join(lines))
        return file

    @asynccontextmanager
    async def opened(
        self, folder: Path, *, take_over: bool = False, **sections: Mapping[str, object]
    ) -> AsyncIterator[Setup]:
        """Open setup on a database in the folder."""
        settings = self.settings(folder, **sections)
        async with setup(settings, clock=lambda: NOW, tempo=QUICK, take_over=take_over) as opened:
            with self.acting("look", "setup"):
                yield opened


@contextmanager
def stood(*roles: str, denied: Collection[str] | None = ()) -> Iterator[Stood]:
    """Run a sandbox in a thread of its own, where the program may do what docs/iam allows.

    `roles` are files that hold outside of `acting`. A call that was refused for want of a right
    is an error, also where the program went on without it, except for operations that are to be
    `denied`; None lets all be.
    """
    role = documents(*roles)
    with asyncio.Runner() as runner:
        opening = start(Options(clock=lambda: NOW, role=role))
        sandbox = runner.run(opening.__aenter__())
        try:
            with operator(sandbox.url, region=REGION, account_id=ACCOUNT) as asking:
                place = Stood(sandbox=sandbox, asking=asking, role=role)
                yield place
                assert denied is None or set(place.denied()) <= set(denied), place.denied()
        finally:
            runner.run(opening.__aexit__(None, None, None))


def documents(*roles: str) -> list[str]:
    """Return the documents of these files, with the names that tests configure; never none."""
    given = policies(*roles)
    other = [renamed(one, *names) for one in given for names in NAMES_OF_MINE]
    return [NOBODY, *given, *other]


def queue_url(asking: Operator, name: str) -> str:
    """Return where a queue is."""
    return str(asking.ask("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"])


def subscription(asking: Operator) -> str:
    """Return the ARN of the queue's subscription."""
    found = asking.ask("sns", "ListSubscriptionsByTopic", TopicArn=TOPIC)["Subscriptions"]
    return next(str(one["SubscriptionArn"]) for one in found if one["Endpoint"] == QUEUE)


def quietly(change: Callable[[Operator], object]) -> Callable[[Operator], None]:
    """Return a change that is left undone where what it changes is gone already."""

    def changed(asking: Operator) -> None:
        try:
            change(asking)
        except Exception as error:
            gone = "NotFound", "NonExistent", "NoSuch", "NoSuchBucket", "NoSuchEntity"
            code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
            if not isinstance(error, StopIteration) and not any(one in code for one in gone):
                raise

    return changed


def _queue(name: str, **attributes: str) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask(
            "sqs",
            "SetQueueAttributes",
            QueueUrl=queue_url(asking, f"sesaudit-{name}"),
            Attributes=attributes,
        )
    )


def _no_queue(name: str) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask(
            "sqs", "DeleteQueue", QueueUrl=queue_url(asking, f"sesaudit-{name}")
        )
    )


def _topic(attribute: str, value: str) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask(
            "sns",
            "SetTopicAttributes",
            TopicArn=TOPIC,
            AttributeName=attribute,
            AttributeValue=value,
        )
    )


def _subscription(attribute: str, value: str) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask(
            "sns",
            "SetSubscriptionAttributes",
            SubscriptionArn=subscription(asking),
            AttributeName=attribute,
            AttributeValue=value,
        )
    )


def _bucket(operation: str, **parameters: Any) -> Callable[[Operator], None]:
    return quietly(lambda asking: asking.ask("s3", operation, Bucket=BUCKET, **parameters))


def _set(operation: str, **parameters: Any) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask("sesv2", operation, ConfigurationSetName=SET, **parameters)
    )


def _destination(*types: str, enabled: bool = True) -> Callable[[Operator], None]:
    reporting = {
        "Enabled": enabled,
        "MatchingEventTypes": list(types),
        "SnsDestination": {"TopicArn": TOPIC},
    }
    return _set(
        "UpdateConfigurationSetEventDestination",
        EventDestinationName="sesaudit",
        EventDestination=reporting,
    )


def _loose_boundary(asking: Operator) -> None:
    anything = {"Sid": "More", "Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [anything]}
    asking.ask(
        "iam",
        "CreatePolicyVersion",
        PolicyArn=BOUNDARY,
        PolicyDocument=json.dumps(document),
        SetAsDefault=True,
    )


def _no_boundary(asking: Operator) -> None:
    versions = asking.ask("iam", "ListPolicyVersions", PolicyArn=BOUNDARY)["Versions"]
    for version in versions:
        if not version["IsDefaultVersion"]:
            asking.ask(
                "iam", "DeletePolicyVersion", PolicyArn=BOUNDARY, VersionId=version["VersionId"]
            )
    asking.ask("iam", "DeletePolicy", PolicyArn=BOUNDARY)


def _no_bucket(asking: Operator) -> None:
    for one in asking.ask("s3", "ListObjectsV2", Bucket=BUCKET).get("Contents", ()):
        asking.ask("s3", "DeleteObject", Bucket=BUCKET, Key=one["Key"])
    # moto would give them to the next bucket of this name.
    asking.ask("s3", "DeleteBucketTagging", Bucket=BUCKET)
    asking.ask("s3", "DeleteBucket", Bucket=BUCKET)


def _reasons(*reasons: str) -> Callable[[Operator], None]:
    return quietly(
        lambda asking: asking.ask(
            "sesv2", "PutAccountSuppressionAttributes", SuppressedReasons=list(reasons)
        )
    )


STRANGER = {
    "Sid": "Stranger",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "sns:GetTopicAttributes",
    "Resource": TOPIC,
}
ANOTHER_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STRANGER]})
DRIFTS: dict[str, Callable[[Operator], None]] = {
    "set unmeasured": _set("PutConfigurationSetReputationOptions", ReputationMetricsEnabled=False),
    "set suppresses complaints": _set(
        "PutConfigurationSetSuppressionOptions", SuppressedReasons=["BOUNCE", "COMPLAINT"]
    ),
    "destination off": _destination("BOUNCE", "COMPLAINT", "REJECT", enabled=False),
    "destination tells of clicks": _destination("CLICK"),
    "dead letters kept for an hour": _queue("dead-letters", MessageRetentionPeriod="3600"),
    "undelivered without a policy": _queue("undelivered", Policy=""),
    "topic policy of others": _topic("Policy", ANOTHER_POLICY),
    "topic signs by SHA-1": _topic("SignatureVersion", "1"),
    "queue kept for a minute": _queue("feedback", MessageRetentionPeriod="60"),
    "queue gives up at once": _queue(
        "feedback",
        RedrivePolicy=json.dumps(
            {
                "deadLetterTargetArn": f"arn:aws:sqs:{ARN}:sesaudit-dead-letters",
                "maxReceiveCount": 1,
            }
        ),
    ),
    "queue policy of others": _queue("feedback", Policy=ANOTHER_POLICY),
    "subscription is raw": _subscription("RawMessageDelivery", "true"),
    "subscription filters": _subscription("FilterPolicy", '{"kind": ["bounce"]}'),
    "subscription without dead letters": _subscription("RedrivePolicy", "{}"),
    "bucket is open": _bucket("DeletePublicAccessBlock"),
    "bucket forgets versions": _bucket(
        "PutBucketVersioning", VersioningConfiguration={"Status": "Suspended"}
    ),
    "bucket without a lifecycle": _bucket("DeleteBucketLifecycle"),
    "bucket in clear": _bucket("DeleteBucketEncryption"),
    "complaints suppressed": _reasons("BOUNCE", "COMPLAINT"),
    "nothing suppressed": _reasons(),
    "boundary is loose": quietly(_loose_boundary),
    "destination gone": _set(
        "DeleteConfigurationSetEventDestination", EventDestinationName="sesaudit"
    ),
    "set gone": _set("DeleteConfigurationSet"),
    "subscription gone": quietly(
        lambda asking: asking.ask("sns", "Unsubscribe", SubscriptionArn=subscription(asking))
    ),
    "topic gone": quietly(lambda asking: asking.ask("sns", "DeleteTopic", TopicArn=TOPIC)),
    "queue gone": _no_queue("feedback"),
    "dead letters gone": _no_queue("dead-letters"),
    "undelivered gone": _no_queue("undelivered"),
    "bucket gone": quietly(_no_bucket),
    "boundary gone": quietly(_no_boundary),
}
"""Ways in which an account drifts, in an order in which they do not hinder each other."""
