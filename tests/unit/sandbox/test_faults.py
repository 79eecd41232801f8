"""Faults strike the calls that they name, as often as they say."""

from __future__ import annotations

from typing import Any

import pytest

from sesauditd.sandbox.calls import Call
from sesauditd.sandbox.faults import Fault, FaultAction, Faults


def call(operation: str = "ReceiveMessage", **more: Any) -> Call:
    return Call(
        service="sqs",
        operation=operation,
        headers={"x-amz-target": f"AmazonSQS.{operation}"},
        **more,
    )


def struck(fault: Fault, calls: int, given: Call | None = None) -> list[bool]:
    faults = Faults()
    faults.add(fault)
    return [faults.strike(given or call(), "sqs") is not None for _ in range(calls)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(), [True, False, False, False], id="the-next"),
        pytest.param(Fault(times=2), [True, True, False, False], id="the-next-two"),
        pytest.param(Fault(nth=3), [False, False, True, False], id="the-third"),
        pytest.param(Fault(nth=2, times=2), [False, True, True, False], id="second-and-third"),
        pytest.param(Fault(nth=2, times=0), [False, True, True, True], id="from-the-second-on"),
        pytest.param(Fault(service="s3"), [False] * 4, id="another-service"),
        pytest.param(Fault(operation="SendMessage"), [False] * 4, id="another-operation"),
        pytest.param(Fault(containing="queue"), [False] * 4, id="another-body"),
    ],
)
def test_a_fault_strikes_the_calls_it_names(fault: Fault, expected: list[bool]) -> None:
    assert struck(fault, 4) == expected


def test_a_fault_can_be_about_what_a_call_holds() -> None:
    assert struck(Fault(containing="q1"), 1, call(body=b'{"QueueUrl": "q1"}')) == [True]
    assert struck(Fault(containing="q1"), 1, call(path="/q1")) == [True]


def test_a_fault_of_ses_is_about_both_versions_and_one_of_sesv2_is_not() -> None:
    one = Call(service="ses", operation="SendEmail", path="/v2/email/outbound-emails")
    for service, label, expected in [
        ("ses", "sesv2", True),
        ("ses", "ses", True),
        ("sesv2", "sesv2", True),
        ("sesv2", "ses", False),
    ]:
        faults = Faults()
        faults.add(Fault(service=service))
        assert (faults.strike(one, label) is not None) is expected


def test_a_spent_fault_stands_no_longer_and_the_oldest_decides() -> None:
    faults = Faults()
    faults.add(Fault(code="First"))
    faults.add(Fault(code="Second", times=2))
    met = [faults.strike(call(), "sqs") for _ in range(3)]
    assert [one.code if one else None for one in met] == ["First", "Second", None]
    assert faults.standing() == []


def test_clearing_lets_everything_go_right() -> None:
    faults = Faults()
    faults.add(Fault(times=0))
    faults.clear()
    assert faults.strike(call(), "sqs") is None


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", b"SlowDown", 503),
        ("sesv2", b"TooManyRequests", 429),
        ("sqs", b"RequestThrottled", 403),
        ("iam", b"Throttling", 400),
    ],
)
def test_each_service_has_its_own_word_for_too_many(service: str, code: bytes, status: int) -> None:
    given = Call(service="ses" if service == "sesv2" else service, path="/v2/email/x")
    answer = Fault(action=FaultAction.THROTTLE).answer(given, service)
    assert answer.status == status
    assert code in answer.body + str(answer.headers).encode()
