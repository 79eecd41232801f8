"""Which names exist: listed once for many, so that not each has to be asked about."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sesauditd.aws.api import Answer, Api

PAGE: Final = 1000
FRESH_SECONDS: Final = 60.0
"""As long as a listing speaks for what it does not name; then it is read anew."""
SAME_LOOK_SECONDS: Final = 1.0
"""Between two questions about one name that are parts of one look."""


class Names:
    """The names of one kind of thing at SES, which bears a call a second however many exist."""

    def __init__(
        self, api: Api, operation: str, member: str, name_of: Callable[[Answer], object]
    ) -> None:
        self._api = api
        self._operation = operation
        self._member = member
        self._name_of = name_of
        self._lock = asyncio.Lock()
        self._held = False
        self._known: set[str] | None = None
        self._made: set[str] = set()
        self._at = float("-inf")

    @contextmanager
    def listed(self) -> Iterator[None]:
        """Go by a listing within the block, read anew at its start and each minute."""
        self._held, self._at = True, float("-inf")
        self._made.clear()
        try:
            yield
        finally:
            self._held = False

    def made(self, name: str) -> None:
        """Note a name that somebody asked for: whether it exists now, only AWS knows."""
        self._made.add(name)

    async def lack(self, name: str) -> bool:
        """Return whether the name is surely of nothing; False means that AWS has to be asked.

        Raises Unavailable. Who may not list asks about each.
        """
        if not self._held or name in self._made:
            return False
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._at > FRESH_SECONDS:
                self._known = await self._listing()
                self._at = now
        return self._known is not None and name not in self._known | self._made

    async def _listing(self) -> set[str] | None:
        try:
            found = await self._api.every(self._operation, self._member, PageSize=PAGE)
        except Forbidden:
            return None
        with reading(f"{self._api.name} {self._operation}"):
            return {str(self._name_of(one)) for one in found}
