"""Many notices to operators within a while become one mail: a digest, which has its own row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import iso
from sesauditd.model.level import Level
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.notices.ringing import level_of
from sesauditd.notices.subjects import subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable

SINGLY = 5
"""Mails to operators within the window that go one by one; what follows is folded."""
WINDOW = timedelta(hours=1)
CRITICAL_WINDOW = timedelta(minutes=5)
ITEMS_TOLD = 100
REASON_TOLD = 200
WHOLE = frozenset({NoticeKind.WEEKLY_SUMMARY, NoticeKind.SHADOW_DIGEST, NoticeKind.OPERATOR_DIGEST})
"""Kinds that are digests themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All that waits is told by one notice."""

    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What waits is told by a digest then, since the last one was a moment ago."""

    until: datetime


def folding(
    waiting: Sequence[Notice], *, went_singly: int, last: datetime | None, now: datetime
) -> Digest | Hold | None:
    """Return what becomes of notices to operators that nobody has tried to send.

    A few go one by one: None. Of more, the first digest goes at once, and the next when its
    window is over, a shorter one if something critical waits. `went_singly` is how many mails
    went within the window, `last` when the newest digest was asked for.
    """
    if len(waiting) <= SINGLY - went_singly:
        return None
    leveled = [(level_of(one), one) for one in waiting]
    window = CRITICAL_WINDOW if any(level is Level.CRITICAL for level, _ in leveled) else WINDOW
    if last is not None and now < last + window:
        return Hold(until=last + window)
    facts = _facts(leveled)
    return Digest(notice=Notice(kind=NoticeKind.OPERATOR_DIGEST, subject=iso(now), facts=facts))


def _facts(leveled: Sequence[tuple[Level, Notice]]) -> dict[str, object]:
    order = tuple(Level)
    ranked = sorted(leveled, key=lambda pair: -order.index(pair[0]))
    return {
        "count": len(leveled),
        "kinds": _kinds(one for _, one in leveled),
        "items": [_item(level, one) for level, one in ranked[:ITEMS_TOLD]],
    }


def _kinds(notices: Iterable[Notice]) -> list[dict[str, object]]:
    """Return how often each kind of subject comes, by its beginning, which has no names."""
    counted = Counter(subject_of(one).partition(":")[0] for one in notices)
    return [{"what": what, "count": times} for what, times in counted.most_common()]


def _item(level: Level, notice: Notice) -> dict[str, object]:
    facts = notice.facts
    why = facts.get("reason") or facts.get("summary") or ""
    return {
        "id": notice.id,
        "level": str(level),
        "subject": subject_of(notice),
        "why": str(why)[:REASON_TOLD],
        "at": facts.get("at"),
    }
