"""The pace of SES's control plane, and the sandbox's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sesauditd.sandbox.calls import Call
from sesauditd.sandbox.clock import SandboxClock
from sesauditd.sandbox.pace import Pace, TokenBucket

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_a_bucket_gives_a_burst_and_then_one_a_second() -> None:
    at = [0.0]
    bucket = TokenBucket(1, burst=2, seconds=lambda: at[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    at[0] = 1.0
    assert [bucket.take() for _ in range(2)] == [True, False]
    at[0] = 100.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_only_the_control_plane_of_ses_is_paced() -> None:
    pace = Pace(TokenBucket(1, burst=1, seconds=lambda: 0.0))
    control = Call(service="ses", operation="GetAccount", path="/v2/email/account")
    assert pace.stop(control) is None
    refused = pace.stop(control)
    assert refused is not None
    assert refused.status == 429
    first = pace.stop(Call(service="ses", operation="GetSendQuota"))
    assert first is not None
    assert b"Throttling" in first.body
    assert pace.stop(Call(service="ses", operation="SendRawEmail")) is None
    assert pace.stop(Call(service="sqs", operation="ListQueues")) is None


def test_the_clock_tells_the_real_time_until_a_story_sets_another() -> None:
    clock = SandboxClock(lambda: NOW)
    assert (clock(), clock.is_story) == (NOW, False)
    clock.set_to(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert (clock(), clock.is_story) == (datetime(2026, 1, 1, tzinfo=UTC), True)
    clock.back_to_real()
    assert (clock(), clock.is_story) == (NOW, False)


def test_a_story_has_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        SandboxClock(lambda: NOW).set_to(datetime(2026, 1, 1))
