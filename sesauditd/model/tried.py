"""Sorts a week's unknown users and what was mailed beside them by receiving domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of
from sesauditd.model.names import letters_of, spellings
from sesauditd.model.places import Place
from sesauditd.model.strangers import strangers_live_at

if TYPE_CHECKING:
    from sesauditd.model.arrivals import Arrival
    from sesauditd.model.history import Strike

IN_ORDER = attrgetter("at", "event")
FEWEST_AT_A_PLACE = 4
"""Unknown users at one receiving domain from which on it is looked at."""
FEWEST_PAIRED, PAIRED_SHARE = 6, 0.6
"""Places with two or three tries for one person each, from which on that is a method."""
MOST_PAIRED = 1_000
FEWEST_NUMBERED, NUMBERED_SHARE = 5, 0.15
"""Names with a number behind them, from which on a receiving domain is for anybody."""
LOOKED_AT_THERE = 1_500
LOOKED_AT = 6_000
"""Unknown users in all, the largest crowds first: whoever guesses more is found by fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """All that one or several domains of a customer tried in a week."""

    unknown: Sequence[Strike]
    """Hard bounces that say that there is no such mailbox."""
    arrivals: Sequence[Arrival] = ()
    """To the suspected places, until the end of the week, also long before it."""
    reached_at: Mapping[str, datetime] | None = None
    """When a receiving domain first took a mail for good, where it did."""
    since: datetime
    """Where the week begins, or the reinstatement that cuts it off."""
    settled: timedelta
    """How much older than the first bounce a delivery is that counts as before."""


def crowds(unknown: Iterable[Strike]) -> dict[str, dict[str, Strike]]:
    """Return the first bounce of each unknown user, by receiving domain with enough of them.

    What customers send to their own domains is no guess.
    """
    found: dict[str, dict[str, Strike]] = defaultdict(dict)
    for one in sorted(unknown, key=IN_ORDER):
        _, at, place = one.recipient.rpartition("@")
        if one.blockable and at and place != one.domain:
            found[place].setdefault(one.recipient, one)
    large = {name: crowd for name, crowd in found.items() if len(crowd) >= FEWEST_AT_A_PLACE}
    small = {name: crowd for name, crowd in found.items() if name not in large}
    return large | _paired(small)


def _paired(small: Mapping[str, dict[str, Strike]]) -> dict[str, dict[str, Strike]]:
    """Return the places where one person was spelled twice, if hardly anything else was tried.

    Whoever has one customer twice in a list has many more customers once.
    """
    tried = sum(len(crowd) for crowd in small.values())
    several = [name for name in sorted(small) if len(small[name]) > 1][:MOST_PAIRED]
    paired = {name: small[name] for name in several if _spells_one(small[name])}
    guessed = sum(len(crowd) for crowd in paired.values())
    return paired if len(paired) >= FEWEST_PAIRED and guessed >= PAIRED_SHARE * tried else {}


def _spells_one(crowd: Iterable[str]) -> bool:
    return any(spellings(_local(one) for one in crowd))


def places(tried: Tried, free_mail: Collection[str]) -> Iterator[Place]:
    """Yield every receiving domain that is worth a look, the largest crowd first."""
    found = crowds(tried.unknown)
    arrived: dict[str, list[Arrival]] = defaultdict(list)
    for one in tried.arrivals:
        arrived[domain_of(one.recipient)].append(one)
    everybody = len({one.recipient for one in tried.unknown})
    left = LOOKED_AT
    for name in sorted(found, key=lambda one: (-len(found[one]), one)):
        crowd = list(found[name].values())[: min(LOOKED_AT_THERE, left)]
        left -= len(crowd)
        if len(crowd) == len(found[name]) or len(crowd) >= FEWEST_AT_A_PLACE:
            yield _place(
                name,
                crowd,
                arrived[name],
                tried,
                share=len(found[name]) / everybody,
                unseen=len(found[name]) - len(crowd),
                of_strangers=strangers_live_at(name, free_mail) or _like_anybodys(crowd),
            )


def _place(
    name: str,
    crowd: Sequence[Strike],
    arrived: Sequence[Arrival],
    tried: Tried,
    *,
    share: float,
    unseen: int,
    of_strangers: bool,
) -> Place:
    settled = crowd[0].at - tried.settled
    before = {one.recipient for one in arrived if one.delivered and one.at <= settled}
    unknown = [one for one in crowd if one.recipient not in before]
    missing = {one.recipient for one in crowd}
    mailed = {one.recipient for one in arrived if one.at >= tried.since} - missing
    reached = (tried.reached_at or {}).get(name)
    return Place(
        domain=name,
        unknown=tuple(_local(one.recipient) for one in unknown),
        times=tuple(one.at for one in unknown),
        arrived=frozenset(_local(one) for one in mailed - before),
        others=len(mailed & before),
        gone=len(crowd) - len(unknown),
        first_contact=not before and (reached is None or reached > settled),
        of_strangers=of_strangers,
        share=share,
        unseen=unseen,
    )


def _like_anybodys(crowd: Sequence[Strike]) -> bool:
    """Say whether many differ by digits behind a name, as mailboxes for anybody do."""
    local_parts = [_local(one.recipient) for one in crowd]
    stems = {letters_of(one) for one in local_parts if one.partition("+")[0][-1:].isdigit()}
    return len(stems) >= max(FEWEST_NUMBERED, NUMBERED_SHARE * len(crowd))


def _local(address: str) -> str:
    return address.rpartition("@")[0]
