"""What enforcement turns at SES: entries of the account's list, switches of configuration sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.enforce.knobs import Position

LISTED = "listed:"
SENDING = "sending:"


class Suppression(Protocol):
    """The account's suppression list: its API wants exact spellings, sending ignores case."""

    async def suppressed(self, address: str, /) -> str | None:
        """Return the reason that this very spelling is listed with, None if it is not."""

    async def suppress(self, address: str, /) -> None:
        """List a spelling with reason BOUNCE."""

    async def unsuppress(self, address: str, /) -> None:
        """Take a spelling off the list."""

    async def suppressed_spellings(self, address: str, /) -> Sequence[str]:
        """Return every listed spelling that differs only in case."""

    async def suppressed_addresses(self, since: datetime | None = None, /) -> Sequence[str]:
        """Return every spelling on the list, or those put there since, whole or not at all."""


class Switches(Protocol):
    """The switches of configuration sets."""

    async def sending_enabled(self, name: str, /) -> bool:
        """Say whether a set sends; raises Missing."""

    async def set_sending(self, name: str, /, *, enabled: bool) -> None:
        """Let a set send, or stop it; raises Missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Whether an address stands on the account's suppression list."""

    suppression: Suppression
    address: str
    spelling: str
    """AWS's own: what is put there is what SES would put."""
    every_spelling: bool = False
    """Look at the whole list, as taking an address off it needs."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return LISTED + self.address

    async def read(self) -> Position:
        """Return whether any spelling is listed, of the two likely ones or of all."""
        if self.every_spelling:
            return bool(await self.suppression.suppressed_spellings(self.address))
        for one in dict.fromkeys((self.spelling, self.address)):
            if await self.suppression.suppressed(one) is not None:
                return True
        return False

    async def turn(self, wanted: Position) -> None:
        """List the spelling, or take every spelling off."""
        if wanted:
            await self.suppression.suppress(self.spelling)
            return
        for one in await self.suppression.suppressed_spellings(self.address):
            try:
                await self.suppression.unsuppress(one)
            except Missing:
                continue

    def noted(self, position: Position) -> object:
        """Return the position itself."""
        return position


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Whether a configuration set sends."""

    switches: Switches
    configuration_set: str

    @property
    def name(self) -> str:
        """Return what it is called."""
        return SENDING + self.configuration_set

    async def read(self) -> Position:
        """Return whether it sends."""
        return await self.switches.sending_enabled(self.configuration_set)

    async def turn(self, wanted: Position) -> None:
        """Let it send, or stop it."""
        await self.switches.set_sending(self.configuration_set, enabled=bool(wanted))

    def noted(self, position: Position) -> object:
        """Return the position itself."""
        return position
