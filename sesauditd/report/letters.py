"""What is mailed about behaviour: the facts of a customer's letter about a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.html import Reader, report_html
from sesauditd.report.lay import subject_of, told
from sesauditd.report.plain import iso, shortened

if TYPE_CHECKING:
    from datetime import datetime

    from sesauditd.report.pages import Report

BLOCKS_TOLD = 50
"""In the mail itself; the file that goes along has more."""
ADDRESS_TOLD = 200


def monthly_facts(
    report: Report, start: datetime, end: datetime, *, contact: str | None = None
) -> dict[str, object] | None:
    """Return the facts of the letter, JSON values only; None for whoever sent no mail."""
    one = subject_of(report)
    if not one.mailed:
        return None
    words = told(one, report.stopped)
    blocked = [
        {"recipient": shortened(address, ADDRESS_TOLD), "why": why, "until": until}
        for address, why, until in words.blocked[:BLOCKS_TOLD]
    ]
    return {
        "customer": one.customer,
        "month": f"{start:%B %Y}",
        "from": iso(start),
        "to": iso(end),
        "grade": one.score.grade if one.score else None,
        "verdict": words.verdict,
        "counts": list(words.counts),
        "steps": list(words.steps),
        "limits": list(words.limits),
        "done": [{"at": iso(at), "what": what} for at, what in words.done],
        "blocked": blocked,
        "more_blocked": len(words.blocked) - len(blocked),
        "attached": {
            "name": f"report-{start:%Y-%m}",
            "page": report_html(report, Reader.CUSTOMER, contact=contact),
        },
    }
