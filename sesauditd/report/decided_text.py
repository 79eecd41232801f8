"""What was decided about a customer, as text: active blocks and verdicts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sesauditd.model.verdicts import Does
from sesauditd.report.plain import day, minute, number, shortened
from sesauditd.report.tables import INDENT, filled, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.figures import Block, StoredVerdict

BLOCKS_SHOWN = 10
VERDICTS_SHOWN = 20
REASON_SHOWN = 240
NAME_SHOWN = 80


def blocks_section(blocks: Sequence[Block]) -> str:
    """Return the newest blocks that hold, and how many there are."""
    if not blocks:
        return section("Active blocks", filled("none", indent=INDENT))
    newest = sorted(blocks, key=lambda one: (one.since, one.recipient), reverse=True)
    shown = newest[:BLOCKS_SHOWN]
    title = f"Active blocks: the newest {len(shown)} of {number(len(blocks))}"
    rows = [
        (
            shortened(one.recipient, NAME_SHOWN),
            one.rule,
            day(one.since),
            "for good" if one.until is None else day(one.until),
            one.state,
        )
        for one in shown
    ]
    return section(title, table(("Recipient", "Rule", "Since", "Until", "State"), rows))


def verdicts_section(verdicts: Sequence[StoredVerdict]) -> str:
    """Return the newest verdicts with their reasons; blocks, which are many, only counted."""
    if not verdicts:
        return section("Verdicts", filled("none", indent=INDENT))
    weighty = [one for one in verdicts if one.does is not Does.BLOCK]
    lines = [
        filled(f"{number(count)} {rule}: {state}", indent=INDENT)
        for (rule, state), count in sorted(
            Counter(
                (str(one.rule), one.state) for one in verdicts if one.does is Does.BLOCK
            ).items()
        )
    ]
    for one in weighty[:VERDICTS_SHOWN]:
        lines += _verdict(one)
    more = len(weighty) - VERDICTS_SHOWN
    if more > 0:
        lines.append(filled(f"and {number(more)} earlier ones", indent=INDENT))
    return section("Verdicts and what came of them", "\n".join(lines))


def _verdict(verdict: StoredVerdict) -> list[str]:
    what = f"{minute(verdict.window_end)}  {verdict.rule}  {shortened(verdict.domain, NAME_SHOWN)}"
    lines = [
        filled(f"{what}: {verdict.state}", indent=INDENT),
        filled(shortened(verdict.reason, REASON_SHOWN), indent=2 * INDENT),
    ]
    if verdict.withdrawn_because:
        why = shortened(verdict.withdrawn_because, REASON_SHOWN)
        lines.append(filled(f"withdrawn: {why}", indent=2 * INDENT))
    return lines
