"""Spares Python's search for garbage what is there for good."""

from __future__ import annotations

import gc

NEW_OBJECTS = 20_000
"""After so many more objects the youngest are searched: some batches' worth, not one event's."""


def leave_what_is_there() -> None:
    """Search for garbage once, and leave what is found alive out of every search to come.

    Libraries and their tables are some hundred thousand objects, which the search goes through
    again and again although none of them ever ends: an eighth of what recording costs. Repeated,
    it begins anew, so that what a former call left out is searched once more.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
