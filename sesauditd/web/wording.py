"""Values as the pages say them: every text of strangers stays text, on one line, and ends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from sesauditd.model.verdicts import Does
from sesauditd.report.limits_text import observation
from sesauditd.report.plain import cleaned, day, iso, minute, number, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sesauditd.report.figures import StoredVerdict

MODES = {
    "enforce": "verdicts are carried out",
    "shadow": "shadow mode: nothing is done to anybody until sesauditd arm",
    "off": "nothing is judged",
}
VERBS = {
    "block_recipient": "block the recipient",
    "warn": "warn the customer",
    "disable_domain": "stop the domain",
    "terminate_customer": "end all access",
    "unblock_recipient": "let mail to the recipient through",
    "reinstate_domain": "let the domain send again",
    "restore_customer": "give access back",
}
GOOD = frozenset({"sending", "done", "executed", "below", "reinstated", "found", "enforce"})
WARN = frozenset(
    {"waiting", "proposed", "pending", "requested", "attempted", "explained", "opened", "review"}
) | {"begun", "unknown", "shadow", Does.WARN}
BAD = frozenset({"failed", "disabled", "terminated", "pause", "lost", Does.DISABLE, Does.TERMINATE})
NEAR = 0.5
EVIDENCE_SHOWN = 6000
"""Characters of one verdict's evidence; the whole is in `sesauditd enforce --json`."""


def tone(state: object) -> str:
    """Return whether a state is good, is to be looked at, is bad, or is neither."""
    words = str(state).split()
    for name, known in (("bad", BAD), ("warn", WARN), ("good", GOOD)):
        if str(state) in known or (words and words[-1] in known):
            return name
    return "calm"


def words(name: object) -> str:
    """Return a name of the program's own as words: `hard_bounce` is `hard bounce`."""
    return str(name).replace("_", " ")


def verb(kind: object) -> str:
    """Return what an action or a verdict does."""
    return VERBS.get(str(kind), words(kind))


def level(ratio: float) -> str:
    """Return how near a limit is: what reaches it is over."""
    if ratio >= 1:
        return "over"
    return "near" if ratio >= NEAR else "low"


def width(ratio: float) -> str:
    """Return how long a meter's part is, of 100; anything above zero shows."""
    return f"{min(max(100 * ratio, 2 if ratio > 0 else 0), 100):.1f}"


def share(ratio: float) -> str:
    """Return a ratio as whole percents."""
    return f"{number(round(100 * ratio))} %"


def of(count: int, whole: int) -> str:
    """Return the part that a count is of a whole, nothing where there is no whole."""
    return percent(100 * count / whole) if whole else ""


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was, beside its time."""
    if moment is None:
        return "never"
    passed = now - moment
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        count = passed // length
        if count:
            return f"{minute(moment)}, {count} {unit if count == 1 else f'{unit}s'} ago"
    minutes = passed // timedelta(minutes=1)
    return f"{minute(moment)}, {f'{minutes} min ago' if minutes > 0 else 'just now'}"


def evidence(verdict: StoredVerdict) -> str:
    """Return a verdict's evidence as it is stored, a value a line."""
    return document(verdict.evidence)


def document(facts: Mapping[str, object]) -> str:
    """Return facts as indented lines; nothing for none."""
    if not facts:
        return ""
    text = json.dumps(facts, ensure_ascii=False, indent=2, default=str)
    lines = "\n".join(cleaned(line) for line in text[:EVIDENCE_SHOWN].splitlines())
    return f"{lines}\n…" if len(text) > EVIDENCE_SHOWN else lines


def path(name: str) -> str:
    """Return a name as one part of a path."""
    return quote(name, safe="")


FILTERS: dict[str, Callable[..., str | None]] = {
    "ago": ago,
    "day": day,
    "evidence": evidence,
    "iso": iso,
    "level": level,
    "minute": minute,
    "mode_words": lambda mode: MODES.get(mode, mode),
    "number": number,
    "observed": lambda distance: observation(distance).partition(": ")[2],
    "of": of,
    "path": path,
    "percent": percent,
    "share": share,
    "short": shortened,
    "tone": tone,
    "verb": verb,
    "width": width,
    "words": words,
}
