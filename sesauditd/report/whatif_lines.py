"""What another policy would have done, in the words of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.verdicts import Does
from sesauditd.report.whatif import by_customer, changed, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sesauditd.model.whatif import Difference, Hit
    from sesauditd.report.whatif import WhatIf

DONE = frozenset({None, "done", "reversed"})
"""States that need no word: it was done."""


def rows(differences: Sequence[Difference]) -> list[tuple[str, str, str, str]]:
    """Return change, whom, what would have been and what was, for a table."""
    return [
        (str(one.change), _whom(one.shown), _would(one.would), _did(one.did)) for one in differences
    ]


def remarks(found: WhatIf) -> Iterator[str]:
    """Yield sentences about what the tables cannot show, the sum first."""
    if found.policy == found.present and not found.judged_by_others:
        yield "These are the limits that hold at present."
    yield from _sums(found)
    if found.unjudged:
        weeks = ", ".join(one.name for one in found.unjudged)
        yield f"Not judged yet, so nothing happened there: {weeks}. See sesauditd enforce."
    if found.judged_by_others:
        yield f"{_many(found.judged_by_others, 'verdict')} came from limits that hold no more."
    if found.withdrawn:
        yield f"Taken back after late events, so not compared: {_many(found.withdrawn, 'verdict')}."
    if found.events_since:
        yield (
            f"Before {found.events_since:%Y-%m-%d} events are forgotten (retention.events_days): "
            "strikes and counts of then are judged as they are stored; guesses of then lack what "
            "was delivered, and another no_complaint_feedback holds only from that day on."
        )
    if found.left_out:
        yield f"Left out, since their mode is off: {', '.join(found.left_out)}."


def _sums(found: WhatIf) -> Iterator[str]:
    counted = tally(found.differences)
    if counted.differs:
        touched = sum(one.differs for one in by_customer(found.differences).values())
        differing = _many(len(changed(found.differences)), "difference")
        yield f"{differing} about {_many(touched, 'customer')}."
    else:
        yield f"Nothing would have been different: {_many(counted.would, 'hit')} on both sides."
    if counted.waits:
        yield f"{_many(counted.waits, 'hit')} would wait for an operator before anything is done."
    if counted.stopped:
        yield (
            f"{_many(counted.stopped, 'hit')} would come after a stop by the same policy: "
            "that mail would not have been sent."
        )


def _whom(one: Hit) -> str:
    return f"{one.customer}: {one.recipient or one.domain}"


def _would(one: Hit | None) -> str:
    if one is None:
        return ""
    return f"{_what(one)}{_because(one)}"


def _because(one: Hit) -> str:
    if one.stopped_since is not None:
        return f" (stopped since {one.stopped_since:%Y-%m-%d})"
    return " (waits)" if one.waits else ""


def _did(one: Hit | None) -> str:
    if one is None:
        return ""
    return _what(one) if one.state in DONE else f"{_what(one)} ({one.state})"


def _what(one: Hit) -> str:
    said = f"{one.rule} {one.at:%Y-%m-%d}"
    if one.does is not Does.BLOCK:
        return said
    return f"{said}, {'for good' if one.until is None else f'until {one.until:%Y-%m-%d}'}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
