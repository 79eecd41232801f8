"""What an archive says about when each message was received."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AT_ONCE = timedelta(seconds=1)


def received_once(lines: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of the messages of an archive, each of which was received at one moment only.

    Two receivers at once may get the same message from moto, as from SQS: a line more, and the
    same moment. One that came back because its time was over would be that much later.
    """
    moments: dict[str, list[datetime]] = {}
    for line in lines:
        received = datetime.fromisoformat(line["received_at"])
        moments.setdefault(line["message_id"], []).append(received)
    assert all(max(times) - min(times) < AT_ONCE for times in moments.values()), moments
    return frozenset(moments)
