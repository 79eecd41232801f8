"""Policy documents: Deny wins, silence is no leave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sesauditd.sandbox.policies import queue_takes, topic_takes
from sesauditd.sandbox.statements import Effect, Request, effect_of

IDENTITY = "arn:aws:ses:eu-central-1:123456789012:identity/shop.example"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:feedback"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:feedback"
SET = "arn:aws:ses:eu-central-1:123456789012:configuration-set/sesaudit-shop-example"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": IDENTITY, **more}


def deny(**more: Any) -> dict[str, Any]:
    return allow(Effect="Deny", **more)


def sending(**context: list[str]) -> Request:
    return Request(action="ses:SendRawEmail", resource=IDENTITY, context=context)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(policy(allow()), Effect.ALLOW, id="allowed"),
        pytest.param(policy(allow(), deny()), Effect.DENY, id="deny-wins"),
        pytest.param(policy(deny(), allow()), Effect.DENY, id="deny-wins-in-any-order"),
        pytest.param(policy(allow(Action="SES:sendrawemail")), Effect.ALLOW, id="action-case"),
        pytest.param(policy(allow(Action=["ses:Get*", "ses:Send*"])), Effect.ALLOW, id="many"),
        pytest.param(policy(allow(Action="ses:SendEmail")), None, id="another-action"),
        pytest.param(policy(allow(Resource="*")), Effect.ALLOW, id="any-resource"),
        pytest.param(policy(allow(Resource=IDENTITY.upper())), None, id="resource-minds-case"),
        pytest.param(policy(deny(Resource=f"{IDENTITY}*")), Effect.DENY, id="wildcard"),
        pytest.param(
            json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}),
            Effect.ALLOW,
            id="one-statement-and-not-action",
        ),
        pytest.param(
            policy({"Effect": "Deny", "Action": "*", "NotResource": IDENTITY}), None, id="not-res"
        ),
        pytest.param("no json", None, id="no-policy"),
        pytest.param("[]", None, id="no-object"),
        pytest.param("{}", None, id="no-statement"),
    ],
)
def test_what_a_policy_says(document: str, expected: Effect | None) -> None:
    assert effect_of(document, sending()) is expected


def test_a_condition_that_is_not_known_counts_for_a_deny_and_against_an_allow() -> None:
    odd = {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}}
    assert effect_of(policy(allow(**odd)), sending()) is None
    assert effect_of(policy(allow(), deny(**odd)), sending()) is Effect.DENY


def test_names_of_condition_keys_have_no_case() -> None:
    only = {"Condition": {"StringLike": {"SES:fromaddress": "*@shop.example"}}}
    request = Request(
        action="ses:SendRawEmail",
        resource=IDENTITY,
        context={"ses:FromAddress": ["info@shop.example"]},
    )
    assert effect_of(policy(allow(**only)), request) is Effect.ALLOW


def topic_policy(**conditions: Any) -> str:
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "ses.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": conditions,
        }
    )


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        pytest.param(
            topic_policy(
                StringEquals={"AWS:SourceAccount": "123456789012"}, ArnLike={"AWS:SourceArn": SET}
            ),
            True,
            id="as-aws-writes-it",
        ),
        pytest.param(
            topic_policy(StringEquals={"AWS:SourceAccount": "999999999999"}),
            False,
            id="another-account",
        ),
        pytest.param(
            topic_policy(StringEquals={"AWS:SourceArn": f"{SET}-other"}), False, id="another-set"
        ),
        pytest.param(policy(allow(Action="sns:Publish", Resource=TOPIC)), False, id="no-principal"),
        pytest.param(
            policy(allow(Principal="*", Action="sns:*", Resource=TOPIC)), True, id="anybody"
        ),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_topic_lets_ses_in_by_its_policy(document: str | None, *, allowed: bool) -> None:
    decision = topic_takes(document, topic_arn=TOPIC, source_arn=SET, account_id="123456789012")
    assert decision.allowed is allowed


def queue_policy(topic: str, effect: str = "Allow") -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"Service": ["sns.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }


def test_a_queue_lets_only_its_topic_in() -> None:
    mine = policy(queue_policy(TOPIC))
    assert queue_takes(mine, queue_arn=QUEUE, topic_arn=TOPIC).allowed
    assert not queue_takes(mine, queue_arn=QUEUE, topic_arn=f"{TOPIC}-2").allowed
    closed = policy(queue_policy(TOPIC), queue_policy(TOPIC, "Deny"))
    refused = queue_takes(closed, queue_arn=QUEUE, topic_arn=TOPIC)
    assert not refused.allowed
    assert "denies" in refused.why
