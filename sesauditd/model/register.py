"""The register of customers, domains and IAM users, and whom an event counts for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of, registrable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sesauditd.model.events import Feedback


FORMER = "~"
"""Stands in the name of a domain that went to another customer; no domain holds it."""


def plain(name: str) -> str:
    """Return the domain that a name of the register is about, whoever had it."""
    return name.partition(FORMER)[0]


def kept_name(text: str) -> str:
    """Return a name of the register that a person typed, such as `example.com~1`.

    Raises Refused for what can be none.
    """
    name, mark, number = text.strip().partition(FORMER)
    return f"{registrable(name)}{mark}{number}" if number.isdecimal() else registrable(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The time for which a domain was one customer's."""

    name: str
    """The domain itself, or `example.com~1` for what went to another customer."""
    since: datetime
    closed_at: datetime | None = None
    """When it was offboarded; it is still theirs until somebody else has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The customer and domain that an event counts for."""

    customer: str
    domain: str
    foreign_caller: bool = False
    """True if the caller belongs to another customer than the domain that the mail came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNotices:
    """How the daemon's own mail is told from customers' mail.

    A user tag would not do: customers can set those. They cannot have the sender address and
    the configuration set of the notices together with a caller that is no customer's.
    """

    sender: str = ""
    configuration_set: str = ""

    def are(self, feedback: Feedback, register: Register) -> bool:
        """Say whether the feedback is about one of the daemon's own notices."""
        return (
            bool(self.sender)
            and feedback.source == self.sender
            and feedback.configuration_set in {None, self.configuration_set}
            and not register.knows_caller(feedback.caller)
        )


@dataclass(frozen=True, kw_only=True)
class Register:
    """A snapshot of who owns what."""

    owners: Mapping[str, str] = field(default_factory=dict)
    """Domain to customer."""
    callers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """IAM user to its (customer, domain) pairs, in the order of registration."""
    since: Mapping[str, datetime | None] = field(default_factory=dict)
    """Customer to the day the relationship began; None where it was not told."""
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Domain to the canonical address of the person to tell."""
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    """Domain to whose it was, in the order of time, for those that were ever offboarded."""

    def attribute(self, feedback: Feedback, sent_at: datetime | None = None) -> Attribution | None:
        """Return whom the event counts for, None if nobody registered fits (policy.md 1).

        Whoever had the domain when the mail was sent answers for what comes of it, also when a
        bounce or complaint arrives after another customer has it. Without `sent_at` it counts
        for those of today.
        """
        from_domain = self.domain_of_identity(feedback, sent_at)
        caller = self._customer_of_caller(feedback.caller, sent_at)
        if caller is None:
            if from_domain is None:
                return None
            return Attribution(customer=self.owners[from_domain], domain=from_domain)
        customer, registered_with = caller
        if from_domain is not None and self.owners[from_domain] == customer:
            return Attribution(customer=customer, domain=from_domain)
        return Attribution(
            customer=customer, domain=registered_with, foreign_caller=from_domain is not None
        )

    def domain_of_identity(self, feedback: Feedback, sent_at: datetime | None = None) -> str | None:
        """Return the registered domain of the sending identity, else of the sender address."""
        identity = feedback.identity
        by_identity = self.longest_suffix(domain_of(identity) or identity)
        found = by_identity or self.longest_suffix(domain_of(feedback.source))
        return None if found is None else self.held(found, sent_at)

    def held(self, domain: str, at: datetime | None) -> str:
        """Return the name under which a domain is kept for whoever had it at a time."""
        terms = self.terms.get(domain, ())
        if at is None or not terms:
            return domain
        begun = [one.name for one in terms if one.since <= at]
        return begun[-1] if begun else terms[0].name

    def longest_suffix(self, domain: str) -> str | None:
        """Return the registered domain that is the longest suffix of `domain`, if any."""
        labels = domain.split(".")
        for start in range(len(labels)):
            candidate = ".".join(labels[start:])
            if candidate in self.owners and FORMER not in candidate:
                return candidate
        return None

    def knows_caller(self, caller: str | None) -> bool:
        """Say whether an IAM user of that name is registered, for one customer or for several."""
        return caller is not None and caller in self.callers

    def domains_of(self, customer: str) -> tuple[str, ...]:
        """Return the customer's domains, sorted."""
        return self._domains.get(customer, ())

    @cached_property
    def _domains(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, owner in sorted(self.owners.items()):
            found[owner].append(name)
        return {owner: tuple(names) for owner, names in found.items()}

    @property
    def customers(self) -> tuple[str, ...]:
        """Return every customer that owns a domain, sorted."""
        return tuple(sorted(set(self.owners.values())))

    @property
    def present(self) -> tuple[str, ...]:
        """Return every customer with a domain that was not offboarded, sorted."""
        closed = {
            one.name for terms in self.terms.values() for one in terms if one.closed_at is not None
        }
        return tuple(sorted({self.owners[name] for name in self.owners.keys() - closed}))

    def _customer_of_caller(
        self, caller: str | None, sent_at: datetime | None
    ) -> tuple[str, str] | None:
        pairs = self._callers_at(self.callers.get(caller or "", ()), sent_at)
        # One SMTP user shared by several customers is the usual start; it identifies nobody.
        if not pairs or len({customer for customer, _ in pairs}) > 1:
            return None
        return pairs[0]

    def _callers_at(
        self, pairs: Sequence[tuple[str, str]], at: datetime | None
    ) -> Sequence[tuple[str, str]]:
        """Return the pairs whose domain was theirs then, and not yet offboarded."""
        return [
            (customer, name)
            for customer, name in pairs
            if not any(
                one.name == name
                and (self.held(plain(name), at) != name or _over(one.closed_at, at))
                for one in self.terms.get(plain(name), ())
            )
        ]


def _over(closed_at: datetime | None, at: datetime | None) -> bool:
    return closed_at is not None and (at is None or at >= closed_at)
