"""What the doctor says of what it saw: one thing wrong at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sesauditd.onboard import doctor, domain_checks
from sesauditd.onboard.findings import Check, Level
from sesauditd.onboard.sets import EVENTS
from sesauditd.onboard.sights import (
    DatabaseSight,
    DomainSight,
    Expected,
    Sights,
    TopicSight,
    Untold,
    UserSight,
)

ACCOUNT = "123456789012"
START = f"eu-central-1:{ACCOUNT}"
TOPIC = f"arn:aws:sns:{START}:sesaudit-feedback"
QUEUE = f"arn:aws:sqs:{START}:sesaudit-feedback"
SES = f"arn:aws:ses:{START}:"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/sesaudit/boundary"
EXPECTED = Expected(
    prefix="sesaudit",
    account_id=ACCOUNT,
    region="eu-central-1",
    queue_url=f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/sesaudit-feedback",
    topic_arns=(TOPIC,),
    bucket="archive",
    notices_set="sesaudit-notices",
    sender_domain=None,
    boundary_arn=BOUNDARY,
    set_arn_start=f"{SES}configuration-set/",
    identity_arn_start=f"{SES}identity/",
)
FROM_SES: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "ses.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": TOPIC,
    "Condition": {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        "ArnLike": {"AWS:SourceArn": f"{SES}configuration-set/*"},
    },
}
FROM_TOPIC: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
    "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
}
VERIFIED: dict[str, Any] = {
    "configuration_set": "sesaudit-shop",
    "verified": True,
    "dkim": "SUCCESS",
    "mail_from": "SUCCESS",
}
SHOP = DomainSight(
    domain="shop.example",
    identity=VERIFIED,
    configuration_set={"sending_enabled": True},
    destinations=[{"enabled": True, "topic": TOPIC, "types": list(EVENTS)}],
    users=[
        UserSight(
            name="shop.example",
            user={"boundary": BOUNDARY},
            policies=[
                {
                    "Effect": "Allow",
                    "Action": "ses:SendRawEmail",
                    "Resource": [
                        f"{SES}identity/shop.example",
                        f"{SES}configuration-set/sesaudit-shop",
                    ],
                    "Condition": {"StringLike": {"ses:FromAddress": "*@shop.example"}},
                }
            ],
            keys={"AKIA1": True},
        )
    ],
)
BASE: dict[str, Any] = {
    "production": True,
    "enforcement": "HEALTHY",
    "sending_enabled": True,
    "suppressed_reasons": ["BOUNCE"],
}
EMPTY: dict[str, Any] = {"name": "dead", "waiting": 0, "kept_seconds": 14 * 24 * 3600}
SOUND = Sights(
    caller=ACCOUNT,
    ahead=timedelta(seconds=1),
    account=BASE,
    queue={"redrive": {"to": "dead", "receives": 10}, "policy": {"a": FROM_TOPIC}},
    dead_letters=EMPTY,
    undelivered=EMPTY,
    topics=[
        TopicSight(
            arn=TOPIC,
            topic={"policy": {"a": FROM_SES}},
            subscription={"raw": False, "filter": None, "undelivered_to": "undelivered"},
        )
    ],
    bucket={"public_access": "blocked", "encryption": "AES256", "versions": "kept"},
    notices=None,
    permissions={},
    domains=[SHOP],
)


def levels(seen: Sights, expected: Expected = EXPECTED) -> dict[Check, Level]:
    """Return what is not as it should be."""
    found = doctor.aws(expected, seen, enforcing=True)
    # Nobody is told anything here, which is a warning of its own.
    return {
        one.check: one.level for one in found if one.level is not Level.OK and one.what != "notices"
    }


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a queue with these statements in its policy."""
    named = {str(place): one for place, one in enumerate(statements)}
    return {"redrive": {"to": "dead", "receives": 10}, "policy": named}


ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE}
OWNER = {**ANYBODY, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
OPEN = {
    "over TLS": {**ANYBODY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "but from another topic": {**ANYBODY, "Condition": {"ArnNotEquals": {"aws:SourceArn": "x"}}},
    "but from ours": {**ANYBODY, "Condition": {"ArnNotLike": {"aws:SourceArn": TOPIC}}},
    "without a source": {**ANYBODY, "Condition": {"ArnEqualsIfExists": {"aws:SourceArn": TOPIC}}},
    "of a source or none": {
        **ANYBODY,
        "Condition": {"ForAllValues:ArnEquals": {"aws:SourceArn": TOPIC}},
    },
    "all but one": {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "sqs:*",
        "Resource": QUEUE,
    },
    "all actions but one": {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "NotAction": "sqs:DeleteQueue",
        "Resource": QUEUE,
    },
    "any topic of anybody": {**FROM_TOPIC, "Condition": {}},
    "anything at all": {**FROM_TOPIC, "Condition": {"ArnLike": {"aws:SourceArn": "*"}}},
    "a topic of any account": {
        **FROM_TOPIC,
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-central-1:*:sesaudit-feedback"}},
    },
    "the whole network": {
        **ANYBODY,
        "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.1", "0.0.0.0/0"]}},
    },
}
"""What leaves the gate open although it does not look so."""
HALF_OPEN = {
    "this topic and another": {
        **FROM_TOPIC,
        "Condition": {"ArnEquals": {"aws:SourceArn": [TOPIC, f"{TOPIC}-2"]}},
    },
    "whoever is in the account": {
        **ANYBODY,
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    },
    "any topic of the account": {
        **FROM_TOPIC,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:{START}:*"}},
    },
    "an address of the office": {
        **ANYBODY,
        "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    },
}
DENIED = UserSight(
    name="shop.example",
    user={"boundary": BOUNDARY},
    policies=[
        {"Effect": "Allow", "Action": "ses:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ses:*", "Resource": f"{SES}identity/shop.example"},
    ],
    keys={"AKIA1": True},
)
CASES: dict[str, tuple[dict[str, Any], Check, Level]] = {
    "another account": ({"caller": "999999999999"}, Check.ACCOUNT_ID, Level.WRONG),
    "clock six minutes ahead": ({"ahead": timedelta(minutes=6)}, Check.CLOCK, Level.WRONG),
    "clock six minutes behind": ({"ahead": timedelta(minutes=-6)}, Check.CLOCK, Level.WRONG),
    "complaints suppressed": (
        {"account": {**BASE, "suppressed_reasons": ["BOUNCE", "COMPLAINT"]}},
        Check.SUPPRESSION,
        Level.WRONG,
    ),
    "AWS's sandbox": (
        {"account": {**BASE, "production": False}},
        Check.PRODUCTION,
        Level.WARNING,
    ),
    "on probation": (
        {"account": {**BASE, "enforcement": "PROBATION"}},
        Check.ENFORCEMENT,
        Level.WARNING,
    ),
    "shut down": ({"account": {**BASE, "enforcement": "SHUTDOWN"}}, Check.ENFORCEMENT, Level.WRONG),
    "no queue": ({"queue": None}, Check.QUEUE, Level.WRONG),
    "anybody may send": ({"queue": policy(FROM_TOPIC, ANYBODY)}, Check.QUEUE_POLICY, Level.WRONG),
    **{
        f"anybody may send: {name}": (
            {"queue": policy(FROM_TOPIC, one)},
            Check.QUEUE_POLICY,
            Level.WRONG,
        )
        for name, one in OPEN.items()
    },
    **{
        f"others may send: {name}": (
            {"queue": policy(FROM_TOPIC, one)},
            Check.QUEUE_POLICY,
            Level.WARNING,
        )
        for name, one in HALF_OPEN.items()
    },
    "the owner may send, too": (
        {"queue": policy(FROM_TOPIC, OWNER)},
        Check.QUEUE_POLICY,
        Level.WARNING,
    ),
    "the topic may not send": ({"queue": policy()}, Check.QUEUE_POLICY, Level.WRONG),
    "three dead letters": (
        {"dead_letters": {**EMPTY, "waiting": 3}},
        Check.DEAD_LETTERS,
        Level.WRONG,
    ),
    "dead letters kept four days": (
        {"undelivered": {**EMPTY, "kept_seconds": 4 * 24 * 3600}},
        Check.UNDELIVERED,
        Level.WARNING,
    ),
    "a public bucket": ({"bucket": {"public_access": "possible"}}, Check.BUCKET, Level.WRONG),
    "a bucket that is not seen": (
        {"bucket": Untold(why="AccessDenied", forbidden=True)},
        Check.BUCKET,
        Level.WARNING,
    ),
    "not verified": (
        {"domains": [replace(SHOP, identity={**VERIFIED, "verified": False})]},
        Check.IDENTITY,
        Level.WRONG,
    ),
    "paused by a stranger": (
        {"domains": [replace(SHOP, configuration_set={"sending_enabled": False})]},
        Check.SET,
        Level.WRONG,
    ),
    "paused by us": (
        {"domains": [replace(SHOP, configuration_set={"sending_enabled": False}, stopped=True)]},
        Check.SET,
        Level.WARNING,
    ),
    "bounces untold": (
        {
            "domains": [
                replace(SHOP, destinations=[{"enabled": True, "topic": TOPIC, "types": ["BOUNCE"]}])
            ]
        },
        Check.DESTINATION,
        Level.WRONG,
    ),
    "denied by a stranger": (
        {"domains": [replace(SHOP, users=[DENIED])]},
        Check.IAM_POLICY,
        Level.WRONG,
    ),
    "denied by us": (
        {"domains": [replace(SHOP, users=[DENIED], stopped=True)]},
        Check.IAM_POLICY,
        Level.WARNING,
    ),
    "no key": (
        {"domains": [replace(SHOP, users=[replace(SHOP.users[0], keys={})])]},
        Check.KEYS,
        Level.WRONG,
    ),
    "no active key": (
        {"domains": [replace(SHOP, users=[replace(SHOP.users[0], keys={"AKIA1": False})])]},
        Check.KEYS,
        Level.WRONG,
    ),
    "no active key of a stopped domain": (
        {
            "domains": [
                replace(SHOP, stopped=True, users=[replace(SHOP.users[0], keys={"AKIA1": False})])
            ]
        },
        Check.KEYS,
        Level.WARNING,
    ),
    "nobody sends": ({"domains": [replace(SHOP, users=[])]}, Check.IAM_USER, Level.WARNING),
}


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert levels(SOUND) == {}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_named_alone(case: str) -> None:
    differs, check, level = CASES[case]
    assert levels(replace(SOUND, **differs)) == {check: level}


def test_a_configuration_that_names_nothing_is_told_what_setup_makes() -> None:
    bare = replace(EXPECTED, account_id=None, queue_url=None, bucket=None, topic_arns=())
    found = levels(replace(SOUND, topics=[], domains=[]), bare)
    wrong = {check for check, level in found.items() if level is Level.WRONG}
    assert wrong == {Check.ACCOUNT_ID, Check.QUEUE, Check.BUCKET, Check.TOPIC}


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        (DatabaseSight(schema="0002", size_bytes=1, free_bytes=1 << 40), Level.OK),
        (DatabaseSight(schema="0002", size_bytes=1, free_bytes=1), Level.WARNING),
        (DatabaseSight(problem="it stays locked"), Level.WRONG),
    ],
    ids=["sound", "nearly full", "locked"],
)
def test_the_database_is_judged(seen: DatabaseSight, level: Level) -> None:
    (found,) = doctor.machine(seen, None)
    assert found.level is level


@pytest.mark.parametrize(
    ("user", "path", "command"),
    [
        ("shop.example", "/sesaudit/", "onboard shop.example"),
        ("shop.example", "/", "adopt shop.example --take-over"),
        ("shop-user", "/sesaudit/", "adopt shop.example --take-over"),
    ],
)
def test_a_user_without_the_boundary_is_bounded_by_what_made_it(
    user: str, path: str, command: str
) -> None:
    seen = UserSight(name=user, user={"boundary": None, "path": path}, policies=[], keys={})
    shop = DomainSight(
        domain="shop.example",
        identity=None,
        users=[seen],
    )
    found = list(domain_checks.domain(EXPECTED, shop))
    assert f"`sesauditd {command}` bounds it." in [one.advice for one in found]
