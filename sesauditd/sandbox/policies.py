"""Whether a topic and a queue let a message in, by their own policies."""

from __future__ import annotations

from sesauditd.sandbox.authorization import Decision
from sesauditd.sandbox.statements import Effect, Request, effect_of

SES = "ses.amazonaws.com"
SNS = "sns.amazonaws.com"


def topic_takes(
    policy: str | None, *, topic_arn: str, source_arn: str, account_id: str
) -> Decision:
    """Return whether SES may publish to a topic for a configuration set or an identity.

    `source_arn` is the set's ARN for events, the identity's for notifications; both keys are
    in the request, so a policy may ask for either (ses-facts 2.4).
    """
    request = Request(
        principal=SES,
        action="sns:Publish",
        resource=topic_arn,
        context={"aws:SourceArn": [source_arn], "aws:SourceAccount": [account_id]},
    )
    return _decision(policy, request)


def queue_takes(policy: str | None, *, queue_arn: str, topic_arn: str) -> Decision:
    """Return whether a topic may send to a queue; if not, SNS drops the message (ses-facts 2.3)."""
    request = Request(
        principal=SNS,
        action="sqs:SendMessage",
        resource=queue_arn,
        context={"aws:SourceArn": [topic_arn]},
    )
    return _decision(policy, request)


def _decision(policy: str | None, request: Request) -> Decision:
    match effect_of(policy or "", request):
        case Effect.ALLOW:
            return Decision(allowed=True, why="its policy allows it")
        case Effect.DENY:
            return Decision(allowed=False, why=f"the policy of {request.resource} denies it")
        case None:
            return Decision(
                allowed=False,
                why=f"the policy of {request.resource} does not let {request.principal} in",
            )
