"""The domains of the demo that mail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A domain that mails, through the SMTP account of its web site."""

    domain: str
    name: str
    local: str

    @property
    def address(self) -> str:
        """Return the bare address that its mails come from."""
        return f"{self.local}@{self.domain}"

    @property
    def shown(self) -> str:
        """Return the sender as its mails show it."""
        return f"{self.name} <{self.address}>"
