"""The register of customers, domains and IAM users, and whom an event counts for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sesauditd.model.events import Feedback


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


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def attribute(self, feedback: Feedback) -> Attribution | None:
        """Return whom the event counts for, None if nobody registered fits (policy.md 1)."""
        from_domain = self.domain_of_identity(feedback)
        caller = self._customer_of_caller(feedback.caller)
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

    def domain_of_identity(self, feedback: Feedback) -> str | None:
        """Return the registered domain of the sending identity, else of the sender address."""
        identity = feedback.identity
        by_identity = self.longest_suffix(domain_of(identity) or identity)
        return by_identity or self.longest_suffix(domain_of(feedback.source))

    def longest_suffix(self, domain: str) -> str | None:
        """Return the registered domain that is the longest suffix of `domain`, if any."""
        labels = domain.split(".")
        for start in range(len(labels)):
            candidate = ".".join(labels[start:])
            if candidate in self.owners:
                return candidate
        return None

    def knows_caller(self, caller: str | None) -> bool:
        """Say whether an IAM user of that name is registered, for one customer or for several."""
        return caller is not None and caller in self.callers

    def domains_of(self, customer: str) -> tuple[str, ...]:
        """Return the customer's domains, sorted."""
        return tuple(sorted(name for name, owner in self.owners.items() if owner == customer))

    @property
    def customers(self) -> tuple[str, ...]:
        """Return every customer that owns a domain, sorted."""
        return tuple(sorted(set(self.owners.values())))

    def _customer_of_caller(self, caller: str | None) -> tuple[str, str] | None:
        pairs = self.callers.get(caller or "", ())
        # One SMTP user shared by several customers is the usual start; it identifies nobody.
        if not pairs or len({customer for customer, _ in pairs}) > 1:
            return None
        return pairs[0]
