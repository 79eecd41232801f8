"""The pace of SES's control plane: one call a second (ses-facts 9), if the sandbox holds to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.sandbox.naming import service_label
from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call

BURST = 3


class TokenBucket:
    """Gives `per_second` tokens a second and keeps at most `burst` of them."""

    def __init__(
        self,
        per_second: float,
        burst: float = BURST,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._seconds = seconds
        self._tokens = burst
        self._at = seconds()

    def take(self) -> bool:
        """Take a token; False if there is none."""
        now = self._seconds()
        gained = (now - self._at) * self._per_second
        self._tokens = min(self._burst, self._tokens + gained)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class Pace:
    """Refuses calls of SES that come too fast; sending has a rate of its own (ses-facts 9)."""

    bucket: TokenBucket

    def stop(self, call: Call) -> Answer | None:
        """Refuse a call as too many, or let it pass; AWS sends no Retry-After."""
        if call.service != "ses" or (call.operation or "").startswith("Send"):
            return None
        if self.bucket.take():
            return None
        if service_label(call) == "sesv2":
            return refusal(call, "TooManyRequestsException", "Rate exceeded", status=429)
        return refusal(call, "Throttling", "Rate exceeded")
