"""How fast the live program works: what a test or a demo hastens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.aws.clients import Keys
    from sesauditd.ingest.source import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """What a test or a demo hastens; None keeps what the daemon does."""

    pace: Pace | None = None
    ses_control_paced: bool = True
    patience_seconds: tuple[float, ...] | None = None
    """Between looks whether a change at AWS holds."""
    mail_seconds: float | None = None
    """Between two notices; None keeps to the account's rate."""
    keys: Keys | None = None
    """An access key for an AWS of the demo's own; None lets AWS's own rules find one."""
    watches_clock: bool = True
    """Whether a wall clock that jumps pauses enforcement; the demo's jumps all the time."""
