"""Whether a domain may send just now, told from the actions about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.actions import Reverse, State
from sesauditd.model.verdicts import Does

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sesauditd.report.figures import StoredAction

SENDING = "sending"
OFFBOARDED = "offboarded"
ONBOARDING = "onboarding"
"""It does not send yet: something of it waits to be made, shown or found."""
VERBS = {
    str(Does.DISABLE): "disable",
    str(Does.TERMINATE): "terminate",
    str(Reverse.REINSTATE): "reinstate",
    str(Reverse.RESTORE): "restore",
}
REVERSING = frozenset({str(Reverse.REINSTATE), str(Reverse.RESTORE)})
IN_FORCE = {str(Does.DISABLE): "disabled", str(Does.TERMINATE): "terminated"}
OF_CUSTOMERS = frozenset({str(Does.TERMINATE), str(Reverse.RESTORE)})
"""Kinds of actions that are about every domain of the customer."""
WITHOUT_EFFECT = frozenset({State.CANCELLED, State.SUPERSEDED, State.EXPIRED, State.REVERSED})
BEGUN = frozenset({State.ATTEMPTED, State.DONE, State.UNKNOWN, State.PENDING})


def sending_state(actions: Iterable[StoredAction]) -> tuple[str, bool]:
    """Return how a domain stands, and whether AWS refuses its mail or may do so.

    The actions are all disables, terminations and their reverses about one domain: those that
    name it and those of its customer. What AWS was told outweighs what only waits, and that
    outweighs what shadow mode would do.
    """
    live = _since_last_reverse(actions)
    if not live:
        return SENDING, False
    if live[-1].kind in REVERSING:
        return _on_its_way(live[-1]), True
    begun = [one for one in live if one.state in BEGUN and one.kind in IN_FORCE]
    if begun:
        hardest = max(begun, key=lambda one: (Does(one.kind).severity, one.state is State.DONE))
        done = hardest.state is State.DONE
        return (IN_FORCE[hardest.kind] if done else _on_its_way(hardest)), True
    meant = [one for one in live if one.state is not State.SHADOW]
    return _on_its_way((meant or live)[-1]), False


def _since_last_reverse(actions: Iterable[StoredAction]) -> list[StoredAction]:
    """Return, oldest first, what has an effect still."""
    live: list[StoredAction] = []
    for one in sorted(
        actions, key=lambda each: (each.requested_at, each.kind in REVERSING, each.id)
    ):
        if one.state in WITHOUT_EFFECT:
            continue
        if one.kind in REVERSING and one.state is State.DONE:
            live.clear()
        else:
            live.append(one)
    return live


def _on_its_way(action: StoredAction) -> str:
    return f"{VERBS[action.kind]} {action.state}"
