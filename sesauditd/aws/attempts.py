"""One call of a lean client and its attempts, ruled by the policy of aiobotocore's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.hooks import first_non_none_response
from botocore.parsers import create_parser

if TYPE_CHECKING:
    from aiobotocore.client import AioBaseClient
    from botocore.exceptions import BotoCoreError

    from sesauditd.aws.line import Answered


@dataclass(frozen=True, slots=True)
class _Status:
    """What botocore's rules want to know of an answer of HTTP."""

    status_code: int


@dataclass(slots=True)
class Calling:
    """Asks the client's retry rules, over its own events, what follows from an attempt.

    So what may be tried again, how often, after which pause with which jitter, and the quota
    that keeps a broken AWS from being asked ever more, are one for both transports.
    """

    client: AioBaseClient
    service: str
    operation: str
    _attempt: int = 0
    _context: dict[str, Any] = field(default_factory=dict)

    async def done(self, answer: Answered) -> None:
        """Give back to the quota what a call that succeeded may give back."""
        await self._emit(
            "after-call", http_response=_Status(answer.status), parsed={}, context=self._context
        )

    async def refused(self, answer: Answered) -> None:
        """Pause before the next attempt; raises ClientError when there is to be none."""
        parsed: Any = self._parsed(answer)
        await self._failed(
            ClientError(parsed, self.operation), response=(_Status(answer.status), parsed)
        )

    async def lost(self, fault: BotoCoreError) -> None:
        """Pause before the next attempt; raises the fault when there is to be none."""
        await self._failed(fault, caught_exception=fault)

    async def _failed(self, fault: BotoCoreError | ClientError, **told: object) -> None:
        self._attempt += 1
        responses = await self._emit(
            "needs-retry",
            **{"response": None, "caught_exception": None, **told},
            endpoint=None,
            operation=self.client.meta.service_model.operation_model(self.operation),
            attempts=self._attempt,
            request_dict={"context": self._context},
        )
        pause = first_non_none_response(responses)
        # False as well as None: no more attempts, and 0 is a pause.
        if pause is None or pause is False:
            raise fault
        await asyncio.sleep(pause)

    async def _emit(self, event: str, **told: object) -> list[tuple[object, Any]]:
        answers: list[tuple[object, Any]] = await self.client.meta.events.emit(
            f"{event}.{self.service}.{self.operation}", **told
        )
        return answers

    def _parsed(self, answer: Answered) -> Mapping[str, Any]:
        """Return a refusal as botocore reads it, whatever form it has."""
        model = self.client.meta.service_model
        shape: Any = model.operation_model(self.operation).output_shape
        response = {
            "status_code": answer.status,
            "headers": {name.lower(): value for name, value in answer.headers.items()},
            "body": answer.body,
            "context": {"operation_name": self.operation},
        }
        parsed: Mapping[str, Any] = create_parser(model.resolved_protocol).parse(response, shape)
        return parsed
