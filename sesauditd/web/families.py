"""What the store and the daemon's parts say at a scrape, as families of metrics; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from sesauditd.model.actions import Reverse, State
from sesauditd.model.events import Outcome
from sesauditd.model.notice import NoticeState
from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from sesauditd.web.health import Pulse

KINDS = (*Does, *Reverse)
Pairs = Mapping[tuple[str, ...], float]
"""Labels, in the order of a family's names, to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the store and the daemon's parts say at the moment of a scrape."""

    version: str
    outcomes: Mapping[str, int]
    verdicts: Pairs
    """By rule and state."""
    actions: Pairs
    """By kind and state."""
    action_attempts: int
    notices: Mapping[str, int]
    cases: Mapping[str, int]
    """Open ones, by state."""
    blocks: int
    quarantined: int
    unattributed: int
    domains: Mapping[str, int]
    """By how they stand."""
    alarms: Collection[str]
    """Names of those that are not over."""
    last_message: float | None
    """Seconds since 1970."""
    rates: Mapping[str, float]
    """Bounces and complaints of the account in 90 days, as shares of 1."""
    in_hand: int
    pulse: Pulse
    forgotten: int = 0
    """Events that were older than they are kept."""
    events_since: float | None = None
    """The horizon, in seconds since 1970; None while nothing was ever forgotten."""


@dataclass(frozen=True, slots=True)
class Family:
    """One name, what it says, its labels, and where its values come from."""

    name: str
    text: str
    labels: tuple[str, ...]
    pairs: Callable[[Facts], Pairs]


TOTALS = (
    Family(
        "sesauditd_recipient_outcomes",
        "Recipients of events of registered domains, by outcome.",
        ("outcome",),
        lambda facts: _whole(_by_name(facts.outcomes), Outcome),
    ),
    Family(
        "sesauditd_verdicts",
        "Verdicts, withdrawn ones too, by rule.",
        ("rule",),
        lambda facts: _whole(_summed(facts.verdicts), Rule),
    ),
    Family(
        "sesauditd_actions",
        "Actions that were asked for, by kind.",
        ("kind",),
        lambda facts: _whole(_summed(facts.actions), KINDS),
    ),
    Family(
        "sesauditd_action_attempts",
        "Attempts at actions.",
        (),
        lambda facts: {(): facts.action_attempts},
    ),
    Family(
        "sesauditd_events_forgotten",
        "Events that were older than they are kept, and went.",
        (),
        lambda facts: {(): facts.forgotten},
    ),
)
"""What only grows."""

STATES = (
    Family(
        "sesauditd_build_info", "The program.", ("version",), lambda facts: {(facts.version,): 1}
    ),
    Family(
        "sesauditd_verdicts_in_state",
        "Verdicts by rule and by what came of them.",
        ("rule", "state"),
        lambda facts: facts.verdicts,
    ),
    Family(
        "sesauditd_actions_in_state",
        "Actions by kind and state.",
        ("kind", "state"),
        lambda facts: _whole(facts.actions, KINDS, State),
    ),
    Family(
        "sesauditd_notices_in_state",
        "Notices to customers and operators by state.",
        ("state",),
        lambda facts: _whole(_by_name(facts.notices), NoticeState),
    ),
    Family(
        "sesauditd_open_cases",
        "Cases that are not closed, by state.",
        ("state",),
        lambda facts: _by_name(facts.cases),
    ),
    Family(
        "sesauditd_domains",
        "Domains by how they stand.",
        ("state",),
        lambda facts: _by_name(facts.domains),
    ),
    Family(
        "sesauditd_active_blocks",
        "Recipients blocked for a customer.",
        (),
        lambda facts: {(): facts.blocks},
    ),
    Family(
        "sesauditd_quarantined_notifications",
        "Notifications that could not be read.",
        (),
        lambda facts: {(): facts.quarantined},
    ),
    Family(
        "sesauditd_unattributed_events",
        "Events of no registered domain.",
        (),
        lambda facts: {(): facts.unattributed},
    ),
    Family(
        "sesauditd_alarm",
        "1 for every alarm that is not over.",
        ("name",),
        lambda facts: {(name,): 1 for name in facts.alarms},
    ),
    Family(
        "sesauditd_account_ratio",
        "Bounces and complaints of all recipients mailed in 90 days, as counted here.",
        ("of",),
        lambda facts: _by_name(facts.rates),
    ),
    Family(
        "sesauditd_in_hand_messages",
        "Messages that are received and not finished.",
        (),
        lambda facts: {(): facts.in_hand},
    ),
    Family(
        "sesauditd_intake_paused",
        "1 while archive or store cannot keep what the queue gives.",
        (),
        lambda facts: {(): int(facts.pulse.paused_because is not None)},
    ),
    Family(
        "sesauditd_receive_failing",
        "1 while the queue gives no answer.",
        (),
        lambda facts: {(): int(facts.pulse.receiving_fails is not None)},
    ),
    Family(
        "sesauditd_lease_held",
        "1 while this daemon does the jobs.",
        (),
        lambda facts: {(): int(facts.pulse.holds_lease)},
    ),
    Family(
        "sesauditd_clock_trusted",
        "0 after the clock jumped.",
        (),
        lambda facts: {(): int(facts.pulse.trusts_clock)},
    ),
    Family(
        "sesauditd_hanging_loops",
        "Loops of the daemon that have not turned over in time.",
        (),
        lambda facts: {(): len(facts.pulse.hanging)},
    ),
    Family(
        "sesauditd_last_message_timestamp_seconds",
        "When a message last came out of the queue, in seconds since 1970.",
        (),
        lambda facts: {} if facts.last_message is None else {(): facts.last_message},
    ),
    Family(
        "sesauditd_events_since_timestamp_seconds",
        "From when on events are kept, in seconds since 1970.",
        (),
        lambda facts: {} if facts.events_since is None else {(): facts.events_since},
    ),
)
"""What is at this moment."""


def families(facts: Facts) -> Iterator[Metric]:
    """Yield every family with its values."""
    for kind, listed in ((CounterMetricFamily, TOTALS), (GaugeMetricFamily, STATES)):
        for one in listed:
            family = kind(one.name, one.text, labels=one.labels)
            for values, value in one.pairs(facts).items():
                family.add_metric(list(values), value)
            yield family


def _by_name(counts: Mapping[str, float]) -> Pairs:
    return {(name,): count for name, count in counts.items()}


def _whole(pairs: Pairs, *names: Iterable[str]) -> Pairs:
    """Return the pairs, and zero for whatever did not happen yet.

    What appears only when it first happens hides that very time from `increase` and `delta`.
    """
    return dict.fromkeys(product(*(map(str, known) for known in names)), 0.0) | dict(pairs)


def _summed(pairs: Pairs) -> Pairs:
    """Return the sums over everything but the first label."""
    sums: dict[tuple[str, ...], float] = {}
    for (first, *_), value in pairs.items():
        sums[(first,)] = sums.get((first,), 0) + value
    return sums
