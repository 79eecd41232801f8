"""What was called: every call counted, the last of them kept."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

KEPT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call and what came of it.

    `status` is that of the answer, also of a lost one, and 0 where none was made; `write`
    says whether the operation changes something, whatever came of it.
    """

    number: int
    at: datetime
    service: str
    operation: str
    access_key_id: str
    path: str
    parameters: Mapping[str, str]
    write: bool
    status: int
    fault: str | None = None


class Recording:
    """The calls since the last clearing."""

    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._number = 0

    def next_number(self) -> int:
        """Return the number of the call that begins now, counted from the sandbox's start."""
        self._number += 1
        return self._number

    def add(self, call: RecordedCall) -> None:
        """Keep a call that has ended."""
        self._calls.append(call)
        self._counts[call.service, call.operation] += 1

    def clear(self) -> None:
        """Forget the calls; numbers go on."""
        self._calls.clear()
        self._counts.clear()

    def count(self, service: str, operation: str) -> int:
        """Return how often the operation was called, refused calls too."""
        return self._counts[service, operation]

    def counts(self) -> dict[str, int]:
        """Return the number of calls by `service.Operation`."""
        return {f"{service}.{name}": n for (service, name), n in sorted(self._counts.items())}

    def calls(
        self, service: str = "", operation: str = "", *, writes: bool = False
    ) -> Sequence[RecordedCall]:
        """Return the kept calls, oldest first, narrowed where asked."""
        return [
            call
            for call in list(self._calls)
            if service in {"", call.service}
            and operation in {"", call.operation}
            and (call.write or not writes)
        ]
