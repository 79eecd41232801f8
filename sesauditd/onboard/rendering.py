"""Plans as documents for programs and as lines for people; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.model.plan import Verb, differences

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Change, Conflict, Document, Plan

SIGNS: Final[Mapping[Verb, str]] = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.DELETE: "-"}
CONFLICT: Final = "!"
NOTHING: Final = "(nothing)"


def document(plan: Plan) -> dict[str, object]:
    """Return a plan as the document that scripts read."""
    return {
        "pending": not plan.is_empty,
        "changes": [
            {
                "resource": change.resource,
                "verb": str(change.verb),
                "why": change.why,
                "differences": [
                    {"path": one.path, "old": one.old, "new": one.new}
                    for one in differences(change.before, change.after)
                ],
            }
            for change in plan.changes
        ],
        "conflicts": [
            {
                "resource": one.resource,
                "found": one.found,
                "wanted": one.wanted,
                "advice": one.advice,
            }
            for one in plan.conflicts
        ],
        "later": list(plan.later),
        "remarks": list(plan.remarks),
    }


def lines(plan: Plan) -> Iterator[str]:
    """Return a plan as plain lines: what is in the way first, then each change with both values."""
    for conflict in plan.conflicts:
        yield from _conflict(conflict)
    for change in plan.changes:
        yield f"{SIGNS[change.verb]} {change.resource}: {change.why}"
        for path, old, new in values(change):
            yield f"    {path}: {_both(change.verb, old, new)}"
    yield from (f"? {one}: known only after the changes above" for one in plan.later)
    yield from remarks(plan)
    yield summary(plan)


def remarks(plan: Plan) -> Iterator[str]:
    """Return what is to be known of a plan, a line each."""
    yield from (f"i {one}" for one in plan.remarks)


def values(change: Change) -> Sequence[tuple[str, str, str]]:
    """Return each differing value of a change: its path, how it is, how it shall be.

    Of what is made or removed, policies and the like are shown as a whole.
    """
    if change.before is not None and change.after is not None:
        found = differences(change.before, change.after)
        return [(one.path, shown(one.old), shown(one.new)) for one in found]
    old, new = (_parts(one or {}) for one in (change.before, change.after))
    paths = dict.fromkeys((*old, *new))
    return [(path, shown(old.get(path)), shown(new.get(path))) for path in paths]


def _parts(given: Document) -> dict[str, JSON]:
    """Return what is said in a document, mappings in it one level deep."""
    parts: dict[str, JSON] = {}
    for key, value in given.items():
        if isinstance(value, Mapping):
            parts |= {f"{key}.{below}": value[below] for below in value}
        elif value is not None:
            parts[key] = value
    return parts


def summary(plan: Plan) -> str:
    """Return in one line what a plan comes to."""
    if plan.is_empty:
        return "Everything stands as it should."
    counts = {verb: sum(one.verb is verb for one in plan.changes) for verb in Verb}
    words = {Verb.CREATE: "to make", Verb.UPDATE: "to change", Verb.DELETE: "to remove"}
    parts = [f"{count} {words[verb]}" for verb, count in counts.items() if count]
    if plan.later:
        parts.append(f"{len(plan.later)} to be known later")
    if plan.conflicts:
        parts.append(f"{len(plan.conflicts)} in the way: nothing is changed until that is settled")
    return f"{', '.join(parts)}."


def shown(value: JSON) -> str:
    """Return a value as a person reads it: texts bare, the rest as JSON."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _both(verb: Verb, old: str, new: str) -> str:
    match verb:
        case Verb.CREATE:
            return new
        case Verb.DELETE:
            return old
        case Verb.UPDATE:
            return f"{old} -> {new}"


def _conflict(conflict: Conflict) -> Iterator[str]:
    yield f"{CONFLICT} {conflict.resource}: cannot be changed"
    yield f"    there is: {conflict.found}"
    yield f"    wanted:   {conflict.wanted}"
    yield f"    {conflict.advice}"
