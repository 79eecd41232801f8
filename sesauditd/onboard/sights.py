"""What an examination saw of AWS, the database and this machine: values for the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document
    from sesauditd.model.tenancy import Tenancy


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """AWS did not say: it may not be asked, or did not answer."""

    why: str
    forbidden: bool


Sight: TypeAlias = Union["Document", Untold, None]
"""How something stands, None if it does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the configuration says there is."""

    prefix: str
    account_id: str | None
    region: str
    queue_url: str | None
    topic_arns: Sequence[str]
    bucket: str | None
    notices_set: str
    sender_domain: str | None
    boundary_arn: str
    set_arn_start: str
    """An ARN of a configuration set but for its name; identities have another last part."""
    identity_arn_start: str

    @property
    def path(self) -> str:
        """Return the path of IAM users that were made here."""
        return f"/{self.prefix}/"

    @property
    def queue_arn(self) -> str:
        """Return the ARN of the feedback queue."""
        name = (self.queue_url or "").rpartition("/")[2]
        start = self.set_arn_start.removesuffix("configuration-set/").replace(":ses:", ":sqs:")
        return f"{start}{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSight:
    """A topic: `topic` holds its policy's statements, `subscription` the queue's."""

    arn: str
    topic: Sight
    subscription: Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSight:
    """An IAM user: all policies that hold for it, its keys by id with whether they are active."""

    name: str
    user: Sight
    policies: Sequence[Mapping[str, JSON]] | Untold = ()
    keys: Mapping[str, bool] | Untold = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSight:
    """A domain as SES and IAM know it; `set_name` is its default set, whose sight follows."""

    domain: str
    identity: Sight
    configuration_set: Sight = None
    destinations: Sequence[Document] | Untold = ()
    stopped: bool = False
    """Whether the program or its operator has stopped it."""
    users: Sequence[UserSight] = ()
    tenancy: Tenancy | None = None
    """What is known of its tenant, None without one; how that stands at SES is `tenant`."""
    tenant: Sight = None
    covered: Sequence[str] = ()
    """What the tenant may send as and through: `identity/NAME`, `configuration-set/NAME`."""
    uses: str | None = None
    """The set that its mail names, whatever the default is."""

    @property
    def set_name(self) -> str | None:
        """Return the name of the set that its mail goes through, None if there is none."""
        if self.uses is not None:
            return self.uses
        if isinstance(self.identity, Untold) or self.identity is None:
            return None
        name = self.identity.get("configuration_set")
        return None if not name else str(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSight:
    """The database: what it is called, its schema, its size in bytes, and what is wrong."""

    schema: str | None = None
    size_bytes: int | None = None
    free_bytes: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Everything that was seen of one installation."""

    caller: str | Untold
    ahead: timedelta | Untold
    """By how much this machine's clock is ahead of AWS's."""
    account: Sight
    queue: Sight
    dead_letters: Sight
    undelivered: Sight
    topics: Sequence[TopicSight]
    bucket: Sight
    notices: DomainSight | None
    permissions: Mapping[str, str | None]
    """By action: None if it was allowed, else why not; what is missing was not tried."""
    domains: Sequence[DomainSight]
