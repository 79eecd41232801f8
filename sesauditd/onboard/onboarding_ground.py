"""What has to stand before the first domain, and what AWS's own sandbox does differently."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Conflict, Plan

if TYPE_CHECKING:
    from sesauditd.onboard.naming import Account

LIMITED: Final = (
    "SES keeps this account in its sandbox: mail goes only to verified identities and to the "
    "mailbox simulator, 200 a day, and the suppression list cannot be written"
)
RECIPIENTS: Final = (
    "in that sandbox SES also asks whether a user may use the recipient's own identity, so mail "
    "to one verified elsewhere in this account is refused with 554: test with "
    "success@simulator.amazonses.com, or leave it by `sesauditd production-access`"
)
"""ses-facts 6.3 and 7; the policy of the user stays as tight as it has to be afterwards."""
PAUSED: Final = "sending is paused for the whole account: see the SES console"


class SesAccount(Protocol):
    """How AWS sees the account in this Region."""

    @property
    def production(self) -> bool:
        """Return False in AWS's own sandbox."""
        ...

    @property
    def sending_enabled(self) -> bool:
        """Return False while all mail is paused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Looks once for all domains at what `sesauditd setup` makes."""

    account: Account
    topic_arn: str
    topic: Callable[[str], Awaitable[object | None]]
    policy: Callable[[str], Awaitable[object | None]]
    ses: Callable[[], Awaitable[SesAccount]]

    async def look(self) -> Plan:
        """Return what is in the way of every domain, and what is worth a remark; only reads.

        Raises Unavailable or Forbidden.
        """
        missing = [
            _missing(what, arn)
            for what, arn, look in (
                ("SNS topic", self.topic_arn, self.topic),
                ("permissions boundary", self.account.boundary_arn, self.policy),
            )
            if await look(arn) is None
        ]
        seen = await self.ses()
        remarks = () if seen.production else (LIMITED, RECIPIENTS)
        paused = () if seen.sending_enabled else (PAUSED,)
        return Plan(conflicts=tuple(missing), remarks=(*remarks, *paused))


def _missing(what: str, arn: str) -> Conflict:
    return Conflict(
        resource=f"{what} {arn}",
        found="none",
        wanted="what every domain needs",
        advice="Run `sesauditd setup` first.",
    )
