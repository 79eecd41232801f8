"""Whether a domain may send, and which mode holds for a customer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.model.actions import Reverse, State
from sesauditd.model.verdicts import Does
from sesauditd.report.pages import mode_of
from sesauditd.report.sending import sending_state
from tests.unit.report.builders import MONDAY, WEEK, action, verdict

if TYPE_CHECKING:
    from sesauditd.report.figures import StoredVerdict

LATER = WEEK + timedelta(days=1)


@pytest.mark.parametrize(
    ("steps", "state", "stopped"),
    [
        pytest.param([], "sending", False, id="nothing-was-decided"),
        pytest.param([(Does.DISABLE, State.REQUESTED)], "disable requested", False, id="asked"),
        pytest.param([(Does.DISABLE, State.SHADOW)], "disable shadow", False, id="shadow"),
        pytest.param([(Does.DISABLE, State.WAITING)], "disable waiting", False, id="waiting"),
        pytest.param([(Does.DISABLE, State.FAILED)], "disable failed", False, id="failed"),
        pytest.param([(Does.DISABLE, State.UNKNOWN)], "disable unknown", True, id="perhaps"),
        pytest.param([(Does.DISABLE, State.DONE)], "disabled", True, id="disabled"),
        pytest.param([(Does.DISABLE, State.CANCELLED)], "sending", False, id="cancelled"),
        pytest.param([(Does.DISABLE, State.SUPERSEDED)], "sending", False, id="superseded"),
        pytest.param(
            [(Does.DISABLE, State.DONE), (Does.TERMINATE, State.DONE)],
            "terminated",
            True,
            id="terminated-after-disabled",
        ),
        pytest.param(
            [(Does.DISABLE, State.DONE), (Does.TERMINATE, State.WAITING)],
            "disabled",
            True,
            id="disabled-while-the-termination-waits",
        ),
        pytest.param(
            [(Does.DISABLE, State.REVERSED), (Reverse.REINSTATE, State.REQUESTED)],
            "reinstate requested",
            True,
            id="still-stopped-until-the-reinstatement-is-done",
        ),
        pytest.param(
            [(Does.DISABLE, State.DONE), (Reverse.REINSTATE, State.DONE)],
            "sending",
            False,
            id="reinstated",
        ),
        pytest.param(
            [(Does.TERMINATE, State.REVERSED), (Reverse.RESTORE, State.FAILED)],
            "restore failed",
            True,
            id="restore-failed",
        ),
        pytest.param(
            [
                (Does.DISABLE, State.DONE),
                (Reverse.REINSTATE, State.DONE),
                (Does.DISABLE, State.SHADOW),
            ],
            "disable shadow",
            False,
            id="only-shown-since",
        ),
        pytest.param(
            [(Does.DISABLE, State.WAITING), (Does.DISABLE, State.SHADOW)],
            "disable waiting",
            False,
            id="what-waits-outweighs-what-is-shown",
        ),
    ],
)
def test_a_domain_stands_as_its_actions_say(
    steps: list[tuple[str, State]], state: str, stopped: bool
) -> None:
    actions = [
        action(kind, reached, requested_at=WEEK + timedelta(hours=hour))
        for hour, (kind, reached) in enumerate(steps)
    ]
    assert sending_state(actions) == (state, stopped)
    assert sending_state(reversed(actions)) == (state, stopped)


def test_a_reverse_comes_after_what_it_reverses_in_the_same_moment() -> None:
    both = [action(Reverse.REINSTATE, State.DONE), action(Does.DISABLE, State.DONE)]
    assert sending_state(both) == ("sending", False)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        pytest.param(verdict(action_state=State.DONE), "executed", id="done"),
        pytest.param(verdict(action_state=State.PROPOSED), "proposed", id="proposed"),
        pytest.param(
            verdict(action_state=State.DONE, withdrawn_at=MONDAY), "withdrawn", id="withdrawn"
        ),
        pytest.param(verdict(mode="shadow"), "shadow", id="shadow-without-an-action"),
        pytest.param(verdict(), "stored", id="without-an-action"),
    ],
)
def test_a_verdict_is_shown_by_what_came_of_it(found: StoredVerdict, state: str) -> None:
    assert found.state == state


@pytest.mark.parametrize(
    ("configured", "armings", "mode"),
    [
        pytest.param("shadow", [], "shadow", id="nobody-armed"),
        pytest.param("shadow", [("k", True)], "enforce", id="armed"),
        pytest.param("shadow", [("other", True)], "shadow", id="another-is-armed"),
        pytest.param("shadow", [("*", True)], "enforce", id="all-are-armed"),
        pytest.param("shadow", [("*", True), ("k", False)], "shadow", id="disarmed-since"),
        pytest.param("shadow", [("k", True), ("*", False)], "shadow", id="all-disarmed-since"),
        pytest.param("enforce", [("k", False)], "enforce", id="the-settings-enforce"),
        pytest.param("off", [("*", True)], "off", id="off-is-off"),
    ],
)
def test_arming_makes_shadow_mode_enforcing(
    configured: str, armings: list[tuple[str, bool]], mode: str
) -> None:
    assert mode_of(configured, "k", armings) == mode
