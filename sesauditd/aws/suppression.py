"""For which reasons SES itself puts an address on the account's suppression list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sesauditd.aws.errors import reading

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients


class Suppression:
    """The account's suppression attributes in one region."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2

    async def suppressed_reasons(self) -> Sequence[str]:
        """Return BOUNCE, COMPLAINT, both or none: SES GetAccount.

        Raises Unavailable or Forbidden.
        """
        # SES leaves the attributes out when there is no reason; this member is always there.
        answer = await self._ses.ask("GetAccount", ("SendQuota",))
        with reading("SES GetAccount"):
            found = (answer.get("SuppressionAttributes") or {}).get("SuppressedReasons") or ()
            return [str(reason) for reason in found]

    async def set_suppressed_reasons(self, reasons: Sequence[str]) -> None:
        """Replace the reasons: SES PutAccountSuppressionAttributes.

        Raises Unavailable, Uncertain or Forbidden.
        """
        await self._ses.ask("PutAccountSuppressionAttributes", SuppressedReasons=list(reasons))
