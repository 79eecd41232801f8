"""A public DNS for tests that says what it was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sesauditd.errors import Unavailable


@dataclass(frozen=True, slots=True)
class KnownDns:
    """Values by `NAME TYPE`; about `silent` names it does not answer."""

    known: Mapping[str, Sequence[str]]
    silent: Collection[str] = ()

    async def ask(self, name: str, kind: str) -> Sequence[str]:
        """Return what is known of a name and type, sorted."""
        if name in self.silent:
            raise Unavailable(f"DNS does not answer for {kind} of {name}")
        return sorted(self.known.get(f"{name} {kind}", ()))
