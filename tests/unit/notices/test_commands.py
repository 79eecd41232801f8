"""The commands in mails to operators are those that the program knows."""

from __future__ import annotations

import shlex

import pytest

from sesauditd.notices import commands
from tests.support.notices import action

AGAIN = "'again, after 0123456789ab'"


@pytest.mark.parametrize(
    ("kind", "again", "back"),
    [
        pytest.param(
            "disable_domain",
            f"sesauditd disable shop.example --reason {AGAIN}",
            "sesauditd reinstate shop.example --explanation 'WHAT THE OWNER SAID'",
            id="disable",
        ),
        pytest.param(
            "terminate_customer",
            f"sesauditd terminate bakery --reason {AGAIN}",
            "sesauditd restore bakery --explanation 'WHAT THE OWNER SAID'",
            id="terminate",
        ),
        pytest.param(
            "reinstate_domain",
            f"sesauditd reinstate shop.example --explanation {AGAIN}",
            None,
            id="reinstate",
        ),
        pytest.param(
            "restore_customer",
            f"sesauditd restore bakery --explanation {AGAIN}",
            None,
            id="restore",
        ),
        pytest.param("block_recipient", "sesauditd actions", None, id="block"),
    ],
)
def test_an_action_can_be_asked_for_again_and_taken_back(
    kind: str, again: str, back: str | None
) -> None:
    facts = action(kind=kind)
    assert commands.repeating(facts) == again
    assert commands.undoing(facts) == back


@pytest.mark.parametrize("name", ["x; id", "$(id)", "`id`", "a'b", 'a"b', "a b", "--help"])
def test_a_name_stays_one_word_of_the_shell(name: str) -> None:
    line = commands.repeating(action(domain=name))
    assert shlex.split(line)[2] == name
    assert commands.approving(action(action=name)).startswith("sesauditd actions approve ")
