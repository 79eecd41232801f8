"""Who answers a call: SES is our own, the rest an emulator's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call
    from sesauditd.sandbox.ses.api import Api
    from sesauditd.sandbox.upstream import Upstream

SES = "ses"


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes by the service name that the call was signed for."""

    ses: Api
    elsewhere: Upstream

    async def answer(self, call: Call, raw_path: str) -> Answer:
        """Return the answer; `raw_path` is path and query as they came."""
        if call.service == SES:
            return await self.ses.answer(call)
        return await self.elsewhere.answer(call, raw_path)
