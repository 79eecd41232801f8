"""The signature version of topics, which moto keeps and does not show."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from moto.sns.models import sns_backends

from sesauditd.sandbox.naming import parameters_of

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call

FIRST_VERSION = "1"
"""Of a topic that was never set (ses-facts 2.2)."""


def amend(call: Call, answer: Answer) -> Answer:
    """Show the version in GetTopicAttributes."""
    if (call.service, call.operation) != ("sns", "GetTopicAttributes"):
        return answer
    if answer.status != HTTPStatus.OK:
        return answer
    version = escape(_version(parameters_of(call).get("TopicArn", "")))
    shown = f"<entry><key>SignatureVersion</key><value>{version}</value></entry></Attributes>"
    return replace(answer, body=answer.body.replace(b"</Attributes>", shown.encode(), 1))


def _version(arn: str) -> str:
    _, _, _, region, account_id, _ = arn.split(":", 5)
    topic = sns_backends[account_id][region].topics.get(arn)
    return str(getattr(topic, "signature_version", FIRST_VERSION))
