"""A call's operation and parameters are read from whatever protocol it speaks."""

from __future__ import annotations

from typing import Any

import pytest

from sesauditd.sandbox.calls import Call
from sesauditd.sandbox.naming import LONGEST, is_write, operation_of, parameters_of, service_label
from sesauditd.sandbox.refusals import refusal

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/GetMetricData"


def call(service: str, **more: Any) -> Call:
    return Call(service=service, **more)


@pytest.mark.parametrize(
    ("given", "label", "operation"),
    [
        pytest.param(
            call("sqs", headers={"x-amz-target": "AmazonSQS.SendMessage"}),
            "sqs",
            "SendMessage",
            id="json",
        ),
        pytest.param(
            call("iam", headers=FORM, body=b"Action=GetUser&Version=1"),
            "iam",
            "GetUser",
            id="query",
        ),
        pytest.param(
            call("sns", query={"Action": "ListTopics"}, method="GET"), "sns", "ListTopics", id="get"
        ),
        pytest.param(
            call("monitoring", path=CBOR_PATH, headers=CBOR),
            "cloudwatch",
            "GetMetricData",
            id="cbor",
        ),
        pytest.param(
            call("s3", method="PUT", path="/bucket/a/b%20c"), "s3", "PutObject", id="object"
        ),
        pytest.param(
            call("s3", method="GET", path="/bucket", query={"list-type": "2"}),
            "s3",
            "ListObjectsV2",
            id="list",
        ),
        pytest.param(
            call("s3", method="POST", path="/bucket/key", query={"uploads": ""}),
            "s3",
            "CreateMultipartUpload",
            id="subresource",
        ),
        pytest.param(
            call("ses", method="PUT", path="/v2/email/configuration-sets/a/sending"),
            "sesv2",
            "PutConfigurationSetSendingOptions",
            id="rest-json",
        ),
        pytest.param(
            call("route53", method="POST", path="/2013-04-01/hostedzone/Z1/rrset/"),
            "route53",
            "ChangeResourceRecordSets",
            id="rest-xml",
        ),
        pytest.param(call("ses", path="/v2/email/nothing"), "sesv2", None, id="unknown-path"),
        pytest.param(call("nonsense", path="/x"), "nonsense", None, id="unknown-service"),
    ],
)
def test_service_and_operation_are_named(given: Call, label: str, operation: str | None) -> None:
    assert service_label(given) == label
    assert operation_of(given) == operation


def test_parameters_are_short_texts() -> None:
    json_call = call(
        "sqs",
        headers={"x-amz-target": "AmazonSQS.SendMessage"},
        body=b'{"QueueUrl": "q", "Delay": 1, "MessageBody": "' + b"x" * 999 + b'"}',
    )
    assert parameters_of(json_call) == {
        "QueueUrl": "q",
        "Delay": "1",
        "MessageBody": "x" * LONGEST,
    }
    assert parameters_of(call("iam", headers=FORM, body=b"Action=GetUser&UserName=a%20b")) == {
        "UserName": "a b"
    }
    for body in (b"\xff", b"[1]", b""):
        assert parameters_of(call("ses", path="/v2/email/account", body=body)) == {}
    assert parameters_of(call("s3", method="PUT", path="/b/k", body=b'{"a": 1}')) == {}


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("GetAccount", False),
        ("ListUsers", False),
        ("ReceiveMessage", False),
        ("PutUserPolicy", True),
        ("SendRawEmail", True),
        (None, True),
    ],
)
def test_writes_are_told_from_reads(operation: str | None, *, write: bool) -> None:
    assert is_write(operation) is write


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(call("monitoring", headers=CBOR), b"com.amazonaws#Odd", id="cbor"),
        pytest.param(call("ses", path="/v2/email/account"), b"no <way>", id="rest-json"),
        pytest.param(call("s3"), b"<Error><Code>Odd</Code><Message>no &lt;way&gt;", id="s3"),
        pytest.param(call("iam"), b"<Type>Sender</Type><Code>Odd</Code>", id="query"),
    ],
)
def test_a_refusal_has_the_shape_of_its_protocol(given: Call, words: bytes) -> None:
    answer = refusal(given, "Odd", "no <way>")
    assert answer.status == 400
    assert words in answer.body


def test_a_fault_of_the_server_is_the_receivers() -> None:
    assert b"<Type>Receiver</Type>" in refusal(call("iam"), "Odd", "x", status=500).body
