from __future__ import annotations

import json
from typing import Any

import pytest

from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.ses import shapes
from sesauditd.sandbox.ses.models import V1, V2, model_of, operation_of_v1, route
from sesauditd.sandbox.ses.operations import PLAIN, PUBLISHING

SETS = "/v2/email/configuration-sets"


def said(answer: Answer) -> tuple[int, str, str]:
    """Return status, code and message of an error of v2."""
    message = json.loads(answer.body)["message"]
    return answer.status, answer.headers["x-amzn-ErrorType"], message


def put(path: str, document: Any, method: str = "PUT") -> Call:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Call(service="ses", method=method, path=path, body=body)


def form(text: str) -> Call:
    return Call(service="ses", body=text.encode())


def test_every_operation_that_is_answered_is_in_the_model() -> None:
    for service, name in (*PLAIN, *PUBLISHING):
        assert name in model_of(service).operation_names


def test_every_path_of_the_model_leads_to_its_operation() -> None:
    model = model_of(V2)
    for name in model.operation_names:
        http = model.operation_model(name).http
        found = route(http["method"], http["requestUri"].replace("{", "x").replace("}", "x"))
        assert found is not None
        assert found.operation.name == name


def test_an_unknown_path_and_an_unknown_action_are_named_so(world: Any) -> None:
    status, code, _message = said(world.answer(put("/v2/email/nothing", {})))
    assert (status, code) == (404, "UnknownOperationException")
    found = world.answer(form("Action=Nothing&Version=2010-12-01"))
    assert found.status == 400
    assert "<Code>InvalidAction</Code>" in found.body.decode()
    assert operation_of_v1("Nothing") is None


def test_an_operation_that_the_sandbox_lacks_says_so(world: Any) -> None:
    call = Call(service="ses", method="GET", path="/v2/email/contact-lists")
    status, code, message = said(world.answer(call))
    assert (status, code) == (501, "NotImplemented")
    assert "ListContactLists" in message


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "Value 'null' at 'configurationSetName' failed to satisfy constraint: Member must "),
        ({"ConfigurationSetName": 3}, "Member must be a string"),
        ({"ConfigurationSetName": "a", "Tags": {}}, "at 'tags' failed"),
        ({"ConfigurationSetName": "a", "Tags": [{"Key": "k"}]}, "'tags.1.member.value'"),
        (
            {"ConfigurationSetName": "a", "SendingOptions": {"SendingEnabled": "true"}},
            "'sendingOptions.sendingEnabled' failed to satisfy constraint: Member must be a bool",
        ),
        (
            {"ConfigurationSetName": "a", "DeliveryOptions": {"TlsPolicy": "NEVER"}},
            "Member must satisfy enum value set: [REQUIRE, OPTIONAL]",
        ),
        (
            {"ConfigurationSetName": "a", "DeliveryOptions": {"MaxDeliverySeconds": 1.5}},
            "Member must be a long",
        ),
        (
            {"ConfigurationSetName": "a", "DeliveryOptions": {"MaxDeliverySeconds": 100}},
            "Member must have value greater than or equal to 300",
        ),
        (
            {"ConfigurationSetName": "a", "ArchivingOptions": {"ArchiveArn": "x" * 30}},
            "Member must satisfy regular expression pattern",
        ),
        (
            {"ConfigurationSetName": "a", "ReputationOptions": {"LastFreshStart": "soon"}},
            "Member must be a timestamp",
        ),
    ],
    ids=lambda one: None if isinstance(one, dict) else one[:24],
)
def test_a_wrong_shape_is_a_bad_request(world: Any, document: dict[str, Any], problem: str) -> None:
    status, code, message = said(world.answer(put(SETS, document, "POST")))
    assert (status, code) == (400, "BadRequestException")
    assert message.startswith("1 validation error detected: ")
    assert problem in message
    assert world.ses.sets == {}


def test_all_that_is_wrong_is_said_at_once(world: Any) -> None:
    wrong = {"Reason": "BORED", "TenantName": ""}
    _status, _code, message = said(world.answer(put("/v2/email/suppression/addresses", wrong)))
    assert message.startswith("3 validation errors detected: ")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"a"'])
def test_a_body_that_is_no_object_is_refused(world: Any, body: bytes) -> None:
    status, code, _message = said(world.answer(put(SETS, body, "POST")))
    assert (status, code) == (400, "SerializationException")


def test_members_that_the_model_does_not_know_are_passed_over(world: Any) -> None:
    answer = world.answer(put(SETS, {"ConfigurationSetName": "a", "More": 1}, "POST"))
    assert answer.status == 200
    assert json.loads(answer.body) == {}


def test_times_are_read_in_each_of_their_forms(world: Any) -> None:
    for moment in (1793610000, 1793610000.5, "2026-11-02T09:00:00Z"):
        document = {
            "ConfigurationSetName": f"a{str(moment)[-3:]}".replace(".", "").replace(":", ""),
            "ReputationOptions": {"LastFreshStart": moment},
        }
        assert world.answer(put(SETS, document, "POST")).status == 200


def test_a_wrong_value_in_a_query_string_is_refused(world: Any) -> None:
    call = Call(
        service="ses",
        method="GET",
        path="/v2/email/suppression/addresses",
        query_string="PageSize=many&Reason=BOUNCE&Reason=BORED",
    )
    _status, _code, message = said(world.answer(call))
    assert "'pageSize'" in message
    assert "'reasons.2.member'" in message


def test_version_one_says_what_is_missing(world: Any) -> None:
    answer = world.answer(form("Action=SetIdentityFeedbackForwardingEnabled&Identity=a.org"))
    text = answer.body.decode()
    assert answer.status == 400
    assert "<Code>ValidationError</Code>" in text
    assert "'forwardingEnabled'" in text
    answer = world.answer(form("Action=SendRawEmail&RawMessage.Data=%21"))
    assert "Member must be a blob" in answer.body.decode()


def test_version_one_is_also_answered_by_get(world: Any) -> None:
    answer = world.answer(
        Call(service="ses", method="GET", query_string="Action=GetAccountSendingEnabled")
    )
    assert "<Enabled>true</Enabled>" in answer.body.decode()


def test_text_is_escaped_in_xml(world: Any) -> None:
    answer = world.answer(form("Action=%3Cb%3E%26"))
    assert "&lt;b&gt;&amp;" in answer.body.decode()


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    [
        (V2, "GetAccount", {"Sending": True}),
        (V2, "GetAccount", {"SendingEnabled": "yes"}),
        (V2, "GetSuppressedDestination", {}),
        (V2, "GetEmailIdentity", {"VerificationStatus": "DONE"}),
        (V2, "ListConfigurationSets", {"ConfigurationSets": "shop"}),
        (V1, "GetSendQuota", {"Max24HourSend": "many"}),
        (V1, "VerifyDomainDkim", {"DkimTokens": {}}),
    ],
    ids=["unknown", "wrong type", "missing", "not in the enum", "no list", "v1", "v1 list"],
)
def test_the_sandbox_itself_cannot_answer_in_a_wrong_shape(
    service: str, operation: str, result: dict[str, Any]
) -> None:
    model = model_of(service).operation_model(operation)
    request = shapes.Request(service=service, operation=model, parameters={})
    with pytest.raises(TypeError):
        shapes.answer(request, result)
