from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sesauditd.sandbox.ses.values import Enforcement

DETAILS = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com"}


def test_a_new_account_suppresses_bounces_and_complaints(v2: Any) -> None:
    found = v2.get_account()
    assert found["SuppressionAttributes"]["SuppressedReasons"] == ["BOUNCE", "COMPLAINT"]
    assert found["EnforcementStatus"] == "HEALTHY"
    assert found["ProductionAccessEnabled"] is True
    assert found["SendingEnabled"] is True
    assert found["SendQuota"]["SentLast24Hours"] == 0.0


def test_the_accounts_switches_are_read_back(world: Any, v2: Any) -> None:
    v2.put_account_sending_attributes(SendingEnabled=False)
    v2.put_account_suppression_attributes(SuppressedReasons=[])
    world.ses.account = replace(world.ses.account, enforcement=Enforcement.PROBATION)
    found = v2.get_account()
    assert found["SendingEnabled"] is False
    assert found["SuppressionAttributes"]["SuppressedReasons"] == []
    assert found["EnforcementStatus"] == "PROBATION"


def test_the_quota_counts_24_hours(world: Any, v2: Any, v1: Any) -> None:
    world.ses.count_sent(3)
    world.pass_time(timedelta(hours=23))
    world.ses.count_sent(2)
    assert v2.get_account()["SendQuota"]["SentLast24Hours"] == 5.0
    world.pass_time(timedelta(hours=1))
    assert v1.get_send_quota()["SentLast24Hours"] == 2.0


def test_awss_sandbox_has_200_a_day(world: Any, v2: Any) -> None:
    world.ses.account = replace(world.ses.account, production=False)
    found = v2.get_account()
    assert found["ProductionAccessEnabled"] is False
    assert found["SendQuota"]["Max24HourSend"] == 200.0


def test_a_second_request_for_production_waits_for_the_first(
    world: Any, v2: Any, refused: Any
) -> None:
    world.ses.account = replace(world.ses.account, production=False)
    v2.put_account_details(**DETAILS, ProductionAccessEnabled=True)
    assert v2.get_account()["Details"]["ReviewDetails"]["Status"] == "PENDING"
    assert refused(v2.put_account_details, **DETAILS) == "ConflictException"


def test_details_change_without_a_review_in_production(v2: Any) -> None:
    v2.put_account_details(**DETAILS, ProductionAccessEnabled=True)
    assert v2.get_account()["Details"] == DETAILS


def test_there_are_no_recommendations(v2: Any) -> None:
    assert v2.list_recommendations()["Recommendations"] == []
