"""The sandbox's clock: the real time, or a story's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


class SandboxClock:
    """Called for the time: the real one until a story sets another."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._story: datetime | None = None

    def __call__(self) -> datetime:
        """Return the story's time if one is set, else the real time, in UTC."""
        return self._real() if self._story is None else self._story

    @property
    def is_story(self) -> bool:
        """Whether a story's time is set."""
        return self._story is not None

    def set_to(self, moment: datetime) -> None:
        """Stand still at `moment` until it is set anew; ValueError if it has no zone."""
        if moment.tzinfo is None:
            message = "a story's time needs its zone"
            raise ValueError(message)
        self._story = moment.astimezone(UTC)

    def back_to_real(self) -> None:
        """Tell the real time again."""
        self._story = None
