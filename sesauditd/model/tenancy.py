"""Whether the mail of a domain names its tenant of SES, as its events tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.model.addresses import SIMULATOR_DOMAIN, domain_of

if TYPE_CHECKING:
    from sesauditd.model.events import Feedback

TOLD: Final = frozenset({"Bounce", "Complaint"})
"""The kinds of events whose `ses:tenant-name` AWS documents (ses-facts 1.2): only their silence
says that mail named no tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """The tenant of one domain, and what events have said of it."""

    domain: str
    tenant: str
    first_seen_at: datetime | None = None
    """When an event of the domain first named the tenant; until then it is not trusted."""
    last_seen_at: datetime | None = None
    outside_at: datetime | None = None
    """The newest bounce or complaint, after it was first seen, of mail that did not name it."""

    @property
    def is_trusted(self) -> bool:
        """Return whether the domain's mail was seen to name its tenant."""
        return self.first_seen_at is not None

    @property
    def is_left(self) -> bool:
        """Return whether the newest that was seen of the domain's mail was outside its tenant."""
        last, outside = self.last_seen_at, self.outside_at
        return last is not None and outside is not None and outside > last

    def names(self, feedback: Feedback) -> bool:
        """Return whether the mail of this event named the tenant."""
        return feedback.tenant == self.tenant

    def misses(self, feedback: Feedback, at: datetime) -> bool:
        """Return whether an event shows that mail left outside its tenant, once it is trusted.

        Mail to the simulator alone is a trial, by this program or by a person.
        """
        return (
            self.first_seen_at is not None
            and at > self.first_seen_at
            and feedback.kind in TOLD
            and not self.names(feedback)
            and not _is_trial(feedback)
        )


def _is_trial(feedback: Feedback) -> bool:
    named: Sequence[str] = [one.address for one in feedback.named]
    return bool(named) and all(domain_of(one) == SIMULATOR_DOMAIN for one in named)
