"""Keeps a queue's policy when its other attributes are set, which moto forgets then."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends

from sesauditd.sandbox.naming import whole_parameters_of

if TYPE_CHECKING:
    from sesauditd.sandbox.calls import Answer, Call

POLICY = "Policy"


@dataclass(frozen=True, slots=True)
class QueuePolicies:
    """The policy last given to each queue of one account and Region, in `by_queue`.

    SQS keeps what SetQueueAttributes does not name; without this a new visibility timeout
    would lock the topic out.
    """

    account_id: str
    region: str
    by_queue: dict[str, str] = field(default_factory=dict)

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Remember a policy that was given, or give it back to moto; the answer stays."""
        if call.service != "sqs" or answer.status != HTTPStatus.OK:
            return answer
        given = whole_parameters_of(call)
        name = given.get("QueueName") or given.get("QueueUrl", "").rpartition("/")[2]
        match call.operation:
            case "CreateQueue" | "SetQueueAttributes":
                self._set(name, json.loads(given.get("Attributes", "{}")))
            case "DeleteQueue":
                self.by_queue.pop(name, None)
            case _:
                pass
        return answer

    def _set(self, name: str, attributes: dict[str, str]) -> None:
        if POLICY in attributes:
            self.by_queue[name] = attributes[POLICY]
            return
        queue = sqs_backends[self.account_id][self.region].queues.get(name)
        if queue is not None and name in self.by_queue:
            queue.policy = self.by_queue[name]
