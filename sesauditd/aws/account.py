"""Whose account the credentials open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.errors import Refused

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients


async def check(clients: Clients, account_id: str) -> None:
    """Hold the credentials to the configured account: STS GetCallerIdentity.

    Raises Refused when they open another one, Unavailable or Forbidden when STS does not say.
    """
    found = await caller(clients)
    if found != account_id:
        raise Refused(
            f"the credentials open account {found}, but [aws] account_id says {account_id}; "
            "use the credentials of the configured account or change it"
        )


async def caller(clients: Clients) -> str:
    """Return the account id of the credentials: STS GetCallerIdentity.

    Raises Unavailable or Forbidden.
    """
    answer = await clients.sts.ask("GetCallerIdentity", ("Account",))
    return str(answer["Account"])
