"""Whether the daemon lives and whether it is of use, each with its reasons; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to hold."""

    name: str
    holds: bool
    reason: str = ""
    """What is wrong; or more about what is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How the daemon is at one moment, by what its own parts say."""

    hanging: tuple[str, ...] = ()
    """Loops that have not turned over in time."""
    paused_because: str | None = None
    receiving_fails: str | None = None
    holds_lease: bool = True
    trusts_clock: bool = True


def alive(pulse: Pulse) -> tuple[Check, ...]:
    """Return what a restart would mend: only a daemon that hangs is not alive."""
    loops = ", ".join(pulse.hanging)
    return (
        Check(
            name="loops",
            holds=not pulse.hanging,
            reason=f"do not turn over: {loops}" if pulse.hanging else "turn over",
        ),
    )


def ready(pulse: Pulse, database: str | None) -> tuple[Check, ...]:
    """Return whether feedback is taken in, judged and acted on; `database` is what is wrong there.

    Another daemon that holds the lease does the jobs; this one still takes messages in.
    """
    return (
        *alive(pulse),
        _check("database", database, "can be read"),
        _check("intake", pulse.paused_because, "takes messages in"),
        _check("queue", pulse.receiving_fails, "answers"),
        Check(
            name="clock",
            holds=pulse.trusts_clock,
            reason="is right"
            if pulse.trusts_clock
            else "jumped: nobody is stopped or let go until somebody has looked",
        ),
        Check(
            name="lease",
            holds=True,
            reason="held" if pulse.holds_lease else "held by another daemon, or not yet",
        ),
    )


def document(checks: Sequence[Check], *, reasons: bool) -> Mapping[str, object]:
    """Return the checks as JSON; who shows no token is told no reasons."""
    found: dict[str, object] = {"ok": all(one.holds for one in checks)}
    if reasons:
        found["checks"] = {one.name: {"ok": one.holds, "reason": one.reason} for one in checks}
    return found


def _check(name: str, trouble: str | None, well: str) -> Check:
    return Check(name=name, holds=trouble is None, reason=well if trouble is None else trouble)
