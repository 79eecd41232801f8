"""What is there for good is searched once; what comes later is searched all the same."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from sesauditd.daemon.garbage import leave_what_is_there

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ring:
    """Refers to itself, so that only a search finds that nobody else does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.collect()
    # The tests themselves begin with what they imported left out (tests/conftest.py).
    gc.freeze()


def test_what_is_there_is_left_out() -> None:
    there = {"some": "table"}
    leave_what_is_there()
    assert gc.get_freeze_count() > 0
    assert not any(one is there for one in gc.get_objects())


def test_garbage_is_found_before_and_after() -> None:
    early = weakref.ref(Ring())
    leave_what_is_there()
    late = weakref.ref(Ring())
    assert early() is None
    assert late() is not None
    gc.collect()
    assert late() is None


def test_repeated_it_finds_what_became_garbage_since() -> None:
    ring = Ring()
    leave_what_is_there()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is not None
    leave_what_is_there()
    assert gone() is None
