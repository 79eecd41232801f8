"""The front's check of least privilege: what each call asks of IAM, and who is held to it."""

from __future__ import annotations

import json

import pytest

from sesauditd.sandbox.calls import Call
from sesauditd.sandbox.iam_actions import Place, requests_of

PLACE = Place(
    account_id="123456789012",
    region="eu-central-1",
    paths=lambda: {"shop.example": "/sesaudit/"},
    boundaries={"shop.example": "arn:aws:iam::123456789012:policy/sesaudit/boundary"},
)
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:sesaudit-feedback"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:sesaudit-feedback"
SES = "arn:aws:ses:eu-central-1:123456789012"
IAM = "arn:aws:iam::123456789012"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def json_call(service: str, operation: str, **given: object) -> Call:
    """Return a call in JSON, as SQS speaks."""
    return Call(
        service=service,
        operation=operation,
        headers={"x-amz-target": f"X.{operation}"},
        body=json.dumps(given).encode(),
    )


def form_call(service: str, operation: str, body: str) -> Call:
    """Return a call as a form, as IAM and SNS speak."""
    return Call(service=service, operation=operation, headers=FORM, body=body.encode())


def rest_call(
    service: str, operation: str, path: str, method: str = "GET", **given: object
) -> Call:
    """Return a call by its path, as S3, SES v2 and Route 53 speak."""
    body = json.dumps(given).encode() if given else b""
    return Call(service=service, operation=operation, method=method, path=path, body=body)


CALLS = {
    "acknowledging": (
        json_call("sqs", "DeleteMessageBatch", QueueUrl="http://x/123456789012/sesaudit-feedback"),
        [("sqs:DeleteMessage", QUEUE)],
    ),
    "finding a queue": (
        json_call("sqs", "GetQueueUrl", QueueName="sesaudit-feedback"),
        [("sqs:GetQueueUrl", QUEUE)],
    ),
    "making a queue with tags": (
        json_call("sqs", "CreateQueue", QueueName="sesaudit-feedback", tags={"sesauditd": "main"}),
        [("sqs:CreateQueue", QUEUE), ("sqs:TagQueue", QUEUE)],
    ),
    "making a topic with tags": (
        form_call("sns", "CreateTopic", "Name=sesaudit-feedback&Tags.member.1.Key=sesauditd"),
        [("sns:CreateTopic", TOPIC), ("sns:TagResource", TOPIC)],
    ),
    "a subscription": (
        form_call("sns", "GetSubscriptionAttributes", f"SubscriptionArn={TOPIC}:1"),
        [("sns:GetSubscriptionAttributes", "*")],
    ),
    "comparing an object": (
        rest_call("s3", "HeadObject", "/bucket/sesauditd/raw/dt%3D2026", "HEAD"),
        [("s3:GetObject", "arn:aws:s3:::bucket/sesauditd/raw/dt=2026")],
    ),
    "encryption of a bucket": (
        rest_call("s3", "GetBucketEncryption", "/bucket"),
        [("s3:GetEncryptionConfiguration", "arn:aws:s3:::bucket")],
    ),
    "a user that exists": (
        form_call("iam", "ListAccessKeys", "UserName=shop.example"),
        [("iam:ListAccessKeys", f"{IAM}:user/sesaudit/shop.example")],
    ),
    "a new user with tags": (
        form_call("iam", "CreateUser", "UserName=new&Path=%2Fsesaudit%2F&Tags.member.1.Key=k"),
        [
            ("iam:CreateUser", f"{IAM}:user/sesaudit/new"),
            ("iam:TagUser", f"{IAM}:user/sesaudit/new"),
        ],
    ),
    "a new policy": (
        form_call("iam", "CreatePolicy", "PolicyName=block-shop-1&Path=%2Fsesaudit%2F"),
        [("iam:CreatePolicy", f"{IAM}:policy/sesaudit/block-shop-1")],
    ),
    "a set": (
        rest_call("ses", "GetConfigurationSet", "/v2/email/configuration-sets/sesaudit-shop"),
        [("ses:GetConfigurationSet", f"{SES}:configuration-set/sesaudit-shop")],
    ),
    "an identity's default set": (
        rest_call(
            "ses",
            "PutEmailIdentityConfigurationSetAttributes",
            "/v2/email/identities/shop.example/configuration-set",
            "PUT",
            ConfigurationSetName="sesaudit-shop",
        ),
        [
            ("ses:PutEmailIdentityConfigurationSetAttributes", f"{SES}:identity/shop.example"),
            (
                "ses:PutEmailIdentityConfigurationSetAttributes",
                f"{SES}:configuration-set/sesaudit-shop",
            ),
        ],
    ),
    "raw mail": (
        rest_call(
            "ses",
            "SendEmail",
            "/v2/email/outbound-emails",
            "POST",
            FromEmailAddress="Watch <postmaster@host.example>",
            Content={"Raw": {"Data": ""}},
            ConfigurationSetName="sesaudit-notices",
        ),
        [
            ("ses:SendRawEmail", f"{SES}:identity/host.example"),
            ("ses:SendRawEmail", f"{SES}:configuration-set/sesaudit-notices"),
        ],
    ),
    "making a tenant": (
        rest_call(
            "ses",
            "CreateTenant",
            "/v2/email/tenants",
            "POST",
            TenantName="sesaudit-k",
            Tags=[{"Key": "sesauditd", "Value": "main"}],
        ),
        [
            ("ses:CreateTenant", f"{SES}:tenant/sesaudit-k/tn-0"),
            ("ses:TagResource", f"{SES}:tenant/sesaudit-k/tn-0"),
        ],
    ),
    "joining a tenant": (
        rest_call(
            "ses",
            "CreateTenantResourceAssociation",
            "/v2/email/tenants/resources",
            "POST",
            TenantName="sesaudit-k",
            ResourceArn=f"{SES}:identity/shop.example",
        ),
        [
            ("ses:CreateTenantResourceAssociation", f"{SES}:tenant/sesaudit-k/tn-0"),
            ("ses:CreateTenantResourceAssociation", f"{SES}:identity/shop.example"),
        ],
    ),
    "records": (
        rest_call("route53", "ListResourceRecordSets", "/2013-04-01/hostedzone/Z1/rrset"),
        [("route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1")],
    ),
    "metrics": (
        Call(service="monitoring", operation="GetMetricData"),
        [("cloudwatch:GetMetricData", "*")],
    ),
    "who am I": (Call(service="sts", operation="GetCallerIdentity"), []),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_asks_for_what_aws_asks_for(name: str) -> None:
    call, wanted = CALLS[name]

    assert [(one.action, one.resource) for one in requests_of(call, PLACE)] == wanted


def test_writing_at_a_user_names_its_boundary() -> None:
    call = form_call("iam", "AttachUserPolicy", f"UserName=shop.example&PolicyArn={IAM}:policy/p")

    (asked,) = requests_of(call, PLACE)

    assert asked.context == {
        "iam:permissionsboundary": [f"{IAM}:policy/sesaudit/boundary"],
        "iam:policyarn": [f"{IAM}:policy/p"],
    }


def test_changing_records_names_their_types() -> None:
    body = b"<Change><Action>CREATE</Action><ResourceRecordSet><Type>TXT</Type></Change>"
    path = "/2013-04-01/hostedzone/Z1/rrset/"
    call = Call(service="route53", operation="ChangeResourceRecordSets", path=path, body=body)

    (asked,) = requests_of(call, PLACE)

    assert asked.context["route53:changeresourcerecordsetsrecordtypes"] == ["TXT"]
