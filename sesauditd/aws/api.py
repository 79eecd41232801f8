"""One AWS service: asked by the name of the operation, answered in full or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sesauditd.aws.errors import TROUBLE, Stake, reading, translated, truncated
from sesauditd.errors import Unavailable

if TYPE_CHECKING:
    from aiobotocore.client import AioBaseClient

    from sesauditd.aws.pace import Turns

Answer = Mapping[str, Any]

QUESTIONS = ("Get", "List", "Head", "Receive")
"""How the names of operations begin that change nothing when their answer is lost."""
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A client of aiobotocore, the name it goes by in messages, and its pace."""

    name: str
    client: AioBaseClient
    pace: Turns | None = None
    stake: Stake = Stake.CHANGE
    """Of the operations that are no questions."""

    async def ask(
        self, operation: str, needs: Sequence[str] = (), /, **parameters: object
    ) -> Answer:
        """Ask for one operation by AWS's own name and return the answer.

        `needs` are the members without which the answer counts as truncated.
        Raises Unavailable, Forbidden, Missing or Conflict, and Uncertain when the answer to a
        change was lost.
        """
        call = getattr(self.client, xform_name(operation))
        if self.pace is not None:
            await self.pace.turn()
        asked = f"{self.name} {operation}"
        try:
            answer: Answer = await call(**parameters)
        except TROUBLE as error:
            stake = Stake.NOTHING if operation.startswith(QUESTIONS) else self.stake
            failure = translated(error, asked, stake)
            # A traceback shows no answer that could not be read: a secret may stand in it.
            raise failure from (error if isinstance(error, BotoCoreError | ClientError) else None)
        for member in needs:
            if member not in answer:
                raise truncated(asked, member)
        return answer

    async def every(self, operation: str, member: str, /, **parameters: object) -> list[Answer]:
        """Return what all pages of a list hold under `member`.

        Raises what `ask` raises; one page that cannot be had fails the whole list, since half
        a list read as a whole one would undo what it does not name.
        """
        found: list[Answer] = []
        for _ in range(MOST_PAGES):
            answer = await self.ask(operation, (member,), **parameters)
            with reading(f"{self.name} {operation}"):
                found += answer[member]
            following = {name: answer[name] for name in ("NextToken", "Marker") if answer.get(name)}
            if not following:
                return found
            parameters = {**parameters, **following}
        raise Unavailable(f"{self.name} {operation}: the list does not end; it is asked again")
