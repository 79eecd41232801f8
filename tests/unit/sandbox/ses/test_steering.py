from __future__ import annotations

from typing import Any

import pytest

from sesauditd.errors import Refused
from sesauditd.sandbox.ses.steering import steer


def test_the_accounts_standing_is_steered(world: Any, v2: Any) -> None:
    steer(world.ses, {"enforcement": "SHUTDOWN", "production": False, "sending_enabled": False})
    found = v2.get_account()
    assert found["EnforcementStatus"] == "SHUTDOWN"
    assert found["ProductionAccessEnabled"] is False
    assert found["SendingEnabled"] is False
    steer(world.ses, {"production": True, "max_24_hours": 10, "max_rate": 0.5})
    assert v2.get_account()["SendQuota"]["Max24HourSend"] == 10.0


def test_an_address_is_confirmed_as_if_its_link_had_been_followed(world: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="jane@example.com")
    assert world.ses.identity_for("jane@example.com") is None
    steer(world.ses, {"confirm": ["jane@Example.com"]})
    assert world.ses.identity_for("jane@example.com").name == "jane@example.com"


def test_switches_are_turned(world: Any) -> None:
    steer(world.ses, {"switches": {"verify_at_once": True, "recipients_ignore_case": False}})
    assert world.ses.switches.verify_at_once is True
    assert world.ses.switches.recipients_ignore_case is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"production": "no"},
        {"enforcement": "ANGRY"},
        {"max_rate": True},
        {"colour": 1},
        {"switches": {"unknown": True}},
        {"switches": {"verify_at_once": 1}},
        {"switches": []},
        {"confirm": ["nobody@x.org"]},
        {"confirm": "example.com"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    world: Any, v2: Any, wrong: dict[str, Any]
) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    before = world.ses.snapshot()
    with pytest.raises(Refused):
        steer(world.ses, {"sending_enabled": False, **wrong})
    assert world.ses.snapshot() == before
