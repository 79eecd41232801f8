"""What SES keeps for an account: frozen values, replaced as a whole when something changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Check(StrEnum):
    """How far a verification has come, in the API's own words."""

    NOT_STARTED = "NOT_STARTED"
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TEMPORARY_FAILURE = "TEMPORARY_FAILURE"


class Reason(StrEnum):
    """Why an address is on a suppression list."""

    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"


class Scope(StrEnum):
    """Which suppression list is asked when mail is sent."""

    ACCOUNT = "ACCOUNT"
    TENANT = "TENANT"


class Enforcement(StrEnum):
    """What AWS thinks of the account."""

    HEALTHY = "HEALTHY"
    PROBATION = "PROBATION"
    SHUTDOWN = "SHUTDOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFrom:
    """A custom MAIL FROM domain and how its records were found."""

    domain: str
    on_mx_failure: str = "USE_DEFAULT_VALUE"
    status: Check = Check.PENDING
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A domain or an e-mail address that mail may be sent from once it is verified.

    `topics` maps Bounce, Complaint and Delivery to the topic of identity notifications;
    `with_headers` names those of them that carry the original headers. `ownership_token` is the
    value of v1's TXT record at `_amazonses`.
    """

    name: str
    created_at: datetime
    verification: Check = Check.PENDING
    error: str | None = None
    checked_at: datetime | None = None
    verified_at: datetime | None = None
    dkim: Check = Check.NOT_STARTED
    dkim_enabled: bool = True
    dkim_origin: str = "AWS_SES"
    tokens: tuple[str, ...] = ()
    hosted_zone: str = ""
    key_length: str = "RSA_2048_BIT"
    ownership_token: str | None = None
    mail_from: MailFrom | None = None
    configuration_set: str | None = None
    forwarding: bool = True
    topics: Mapping[str, str] = field(default_factory=dict)
    with_headers: frozenset[str] = frozenset()
    policies: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_domain(self) -> bool:
        """Whether this is a domain, not a single address."""
        return "@" not in self.name

    @property
    def verified(self) -> bool:
        """Whether mail may be sent from it; while records are missed for a time, too."""
        return self.verification in {Check.SUCCESS, Check.TEMPORARY_FAILURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a configuration set publishes its events; `types` in the API's upper case words.

    `topic` is the ARN of an SNS topic, or None for the other kinds, which are only kept.
    """

    name: str
    enabled: bool = False
    types: tuple[str, ...] = ()
    topic: str | None = None
    others: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSet:
    """A configuration set; `reasons` and `scope` are None where the account's setting is kept.

    `options` holds the groups of options that change nothing here, as they were put.
    """

    name: str
    sending_enabled: bool = True
    reasons: tuple[Reason, ...] | None = None
    scope: Scope | None = None
    metrics_enabled: bool = False
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    destinations: tuple[Destination, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """An entry of a suppression list, in the spelling in which it was put."""

    address: str
    reason: Reason
    updated_at: datetime
    message_id: str | None = None
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant with the ARNs of its resources and a suppression list of its own."""

    name: str
    id: str
    created_at: datetime
    sending_status: str = "ENABLED"
    reasons: tuple[Reason, ...] | None = None
    scope: Scope | None = None
    resources: Mapping[str, datetime] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    """What CloudWatch is told of the rates, as fractions of 1; None is what was counted.

    Where they are not `published`, CloudWatch has no value at all.
    """

    bounce_rate: float | None = None
    complaint_rate: float | None = None
    published: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account's own settings; `max_24_hours` and `max_rate` in messages, -1 without a limit.

    Accounts from November 2019 on suppress both bounces and complaints (ses-facts 11, trap 9).
    """

    production: bool = True
    enforcement: Enforcement = Enforcement.HEALTHY
    sending_enabled: bool = True
    max_24_hours: float = 50_000.0
    max_rate: float = 14.0
    reasons: tuple[Reason, ...] = (Reason.BOUNCE, Reason.COMPLAINT)
    details: Mapping[str, object] | None = None
