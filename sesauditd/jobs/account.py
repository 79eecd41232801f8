"""The account watch: what AWS says about the account, and what of it an operator must know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.jobs.alarms import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

OBSERVATION = "account"
HEALTHY = "HEALTHY"
COMPLAINT = "COMPLAINT"
QUOTA_SHARE = 0.8


class Account(Protocol):
    """What SES's GetAccount says."""

    @property
    def production(self) -> bool:
        """Return whether anybody may be mailed, not verified addresses alone."""
        ...

    @property
    def enforcement(self) -> str:
        """Return HEALTHY, PROBATION or SHUTDOWN."""
        ...

    @property
    def sending_enabled(self) -> bool:
        """Return the account's own switch."""
        ...

    @property
    def max_24h(self) -> float:
        """Return how many recipients a day may have; -1 for no limit."""
        ...

    @property
    def sent_24h(self) -> float:
        """Return how many had mail in the last 24 hours."""
        ...

    @property
    def suppressed_reasons(self) -> Collection[str]:
        """Return what puts an address on the account's suppression list."""
        ...


class Accounts(Protocol):
    """Asks SES about the account."""

    async def account(self) -> Account:
        """Return what GetAccount says; raises Unavailable or Forbidden."""
        ...


class Reports(Protocol):
    """Takes findings."""

    async def report(self, findings: Sequence[Finding], now: datetime) -> None:
        """Tell operators of what began, changed or ended."""
        ...


class Notes(Protocol):
    """Keeps what was seen, for commands that show it."""

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        """Keep facts under a name, in the place of what was there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWatch:
    """Looks at the account every few minutes."""

    accounts: Accounts
    alarms: Reports
    notes: Notes

    async def run(self, now: datetime) -> None:
        """Look, remember, tell; raises Unavailable or Forbidden if AWS does not say."""
        account = await self.accounts.account()
        await self.notes.remember(OBSERVATION, facts(account), now)
        await self.alarms.report(findings(account), now)


def facts(account: Account) -> dict[str, object]:
    """Return the account as JSON."""
    return {
        "production": account.production,
        "enforcement": account.enforcement,
        "sending_enabled": account.sending_enabled,
        "max_24h": account.max_24h,
        "sent_24h": account.sent_24h,
        "suppressed_reasons": sorted(account.suppressed_reasons),
    }


def findings(account: Account) -> Sequence[Finding]:
    """Return what is right and wrong with the account."""
    nearly = 0 < account.max_24h * QUOTA_SHARE <= account.sent_24h
    return [
        _finding(
            "account_status",
            None if account.enforcement == HEALTHY else account.enforcement,
            well="AWS calls the account healthy again.",
            ill=f"AWS set the account to {account.enforcement}: answer its message in the "
            "support centre; a shutdown stops everybody's mail.",
        ),
        _finding(
            "account_sending",
            None if account.sending_enabled else "off",
            well="Sending is switched on for the account.",
            ill="Sending is switched off for the whole account: nobody's mail leaves.",
        ),
        _finding(
            "account_sandbox",
            None if account.production else "sandbox",
            well="The account has production access.",
            ill="The account is in SES's sandbox: only verified addresses can be mailed, and "
            "blocks wait until AWS grants production access.",
        ),
        _finding(
            "account_suppression",
            COMPLAINT if COMPLAINT in account.suppressed_reasons else None,
            well="Complaints no longer put addresses on the account's suppression list.",
            ill="SES suppresses an address for all customers at its first complaint: set the "
            'account\'s suppression reasons to ["BOUNCE"] alone.',
        ),
        _finding(
            "account_quota",
            "nearly used" if nearly else None,
            well="The daily quota has room again.",
            ill=f"{account.sent_24h:.0f} of {account.max_24h:.0f} recipients of the daily quota "
            "are used: ask AWS for more, or find who sends so much.",
        ),
    ]


def _finding(name: str, state: str | None, *, well: str, ill: str) -> Finding:
    return Finding(name=name, state=state, summary=well if state is None else ill)
