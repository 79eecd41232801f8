"""How a command waits for the asynchronous program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Answer = TypeVar("Answer")


def finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run the work to its end and return its answer; its errors come through."""
    # A fifth of what `--help` takes would go into this import.
    import asyncio

    return asyncio.run(work)
