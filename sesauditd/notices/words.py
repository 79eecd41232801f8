"""How values stand in the templates: times, counts, names, and only so many of a list."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import idna

from sesauditd.notices.cleaning import stripped

EVIDENCE_TOLD = 20
_WEEK = re.compile(r"^week [0-9]{4}-W[0-9]{2}, ")
_MIDNIGHT = " 00:00 UTC"
NAMES_TOLD = 20


def counted(count: object, what: str) -> str:
    """Return a count with its noun, such as `1 warning` or `2 warnings`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def minute(moment: object) -> str:
    """Return a time as a reader takes it in; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(str(moment)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return str(moment)


def happened(ground: Mapping[str, object]) -> str:
    """Return a verdict's reason as a customer reads it: in days, not in numbers of weeks."""
    reason = _WEEK.sub("", str(ground["reason"])).replace(" %", "\N{NO-BREAK SPACE}%")
    begin, end = minute(ground["from"]), minute(ground["to"])
    if begin == end:
        return f"On {begin}: {reason}"
    if begin.endswith(_MIDNIGHT) and end.endswith(_MIDNIGHT):
        last = datetime.fromisoformat(str(ground["to"])).astimezone(UTC) - timedelta(days=1)
        return f"From {begin.removesuffix(_MIDNIGHT)} to {last:%Y-%m-%d}: {reason}"
    return f"From {begin} to {end}: {reason}"


def day(moment: object) -> str:
    """Return the day of a time, UTC."""
    return minute(moment).partition(" ")[0]


def plain(value: object) -> str:
    """Return a value of an alarm's details as one reads it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rate(part: object, whole: object) -> str:
    """Return a share in percent, a dash where there is nothing to take it of."""
    if not isinstance(part, int) or not isinstance(whole, int) or whole <= 0:
        return "-"
    return f"{100 * part / max(whole, part):.2f} %"


def quoted(value: object) -> str:
    """Return a value as one word of a shell."""
    return shlex.quote(str(value))


def both(name: object) -> str:
    """Return a domain or an address as its owner writes it, with the form that mail uses.

    `bäcker.example (xn--bcker-gra.example)`: letters that look like others deceive nobody.
    """
    text = "" if name is None else str(name)
    local, at, domain = text.rpartition("@")
    try:
        if "xn--" in domain.lower():
            shown = stripped(idna.decode(domain.lower()))
        elif not domain.isascii():
            shown, domain = domain, idna.encode(domain, uts46=True).decode()
        else:
            return text
    except (idna.IDNAError, UnicodeError):
        return text
    return f"{local}{at}{shown} ({local}{at}{domain})"


def first_of(items: Iterable[object], limit: int) -> list[object]:
    """Return the beginning of a list, or of the pairs of a table."""
    pairs = items.items() if isinstance(items, Mapping) else items
    return list(pairs)[:limit]


def shown(items: Sequence[object], limit: int) -> int:
    """Return how many of a list `first_of` returns."""
    return min(len(items), limit)


def named(names: Sequence[object], limit: int = NAMES_TOLD) -> str:
    """Return names between commas, each in both forms, and how many more there are."""
    most = min(limit, NAMES_TOLD)
    told = ", ".join(both(one) for one in names[:most])
    more = len(names) - most
    return f"{told} and {more} more" if more > 0 else told


def proof_of(grounds: Sequence[Mapping[str, object]], limit: int) -> Mapping[str, object]:
    """Return the evidence of all grounds, each event once, and how much more there is."""
    lines: dict[str, object] = {}
    counts = [0]
    for ground in grounds:
        count, evidence = ground.get("count"), ground["evidence"]
        counts.append(count if isinstance(count, int) else 0)
        if isinstance(evidence, list):
            lines |= {json.dumps(one, sort_keys=True): one for one in evidence}
    told = list(lines.values())[: min(limit, EVIDENCE_TOLD)]
    return {"lines": told, "more": max(*counts, len(lines)) - len(told)}
