"""The state of SES in one account and Region, with the questions that sending asks of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import TypeAlias

from sesauditd.errors import Missing
from sesauditd.sandbox.ses.snapshot import JSON, snapshot_of
from sesauditd.sandbox.ses.values import (
    Account,
    ConfigurationSet,
    Identity,
    Reason,
    Reputation,
    Scope,
    Suppressed,
    Tenant,
)
from sesauditd.sandbox.ses.verification import Records, checked

Clock: TypeAlias = Callable[[], datetime]
Suppressions: TypeAlias = dict[str, Suppressed]
"""The entries of one list by the exact spelling in which they were put."""

QUOTA_SPAN = timedelta(hours=24)
GLOBAL_SPAN = timedelta(days=14)
"""How long SES's own list keeps an address at most (ses-facts 1.3, `Suppressed`)."""


@dataclass(slots=True, kw_only=True)
class Switches:
    """Facts that AWS does not document or that were not tried, each with our guess.

    `verify_at_once`: identities are verified when they are made, without looking at records.
    `recipients_ignore_case`: StringEqualsIgnoreCase works on `ses:Recipients` (ses-facts 4.1).
    `from_header_feeds_from_address`: over SMTP the From header, not the envelope, is
    `ses:FromAddress` (6.3).
    `recipient_identity_authorised`: outside AWS's own sandbox too, a recipient at a verified
    identity is authorised on that identity's ARN (6.3).
    `tenant_key_over_smtp`: `ses:TenantName` is evaluated for SendRawEmail (3).
    `identity_policy_denies`: a Deny in an identity policy stops the own account's users (4).
    `not_spam_unlists`: a not-spam report removes COMPLAINT entries of a tenant's list (3).
    `simulator_can_be_listed`: a simulator address put on a list is suppressed by it (8).
    `complaint_entries_complain`: a list entry of reason COMPLAINT answers mail with a synthetic
    complaint, not with a bounce (1.4, 4.2).
    """

    verify_at_once: bool = False
    recipients_ignore_case: bool = True
    from_header_feeds_from_address: bool = True
    recipient_identity_authorised: bool = False
    tenant_key_over_smtp: bool = False
    identity_policy_denies: bool = True
    not_spam_unlists: bool = True
    simulator_can_be_listed: bool = True
    complaint_entries_complain: bool = True


def no_records(_name: str, _kind: str) -> Sequence[str]:
    """Answer that DNS holds nothing, for a sandbox without Route 53."""
    return ()


@dataclass(slots=True, kw_only=True)
class Ses:
    """Everything that SES remembers; `records` answers from DNS as (name, type) -> values.

    SMTP and the API come from several threads: who reads a value and puts another one in its
    place holds `lock`.
    """

    clock: Clock
    account_id: str = "123456789012"
    region: str = "eu-central-1"
    records: Records = no_records
    switches: Switches = field(default_factory=Switches)
    account: Account = field(default_factory=Account)
    reputation: Reputation = field(default_factory=Reputation)
    identities: dict[str, Identity] = field(default_factory=dict)
    sets: dict[str, ConfigurationSet] = field(default_factory=dict)
    suppression: Suppressions = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    tenant_suppression: dict[str, Suppressions] = field(default_factory=dict)
    global_suppression: dict[str, datetime] = field(default_factory=dict)
    sent: deque[tuple[datetime, int]] = field(default_factory=deque)
    lock: RLock = field(default_factory=RLock, repr=False, compare=False)

    def identity(self, name: str) -> Identity | None:
        """Return an identity with its records looked up anew, or None."""
        at_once = self.switches.verify_at_once
        with self.lock:
            found = self.identities.get(canonical(name))
            if found is None:
                return None
            now = self.clock()
            looked_at = checked(found, self.records, now, region=self.region, at_once=at_once)
            self.identities[found.name] = looked_at
            return looked_at

    def identity_for(self, address: str) -> Identity | None:
        """Return the most specific verified identity that covers an address, or None.

        A verified domain covers its subdomains, and an address of its own comes before it
        (ses-facts 5 and 6.3: settings apply at the most granular verified identity).
        """
        for name in covering(address):
            found = self.identity(name)
            if found is not None and found.verified:
                return found
        return None

    def set_of(self, identity: Identity | None, named: str | None) -> ConfigurationSet | None:
        """Return the set that a message uses: the named one, else its identity's, else None.

        Raises:
            Missing: it does not exist (any more); such mail is refused (ses-facts 5).
        """
        name = named or (identity.configuration_set if identity else None)
        if name is None:
            return None
        if name not in self.sets:
            raise Missing(f"Configuration set <{name}> does not exist.")
        return self.sets[name]

    def suppressed(
        self, address: str, configuration_set: ConfigurationSet | None, tenant: str | None = None
    ) -> Suppressed | None:
        """Return the entry that stops mail to an address, or None.

        Sending ignores case, and an entry whose reason is not asked for stops nothing
        (ses-facts 3).
        """
        scope, reasons = self.suppression_settings(configuration_set, tenant)
        wanted = address.casefold()
        for entry in self.suppression_list(tenant if scope is Scope.TENANT else None).values():
            if entry.reason in reasons and entry.address.casefold() == wanted:
                return entry
        return None

    def suppression_settings(
        self, configuration_set: ConfigurationSet | None, tenant: str | None = None
    ) -> tuple[Scope, tuple[Reason, ...]]:
        """Return the list that holds and its reasons: the set's, else the tenant's, else ours.

        Without a tenant the account's list holds (ses-facts 3, 13.4).
        """
        owner = self.tenants.get(tenant) if tenant else None
        scopes = [one.scope for one in (configuration_set, owner) if one and one.scope]
        scope = scopes[0] if scopes and owner else Scope.ACCOUNT
        own = [one.reasons for one in (configuration_set, owner) if one and one.reasons is not None]
        return scope, own[0] if own else self.account.reasons

    def suppression_list(self, tenant: str | None = None) -> Suppressions:
        """Return the tenant's list, or the account's; adding to it adds to the state."""
        if tenant is None:
            return self.suppression
        return self.tenant_suppression.setdefault(tenant, {})

    def remember(
        self,
        entry: Suppressed,
        configuration_set: ConfigurationSet | None,
        tenant: str | None = None,
    ) -> bool:
        """List an address that bounced or complained if its reason is asked for; tell whether."""
        scope, reasons = self.suppression_settings(configuration_set, tenant)
        if entry.reason is Reason.BOUNCE:
            self.global_suppression[entry.address.casefold()] = self.clock() + GLOBAL_SPAN
        if entry.reason not in reasons:
            return False
        self.suppression_list(tenant if scope is Scope.TENANT else None)[entry.address] = entry
        return True

    def globally_suppressed(self, address: str) -> bool:
        """Tell whether SES's own list holds an address: up to 14 days after a hard bounce."""
        until = self.global_suppression.get(address.casefold())
        return until is not None and until > self.clock()

    def count_sent(self, recipients: int) -> None:
        """Count what was accepted, a recipient each, against the quota of 24 hours."""
        self.sent.append((self.clock(), recipients))

    def sent_last_24_hours(self) -> int:
        """Return how many recipients were accepted in the last 24 hours."""
        since = self.clock() - QUOTA_SPAN
        return sum(count for moment, count in self.sent if moment > since)

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of an `identity`, `configuration-set` or another kind of resource."""
        return f"arn:aws:ses:{self.region}:{self.account_id}:{kind}/{name}"

    def snapshot(self) -> Mapping[str, JSON]:
        """Return what an operator can change, as JSON without times: equal if nothing differs."""
        return snapshot_of(
            identities=self.identities,
            sets=self.sets,
            lists={"": self.suppression, **self.tenant_suppression},
            account=self.account,
            tenants=self.tenants,
        )


def canonical(name: str) -> str:
    """Return the name under which an identity is kept: domains do not know case, nor a last dot."""
    local, at, domain = name.rpartition("@")
    return f"{local}{at}{domain.lower().rstrip('.')}"


def covering(address: str) -> Sequence[str]:
    """Return the names of identities that would cover an address, the most specific first."""
    whole = canonical(address)
    labels = whole.rpartition("@")[2].split(".")
    return (whole, *(".".join(labels[start:]) for start in range(len(labels))))
