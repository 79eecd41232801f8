"""The occasion on which verdicts are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.store.stance import Stance


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and how verdicts are judged."""

    now: datetime
    stance: Stance
    from_replay: bool = False
    actor: str = "policy"
