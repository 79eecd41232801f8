"""Which calls are to go wrong, and how: set by tests, taken by the front."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call

ANY = "*"
_THROTTLED = {
    "s3": ("SlowDown", 503),
    "sesv2": ("TooManyRequestsException", 429),
    "sqs": ("RequestThrottled", 403),
}
"""What the services call it when they are asked too often; the others say Throttling."""


class FaultAction(StrEnum):
    """What happens to the call."""

    ERROR = "error"
    """It is refused with the code and status, and not carried out."""
    THROTTLE = "throttle"
    """It is refused as too many."""
    HANG = "hang"
    """No answer comes for `seconds`; then the connection is closed. Not carried out."""
    RESET = "reset"
    """The connection is closed at once. Not carried out."""
    LOSE_ANSWER = "lose_answer"
    """It is carried out, and the connection is closed in place of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule: which calls of a service and operation go wrong.

    `service` is a client's name ("ses" means v1 and v2, "sesv2" v2 alone), "*" any. Of the
    calls that match from now on, those from the `nth` go wrong (the first is 1), `times` of
    them; `times` of 0 means all until the rule is cleared. With `nth` alone it is that one.
    `containing` narrows to calls whose path or body holds the text.
    """

    service: str = ANY
    operation: str = ANY
    action: FaultAction = FaultAction.ERROR
    nth: int = 1
    times: int = 1
    code: str = "InternalError"
    status: int = 500
    seconds: float = 3600.0
    containing: str = ""

    def answer(self, call: Call, service: str) -> Answer:
        """Return the error that the client reads."""
        if self.action is FaultAction.THROTTLE:
            code, status = _THROTTLED.get(service, ("Throttling", 400))
            return refusal(call, code, "Rate exceeded", status=status)
        return refusal(call, self.code, "The sandbox was asked to fail here.", status=self.status)


@dataclass(slots=True)
class _Standing:
    fault: Fault
    seen: int = 0

    def strikes(self) -> bool:
        """Count a matching call, and return whether it goes wrong."""
        self.seen += 1
        late_enough = self.seen >= self.fault.nth
        return late_enough and not self.is_spent(before=1)

    def is_spent(self, before: int = 0) -> bool:
        return self.fault.times > 0 and self.seen - before >= self.fault.nth + self.fault.times - 1


@dataclass(slots=True)
class Faults:
    """The standing rules; the oldest that strikes decides. Safe to call from several threads."""

    _standing: list[_Standing] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Let calls go wrong from now on."""
        with self._lock:
            self._standing.append(_Standing(fault))

    def clear(self) -> None:
        """Let everything go right again."""
        with self._lock:
            self._standing.clear()

    def standing(self) -> list[Fault]:
        """Return the rules that can still strike."""
        with self._lock:
            return [one.fault for one in self._standing]

    def strike(self, call: Call, service: str) -> Fault | None:
        """Count the call for each rule that it matches, and return the fault it meets."""
        with self._lock:
            met = [
                one.fault
                for one in self._standing
                if _matches(one.fault, call, service) and one.strikes()
            ]
            self._standing = [one for one in self._standing if not one.is_spent()]
        return met[0] if met else None


def _matches(fault: Fault, call: Call, service: str) -> bool:
    return (
        fault.service in {ANY, service, call.service}
        and fault.operation in {ANY, call.operation}
        and (
            not fault.containing
            or fault.containing in call.path
            or fault.containing.encode() in call.body
        )
    )
