"""The numbers of the policy, one class a rule; every rate is written in percent."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Gt, Le

from sesauditd.model.free_mail import FREE_MAIL

Count = Annotated[int, Ge(1)]
Percent = Annotated[float, Gt(0), Le(100)]
Days = Annotated[int, Ge(1), Le(3650)]
Score = Annotated[float, Gt(0), Le(1)]
"""How sure the guessing detector is."""

CLOSED = {"extra": "forbid", "strict": True}
"""What the validator in `sesauditd.config` is told about these classes: no unknown keys."""


class Lane(StrEnum):
    """When a rule is judged: as events are recorded, or on Monday for the week that ended."""

    FAST = "fast"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBounceBlock:
    """So many soft bounces in a row to one address, no delivery between."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    in_a_row: Count = 5
    within_days: Days = 30
    block_days: Days = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HardBounceBlock:
    """One hard bounce; for good where the status says that the mailbox does not exist."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    block_days: Days = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintBlock:
    """So many complaints of one recipient about one customer, about different messages."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    complaints: Count = 3
    within_days: Days = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A week's limit: a plain count for small senders, a rate and a count for larger ones."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.WEEKLY
    small_below: Count
    """Fewer different recipients than this make a small sender."""
    small_count: Count
    rate_percent: Percent
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabling(Volume):
    """A weekly limit that is also reached by repeated warnings."""

    __pydantic_config__ = CLOSED
    warnings: Count = 3
    warnings_weeks: Count = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminating(Volume):
    """A weekly limit that is also reached by a second offence soon after a reinstatement."""

    __pydantic_config__ = CLOSED
    again_within_days: Days = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class HardBounceSurge:
    """Too many hard bounces within hours, sooner for a customer nobody knows yet."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    within_hours: Count = 24
    count: Count = 100
    new_customer_count: Count = 25
    new_customer_days: Days = 30
    rate_percent: Percent = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintSurge:
    """Too many complaints within hours."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    within_hours: Count = 24
    count: Count = 25
    rate_percent: Percent = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessingDisable:
    """Many unknown users within the hour, several of them where nothing was ever delivered."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    within_minutes: Count = 60
    unknown_users: Count = 25
    at_one_domain: Count = 8
    delivered_before_hours: Count = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessingTerminate:
    """The guessing detector is sure; where it only suspects, the domain is disabled."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.WEEKLY
    guesses: Count = 8
    sure_at: Score = 0.8
    ask_at: Score = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class VirusDisable:
    """Each domain with a Reject in an incident."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    shadow_incident_days: Days = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class VirusTerminate:
    """So many incidents within the span."""

    __pydantic_config__ = CLOSED
    lane: Lane = Lane.FAST
    incidents: Count = 2
    within_days: Days = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBounce:
    """Rules about soft bounces."""

    __pydantic_config__ = CLOSED
    block: SoftBounceBlock = field(default_factory=SoftBounceBlock)


@dataclass(frozen=True, slots=True, kw_only=True)
class HardBounce:
    """Rules about hard bounces."""

    __pydantic_config__ = CLOSED
    block: HardBounceBlock = field(default_factory=HardBounceBlock)
    warn: Volume = field(
        default_factory=lambda: Volume(small_below=100, small_count=8, rate_percent=4.0, count=5)
    )
    disable: Disabling = field(
        default_factory=lambda: Disabling(
            small_below=100, small_count=15, rate_percent=8.0, count=10
        )
    )
    surge: HardBounceSurge = field(default_factory=HardBounceSurge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Rules about complaints."""

    __pydantic_config__ = CLOSED
    block: ComplaintBlock = field(default_factory=ComplaintBlock)
    warn: Volume = field(
        default_factory=lambda: Volume(small_below=1000, small_count=3, rate_percent=0.08, count=2)
    )
    disable: Disabling = field(
        default_factory=lambda: Disabling(
            small_below=1000, small_count=5, rate_percent=0.3, count=5
        )
    )
    surge: ComplaintSurge = field(default_factory=ComplaintSurge)
    terminate: Terminating = field(
        default_factory=lambda: Terminating(
            small_below=1000, small_count=15, rate_percent=1.0, count=15
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessing:
    """Rules about guessed addresses."""

    __pydantic_config__ = CLOSED
    disable: GuessingDisable = field(default_factory=GuessingDisable)
    terminate: GuessingTerminate = field(default_factory=GuessingTerminate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Virus:
    """Rules about viruses."""

    __pydantic_config__ = CLOSED
    disable: VirusDisable = field(default_factory=VirusDisable)
    terminate: VirusTerminate = field(default_factory=VirusTerminate)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """How much one run may do on its own."""

    __pydantic_config__ = CLOSED
    at_least: Count = 3
    percent_of_customers: Percent = 5.0

    def cap(self, customers: int) -> int:
        """Return how many disables and terminations go through without an operator."""
        return max(self.at_least, int(customers * self.percent_of_customers / 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """What several rules share."""

    __pydantic_config__ = CLOSED
    wilson_z: Annotated[float, Gt(0), Le(5)] = 1.645
    no_complaint_feedback: tuple[str, ...] = ("gmail.com", "googlemail.com")
    """Providers that send SES no complaints; complaint rates leave their mailboxes out."""
    free_mail: tuple[str, ...] = FREE_MAIL
    """Providers where mailboxes of strangers stand side by side."""
    stale_evidence_days: Days = 28
    """Older evidence is proposed to the operator, not acted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The whole policy, as read from `policy.toml`."""

    __pydantic_config__ = CLOSED
    general: General = field(default_factory=General)
    soft_bounce: SoftBounce = field(default_factory=SoftBounce)
    hard_bounce: HardBounce = field(default_factory=HardBounce)
    complaint: Complaint = field(default_factory=Complaint)
    guessing: Guessing = field(default_factory=Guessing)
    virus: Virus = field(default_factory=Virus)
    blast_radius: BlastRadius = field(default_factory=BlastRadius)
