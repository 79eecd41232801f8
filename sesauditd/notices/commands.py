"""The very commands that an operator may type about an action or a domain."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

Facts = Mapping[str, object]

PROGRAM = "sesauditd"
ANSWER = "WHAT THE OWNER SAID"


def approving(facts: Facts) -> str:
    """Return the command that lets a waiting action go ahead."""
    return _line("actions", "approve", facts["action"])


def undoing(facts: Facts) -> str | None:
    """Return the command that takes a disable or termination back, None for other kinds."""
    match facts["kind"]:
        case "disable_domain":
            return _line("reinstate", facts["domain"], "--explanation", ANSWER)
        case "terminate_customer":
            return _line("restore", facts["customer"], "--explanation", ANSWER)
        case _:
            return None


def repeating(facts: Facts) -> str:
    """Return the command that asks for a failed action again, else the one that shows it."""
    again = f"again, after {facts['action']}"
    match facts["kind"]:
        case "disable_domain":
            return _line("disable", facts["domain"], "--reason", again)
        case "terminate_customer":
            return _line("terminate", facts["customer"], "--reason", again)
        case "reinstate_domain":
            return _line("reinstate", facts["domain"], "--explanation", again)
        case "restore_customer":
            return _line("restore", facts["customer"], "--explanation", again)
        case _:
            return _line("actions")


def comparing(facts: Facts) -> str:
    """Return the command that shows how a domain differs from what was made of it."""
    return _line("drift", facts["domain"])


def testing(facts: Facts) -> str:
    """Return the command that sends mail as a domain's sites do, and follows it."""
    return _line("test", facts["domain"])


def _line(*words: object) -> str:
    # Names come from events: what is pasted into a shell must stay one word.
    return shlex.join([PROGRAM, *(str(word) for word in words)])
