"""Actions as they are carried out: what is due, what stands around it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.model.actions import Lever, Reverse, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.model.verdicts import Does

BY_OPERATORS = "operator:"
"""How the actor of an action begins that an operator asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An action that is due."""

    id: str
    kind: Does | Reverse
    customer: str
    domain: str | None = None
    recipient: str | None = None
    spelling: str | None = None
    """AWS's own spelling of the recipient, where one was seen."""
    lever: Lever | None = None
    state: State = State.REQUESTED
    actor: str = ""
    attempts: int = 0
    overflown: str | None = None
    """Why a block stands on the account's list for want of room in the customer's policies."""

    @property
    def by_operator(self) -> bool:
        """Say whether a person asked for it."""
        return self.actor.startswith(BY_OPERATORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user and every customer that it is registered for."""

    name: str
    customers: frozenset[str]

    @property
    def is_shared(self) -> bool:
        """Say whether a Deny for one customer would hit another too."""
        return len(self.customers) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A recipient that stands blocked by a Deny, and the spellings it was seen in."""

    recipient: str
    spellings: frozenset[str]
    shard: int | None = None
    """The number of the policy that names it, once it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the store knows around a task; AWS is brought to agree with it.

    A disable, termination or block stands from its own attempt until it is undone. The task's
    own counts as standing; what is only requested beside it does not, since it may still be
    cancelled without a trace.
    """

    users: tuple[User, ...] = ()
    """Those registered for the customer, by name."""
    domains: tuple[str, ...] = ()
    """The customer's, by name."""
    registered: frozenset[str] = frozenset()
    """Every customer's domains."""
    closed: bool = False
    """The task's domain was offboarded, or all domains of its customer: nothing is left on AWS."""
    off: frozenset[str] = frozenset()
    """Every customer's domains that are disabled, or belong to a terminated customer."""
    disabled: frozenset[str] = frozenset()
    """Domains of this customer with a disable of their own."""
    terminated: bool = False
    impostors: frozenset[str] = frozenset()
    """IAM users of the customer that a standing disable of the domain caught sending as others."""
    denied: tuple[Denied, ...] = ()
    """What the customer's policies have to deny, by recipient."""
    shards_of: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Which policies name a task's recipient, or did and were not seen without it yet."""
    policies_of_others: int = 0
    """How many policies hold the blocks of all other customers: the account has a quota."""
    own: frozenset[str] = frozenset()
    """The customer's domains and contact addresses: a Deny never names them."""
    listed_for: tuple[str, ...] = ()
    """Customers with a standing block of the recipient on the account list."""
    refused_by_policy: bool = False
    """The bounce behind a block said 5.7.x: SES's own entry would stop other customers."""
    holds: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What we changed and will put back, by the knob's name: see `Hold`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """An IAM user, and which stops of its customers were never asked of AWS."""

    name: str
    never_off: tuple[str, ...]
    """Domains of its customers that were never disabled, by name."""
    never_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the table of actions can explain of the policies on AWS."""

    blocked: frozenset[str]
    """Customers with any block that was asked of IAM, also long ago."""
    users: tuple[Untouched, ...]
    """Those registered at an open domain, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """How full a customer's policies are."""

    customer: str
    percent: int
    characters: int
    addresses: int
    policies: int
    room: int
    """In how many policies there may be room at all."""
    of_account: int = 0
    """Policies with blocks of all customers together."""
    room_of_account: int = 1
    """How many of them the account takes."""

    @property
    def percent_of_account(self) -> int:
        """Return how much of the account's quota of policies blocks take, rounded down."""
        return 100 * self.of_account // self.room_of_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A knob that is about to be turned from a position that must come back."""

    knob: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt."""

    state: State
    words: str | None = None
    after: Mapping[str, object] | None = None
    """The positions read back; None where nothing was read."""
    released: tuple[str, ...] = ()
    """Holds that are put back and end here."""
    next_try_at: datetime | None = None
    tell: bool = True
    """False for a trouble that may pass by itself before anybody needs to know."""
