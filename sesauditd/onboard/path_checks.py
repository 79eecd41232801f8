"""Whether feedback gets from SES to the queue and into the archive; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.onboard import allowing
from sesauditd.onboard.allowing import Question
from sesauditd.onboard.findings import Check, Finding, doubtful, good, wrong
from sesauditd.onboard.queues import KEPT_SECONDS
from sesauditd.onboard.sights import Untold

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document
    from sesauditd.onboard.sights import Expected, Sight, Sights, TopicSight

SES: Final = "ses.amazonaws.com"
SNS: Final = "sns.amazonaws.com"
PUBLISH: Final = "sns:Publish"
SEND: Final = "sqs:SendMessage"
NEGATED: Final = frozenset({"NotAction", "NotPrincipal", "NotResource"})
"""Elements by which a statement is about all but a few."""
DEMANDING: Final = frozenset({*allowing.EQUAL, *allowing.LIKE, "IpAddress"})
"""Operators that a call without the key does not pass."""
WHO: Final = ("aws:source", "aws:principal", "aws:userid", "aws:username")
"""How the keys begin that say who calls, or from where."""
SETUP: Final = "`sesauditd setup` repairs it."
NAMED_BY_SETUP: Final = "`sesauditd setup --write-config` makes it and writes its name there."
DAY_SECONDS: Final = 24 * 3600


def path(expected: Expected, seen: Sights) -> Iterator[Finding]:
    """Yield what there is to say of topics, queue, dead-letter queues and bucket."""
    sets = [one.set_name for one in (*seen.domains, seen.notices) if one and one.set_name]
    if not seen.topics:
        yield wrong(Check.TOPIC, "topic", "the configuration names none", NAMED_BY_SETUP)
    for topic in seen.topics:
        yield from _topic(expected, topic, sets)
        yield _subscription(expected, topic)
    yield from _queue(expected, seen.queue)
    yield _dead_letters(
        Check.DEAD_LETTERS,
        "queue of what was received in vain",
        seen.dead_letters,
        "The daemon's log says why; when that is mended, move them back: AWS's "
        "`start-message-move-task` on that queue.",
    )
    yield _dead_letters(
        Check.UNDELIVERED,
        "queue of what SNS could not deliver",
        seen.undelivered,
        "The policy of the feedback queue refused them, or the queue was gone; when that is "
        "mended, move them to the feedback queue.",
    )
    yield _bucket(expected, seen.bucket)


def untold(check: Check, what: str, sight: Untold, domain: str | None = None) -> Finding:
    """Return the finding of what could not be looked at."""
    advice = (
        "Allow it as docs/iam/look.json does, or run this with an administrator's credentials."
        if sight.forbidden
        else "Try again."
    )
    return doubtful(check, what, f"could not be looked at ({sight.why})", advice, domain)


def _topic(expected: Expected, sight: TopicSight, sets: Sequence[str]) -> Iterator[Finding]:
    what = f"topic {_name(sight.arn)}"
    if isinstance(sight.topic, Untold):
        yield untold(Check.TOPIC, what, sight.topic)
        return
    if sight.topic is None:
        yield wrong(Check.TOPIC, what, "does not exist", "`sesauditd setup` makes it.")
        return
    yield _published(expected, sight.arn, _statements(sight.topic), sets)


def _published(
    expected: Expected, arn: str, statements: Iterable[Document], sets: Sequence[str]
) -> Finding:
    """Return whether SES may publish for each set that is in use (ses-facts 2.4)."""
    what = f"policy of topic {_name(arn)}"
    statements = list(statements)
    refused = [
        name
        for name in sets or (f"{expected.prefix}-example",)
        if not _ses_may(expected, arn, statements, name)
    ]
    if refused:
        return wrong(
            Check.TOPIC_POLICY,
            what,
            f"does not let SES publish for {_listed(refused)}: no event leaves SES",
            SETUP,
        )
    return good(Check.TOPIC_POLICY, what, "lets SES publish")


def _ses_may(expected: Expected, arn: str, statements: list[Document], set_name: str) -> bool:
    context = {
        "aws:sourceaccount": expected.account_id or "",
        "aws:sourcearn": f"{expected.set_arn_start}{set_name}",
    }
    asked = Question(action=PUBLISH, resource=arn, principal=SES, context=context)
    return allowing.allows(statements, asked) and not allowing.denies(statements, asked)


def _subscription(expected: Expected, sight: TopicSight) -> Finding:
    what = f"subscription of the queue to {_name(sight.arn)}"
    found = sight.subscription
    if isinstance(found, Untold):
        return untold(Check.SUBSCRIPTION, what, found)
    if found is None:
        return wrong(
            Check.SUBSCRIPTION,
            what,
            f"there is none: the topic does not send to {_name(expected.queue_arn)}",
            "`sesauditd setup` makes it.",
        )
    if found.get("filter"):
        says = "has a filter: some events never arrive"
        return wrong(Check.SUBSCRIPTION, what, says, SETUP)
    if found.get("raw"):
        says = "delivers raw messages, so that nothing says which topic they came from"
        return wrong(Check.SUBSCRIPTION, what, says, SETUP)
    if not found.get("undelivered_to"):
        says = "has no dead-letter queue: what SNS cannot deliver is lost"
        return doubtful(Check.SUBSCRIPTION, what, says, SETUP)
    return good(Check.SUBSCRIPTION, what, "is there, with SNS's envelope and a dead-letter queue")


def _queue(expected: Expected, sight: Sight) -> Iterator[Finding]:
    what = f"queue {_name(expected.queue_arn)}".strip()
    if expected.queue_url is None:
        yield wrong(Check.QUEUE, what, "the configuration names none", NAMED_BY_SETUP)
        return
    if isinstance(sight, Untold):
        yield untold(Check.QUEUE, what, sight)
        return
    if sight is None:
        advice = "Correct [queue] url, or let `sesauditd setup` make it."
        yield wrong(Check.QUEUE, what, "does not exist", advice)
        return
    redrive = sight.get("redrive")
    if redrive:
        yield good(Check.QUEUE, what, "exists, with a dead-letter queue")
    else:
        says = "has no dead-letter queue: what cannot be handled comes back for ever"
        yield doubtful(Check.QUEUE, what, says, SETUP)
    yield _taken(expected, list(_statements(sight)))


def _taken(expected: Expected, statements: list[Document]) -> Finding:
    what = f"policy of queue {_name(expected.queue_arn)}"
    refused = [one for one in expected.topic_arns if not _topic_may(expected, one, statements)]
    if refused:
        says = f"does not let {_listed(map(_name, refused))} send: SNS loses every event"
        return wrong(Check.QUEUE_POLICY, what, says, SETUP)
    others = [one for one in statements if _lets_others(one, expected)]
    if any(_lets_anybody(one) for one in others):
        says = "lets anybody send: forged feedback would be believed"
        advice = "Remove the statement whose principal is * and that names no topic."
        return wrong(Check.QUEUE_POLICY, what, says, advice)
    if others:
        whom = dict.fromkeys(who for one in others for who in allowing.principals(one))
        named = _listed(whom) if whom else "all but a few"
        says = f"lets others send, too: {named}"
        advice = 'Remove those statements, or set [queue] trust = "signature".'
        return doubtful(Check.QUEUE_POLICY, what, says, advice)
    return good(Check.QUEUE_POLICY, what, "lets exactly the topics send")


def _topic_may(expected: Expected, topic: str, statements: list[Document]) -> bool:
    asked = Question(
        action=SEND,
        resource=expected.queue_arn,
        principal=SNS,
        context={"aws:sourcearn": topic, "aws:sourceaccount": expected.account_id or ""},
    )
    return allowing.allows(statements, asked) and not allowing.denies(statements, asked)


def _lets_others(statement: Document, expected: Expected) -> bool:
    """Return whether a statement may let somebody send who is none of our topics.

    Only a condition that demands one of them tells that it does not: `ArnNotEquals`, or one with
    `IfExists`, which a call without a source passes, names a topic and keeps nobody out.
    """
    if statement.get("Effect") != "Allow":
        return False
    asked = Question(action=SEND, resource=expected.queue_arn)
    if not NEGATED & set(statement) and not allowing.allows([statement], asked):
        return False
    return not any(
        key == "aws:sourcearn" and values and set(values) <= set(expected.topic_arns)
        for key, values in _demands(statement)
    )


def _lets_anybody(statement: Document) -> bool:
    """Return whether no condition says anything of who sends."""
    named = set(allowing.principals(statement))
    is_open = bool(named & {"*", SNS}) or "NotPrincipal" in statement
    return is_open and not any(
        key.startswith(WHO) and not any(map(_is_anybody, values))
        for key, values in _demands(statement)
    )


def _is_anybody(value: str) -> bool:
    """Return whether a value leaves the account, or the network, to the caller."""
    return value in {"*", "0.0.0.0/0", "::/0"} or value.split(":")[4:5] == ["*"]


def _demands(statement: Document) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the keys that have to be there and have one of these values."""
    for operator, key, values in allowing.conditions(statement):
        if operator in DEMANDING:
            yield key, values


def _dead_letters(check: Check, what: str, sight: Sight, advice: str) -> Finding:
    if isinstance(sight, Untold):
        return untold(check, what, sight)
    if sight is None:
        return doubtful(check, what, "there is none", SETUP)
    name, waiting, kept = sight["name"], _number(sight, "waiting"), _number(sight, "kept_seconds")
    if waiting:
        lie = "message lies" if waiting == 1 else "messages lie"
        return wrong(check, what, f"{waiting} {lie} in {name}", advice)
    if kept < KEPT_SECONDS:
        says = f"{name} keeps messages for {kept / DAY_SECONDS:g} days only"
        return doubtful(check, what, says, SETUP)
    return good(check, what, f"{name} is empty, and keeps messages for 14 days")


def _bucket(expected: Expected, sight: Sight) -> Finding:
    what = f"bucket {expected.bucket or ''}".strip()
    if expected.bucket is None:
        return wrong(Check.BUCKET, what, "the configuration names none", NAMED_BY_SETUP)
    if isinstance(sight, Untold):
        return untold(Check.BUCKET, what, sight)
    if sight is None:
        advice = "Correct [archive] bucket, or let `sesauditd setup` make it."
        return wrong(Check.BUCKET, what, "does not exist", advice)
    if sight.get("foreign"):
        # S3 refuses both alike: a bucket of another account, and a look that IAM does not allow.
        why = "it belongs to another account, or these credentials may not look at it"
        return untold(Check.BUCKET, what, Untold(why=why, forbidden=True))
    if sight.get("public_access") != "blocked":
        return wrong(Check.BUCKET, what, "public access is possible", SETUP)
    if not sight.get("encryption"):
        return doubtful(Check.BUCKET, what, "names no encryption", SETUP)
    if sight.get("versions") != "kept":
        return doubtful(Check.BUCKET, what, "does not keep old versions", SETUP)
    return good(Check.BUCKET, what, "is private, encrypted, and keeps old versions")


def _statements(sight: Document) -> Iterator[Document]:
    policy = sight.get("policy")
    for one in policy.values() if isinstance(policy, Mapping) else ():
        if isinstance(one, Mapping):
            yield one


def _number(sight: Document, key: str) -> int:
    value: JSON = sight.get(key)
    return int(value) if isinstance(value, int | float) else 0


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
