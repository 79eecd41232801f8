"""What moto wrongly accepts is refused, and what it does not know is answered."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sesauditd.sandbox.limits import LARGEST_INLINE, LARGEST_POLICY, MOST_ATTACHED
from sesauditd.sandbox.operator import Operator, operator
from tests.support.sandboxes import sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from sesauditd.sandbox.running import Sandbox

BOUNDARY = "arn:aws:iam::123456789012:policy/sesaudit/boundary"


@pytest.fixture
async def running() -> AsyncIterator[Sandbox]:
    async with sandbox() as started:
        yield started


@pytest.fixture
def aws(running: Sandbox) -> Iterator[Operator]:
    with operator(running.url, region=running.region, account_id=running.account_id) as asked:
        asked.ask("iam", "CreateUser", UserName="shop", Path="/sesaudit/")
        yield asked


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(ClientError) as error:
        yield
    assert error.value.response["Error"]["Code"] == code


def document(size: int, letter: str = "x") -> str:
    """Return a policy of so many characters, and white space beside."""

    def written(sid: str) -> str:
        statement = {"Sid": sid, "Effect": "Deny", "Action": "ses:*", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    empty = len(written("").replace(" ", ""))
    return written(letter * (size - empty))


def put(aws: Operator, name: str, text: str) -> None:
    aws.ask("iam", "PutUserPolicy", UserName="shop", PolicyName=name, PolicyDocument=text)


def create(aws: Operator, name: str, text: str) -> str:
    made = aws.ask("iam", "CreatePolicy", PolicyName=name, PolicyDocument=text)
    return str(made["Policy"]["Arn"])


def test_a_managed_policy_has_its_limit(aws: Operator) -> None:
    arn = create(aws, "full", document(LARGEST_POLICY))
    with refused("LimitExceeded"):
        create(aws, "over", document(LARGEST_POLICY + 1))
    with refused("LimitExceeded"):
        over = document(LARGEST_POLICY + 1)
        aws.ask("iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=over)


def test_inline_policies_have_one_limit_together(aws: Operator) -> None:
    put(aws, "one", document(1_500))
    with refused("LimitExceeded"):
        put(aws, "two", document(LARGEST_INLINE - 1_500 + 1))
    put(aws, "two", document(LARGEST_INLINE - 1_500))
    put(aws, "one", document(1_000))


def test_a_user_has_ten_managed_policies(aws: Operator) -> None:
    arns = [create(aws, f"block-{number}", document(200)) for number in range(MOST_ATTACHED + 1)]
    for arn in [*arns[:MOST_ATTACHED], arns[0]]:
        aws.ask("iam", "AttachUserPolicy", UserName="shop", PolicyArn=arn)
    with refused("LimitExceeded"):
        aws.ask("iam", "AttachUserPolicy", UserName="shop", PolicyArn=arns[-1])


def test_letters_beyond_latin_are_no_policy(aws: Operator) -> None:
    with refused("MalformedPolicyDocument"):
        put(aws, "odd", '{"Statement": "\N{SNOWMAN}"}')


def test_ignore_case_is_an_operator_that_iam_takes(aws: Operator) -> None:
    condition = {"ForAnyValue:StringEqualsIgnoreCase": {"ses:Recipients": ["bob@x.org"]}}
    statement = {
        "Effect": "Deny",
        "Action": "ses:Send*",
        "Resource": "*",
        "Condition": condition,
    }
    put(aws, "block", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_a_users_boundary_is_kept_shown_and_removed(aws: Operator, running: Sandbox) -> None:
    def shown(user: str) -> Any:
        return aws.ask("iam", "GetUser", UserName=user)["User"].get("PermissionsBoundary")

    aws.ask("iam", "PutUserPermissionsBoundary", UserName="shop", PermissionsBoundary=BOUNDARY)
    assert shown("shop")["PermissionsBoundaryArn"] == BOUNDARY
    aws.ask("iam", "DeleteUserPermissionsBoundary", UserName="shop")
    assert shown("shop") is None
    aws.ask("iam", "CreateUser", UserName="club", PermissionsBoundary=BOUNDARY)
    assert shown("club")["PermissionsBoundaryArn"] == BOUNDARY
    aws.ask("iam", "DeleteUser", UserName="club")
    aws.ask("iam", "CreateUser", UserName="club")
    assert shown("club") is None
    with refused("NoSuchEntity"):
        aws.ask("iam", "DeleteUserPermissionsBoundary", UserName="nobody")
    assert running.recording.count("iam", "DeleteUserPermissionsBoundary") == 2


def changes(*many: tuple[str, str, str]) -> Mapping[str, Any]:
    return {
        "Changes": [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": "TXT",
                    "TTL": 300,
                    "ResourceRecords": [{"Value": value}],
                },
            }
            for action, name, value in many
        ]
    }


def test_a_batch_that_contradicts_its_zone_changes_nothing(aws: Operator) -> None:
    made = aws.ask("route53", "CreateHostedZone", Name="x.org", CallerReference="1")
    zone = made["HostedZone"]["Id"]

    def change(*many: tuple[str, str, str]) -> None:
        batch = changes(*many)
        aws.ask("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=batch)

    change(("CREATE", "a.x.org", '"1"'))
    for batch in (
        [("CREATE", "b.x.org", '"2"'), ("CREATE", "a.x.org", '"1"')],
        [("CREATE", "b.x.org", '"2"'), ("DELETE", "c.x.org", '"1"')],
        [("DELETE", "a.x.org", '"1"'), ("CREATE", "a.y.org", '"1"')],
    ):
        with refused("InvalidChangeBatch"):
            change(*batch)
    listed = aws.ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
    assert [one["Name"] for one in listed if one["Type"] == "TXT"] == ["a.x.org."]
    change(("DELETE", "a.x.org", '"1"'), ("CREATE", "a.x.org", '"2"'))
    with refused("NoSuchHostedZone"):
        aws.ask(
            "route53",
            "ChangeResourceRecordSets",
            HostedZoneId="Z123",
            ChangeBatch=changes(("CREATE", "a.x.org", '"1"')),
        )


def test_a_customers_key_may_call_nothing_but_what_a_policy_allows(
    aws: Operator, running: Sandbox
) -> None:
    key = aws.ask("iam", "CreateAccessKey", UserName="shop")["AccessKey"]
    mine = {
        "region_name": running.region,
        "endpoint_url": running.url,
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }

    def call(service: str, operation: str, **parameters: Any) -> None:
        client = aws._session.create_client(service, **mine)
        try:
            getattr(client, operation)(**parameters)
        finally:
            client.close()

    with refused("AccessDenied"):
        call("iam", "list_users")
    with refused("AccessDeniedException"):
        call("sqs", "list_queues")
    with refused("AccessDeniedException"):
        call("sesv2", "get_account")
    statement = {"Effect": "Allow", "Action": "ses:GetAccount", "Resource": "*"}
    put(aws, "look", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    call("sesv2", "get_account")
    aws.ask(
        "iam",
        "UpdateAccessKey",
        UserName="shop",
        AccessKeyId=key["AccessKeyId"],
        Status="Inactive",
    )
    with refused("InvalidClientTokenId"):
        call("sesv2", "get_account")


def test_a_queue_keeps_its_policy_when_something_else_is_set(aws: Operator) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}

    def kept() -> Any:
        found = aws.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        return json.loads(found["Attributes"].get("Policy", "null"))

    made = aws.ask("sqs", "CreateQueue", QueueName="q", Attributes={"Policy": json.dumps(policy)})
    url = made["QueueUrl"]
    aws.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert kept() == policy
    aws.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})
    aws.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    assert kept() is None
    aws.ask("sqs", "DeleteQueue", QueueUrl=url)
    aws.ask("sqs", "CreateQueue", QueueName="q")
    aws.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert kept() is None
