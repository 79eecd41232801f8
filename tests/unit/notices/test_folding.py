"""A few notices go one by one; many become one digest, and a storm one now and then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.notices.folding import (
    CRITICAL_WINDOW,
    ITEMS_TOLD,
    SINGLY,
    WINDOW,
    Digest,
    Hold,
    folding,
)
from tests.support import notices as samples
from tests.support.notices import NOW


def waiting(count: int, kind: NoticeKind = NoticeKind.ACTION_DONE) -> list[Notice]:
    return [replace(samples.notice(kind), subject=f"{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("count", "went", "folds"),
    [
        pytest.param(0, 0, False, id="nothing"),
        pytest.param(SINGLY, 0, False, id="a few"),
        pytest.param(SINGLY + 1, 0, True, id="more than a few"),
        pytest.param(1, SINGLY - 1, False, id="the last that goes alone"),
        pytest.param(1, SINGLY, True, id="one more within the hour"),
    ],
)
def test_a_few_go_one_by_one_and_more_become_a_digest(count: int, went: int, folds: bool) -> None:
    decision = folding(waiting(count), went_singly=went, last=None, now=NOW)
    assert isinstance(decision, Digest) is folds


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        pytest.param(NoticeKind.ACTION_DONE, WINDOW, id="warnings wait for an hour"),
        pytest.param(NoticeKind.ACTION_FAILED, CRITICAL_WINDOW, id="critical ones for minutes"),
    ],
)
def test_the_next_digest_waits_for_its_window(kind: NoticeKind, window: timedelta) -> None:
    many = waiting(9, kind)
    almost = NOW + window - timedelta(seconds=1)
    held = folding(many, went_singly=0, last=NOW, now=almost)
    assert held == Hold(until=NOW + window)
    assert isinstance(folding(many, went_singly=0, last=NOW, now=NOW + window), Digest)


def test_a_digest_counts_all_and_tells_the_gravest_first() -> None:
    many = [*waiting(138), *waiting(2, NoticeKind.ACTION_FAILED)]
    decision = folding(many, went_singly=0, last=None, now=NOW)
    assert isinstance(decision, Digest)
    facts = decision.notice.facts
    assert facts["count"] == 140
    assert facts["kinds"] == [{"what": "Disabled", "count": 138}, {"what": "FAILED", "count": 2}]
    items = facts["items"]
    assert isinstance(items, list)
    assert len(items) == ITEMS_TOLD
    assert [one["level"] for one in items[:3]] == ["critical", "critical", "warning"]
    assert items[0]["id"] in {one.id for one in many}
