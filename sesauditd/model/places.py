"""What was tried at one receiving domain, and which of it looks guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sesauditd.model.names import Spellings, letters_of, spellings
from sesauditd.model.runs import Kind, Run, runs

HOUR = timedelta(hours=1)
PAIR = 2
WEIGHTS = {2: 0.55, 3: 0.75, 4: 0.95}
"""Of each unknown spelling of a person, by how many spellings of the person there are."""
MOST_SPELLINGS = max(WEIGHTS)
HALF_KNOWN = 0.25
"""Weight of a pair of spellings of which one exists: companies do change how they write."""
MOST_OF = 0.7
RUN_WEIGHTS = {Kind.NUMBERS: 1.0, Kind.LETTERS: 1.0, Kind.OFFICES: 0.9, Kind.FIRST_NAMES: 0.5}


@dataclass(frozen=True, kw_only=True)
class Place:
    """What was tried at one receiving domain, and what is read from it."""

    domain: str
    unknown: tuple[str, ...]
    """Local parts that do not exist and were never delivered to before, by time."""
    times: tuple[datetime, ...]
    """When each of them bounced first, ascending."""
    arrived: frozenset[str] = frozenset()
    """Local parts that mail of the week went to without such a bounce, first of all then."""
    others: int = 0
    """How many more there are that mail went to before as well."""
    gone: int = 0
    """Unknown local parts that were delivered to before: people who left, a company that closed."""
    unseen: int = 0
    """Unknown local parts that were left out, because enough were looked at."""
    first_contact: bool = True
    of_strangers: bool = False
    """Anybody may have a mailbox there, or it is a slip of the finger."""
    share: float = 1.0
    """The part of all unknown users of the sender that is here, 0..1."""

    @property
    def missing(self) -> int:
        """Return how many addresses that were tried do not exist."""
        return len(self.unknown) + self.gone

    @property
    def tried(self) -> int:
        """Return how many addresses were tried."""
        return self.missing + len(self.arrived) + self.others

    @property
    def miss_share(self) -> float:
        """Return which part of what was tried does not exist, 0..1."""
        return self.missing / max(self.tried, 1)

    @property
    def in_an_hour(self) -> int:
        """Return the most unknown users within any 60 minutes."""
        most = first = 0
        for last, at in enumerate(self.times):
            while at - self.times[first] > HOUR:
                first += 1
            most = max(most, last - first + 1)
        return most

    @cached_property
    def people(self) -> tuple[Spellings, ...]:
        """Return the persons whose names were spelled in several ways, one of them unknown."""
        names = {*self.unknown, *self.arrived}
        if self.of_strangers:
            # These providers take a dot for nothing, and so does whoever signs up there.
            names = {"".join(one for one in letters_of(name) if one.isalpha()) for name in names}
        unknown = names - self.arrived if self.of_strangers else set(self.unknown)
        fewest = MOST_SPELLINGS if self.of_strangers else PAIR
        return tuple(
            one
            for one in spellings(names)
            if len(one.locals) >= fewest and unknown.intersection(one.locals)
        )

    @cached_property
    def rows(self) -> tuple[Run, ...]:
        """Return what was tried in a row, as far as it does not spell people's names."""
        if self.of_strangers:
            return ()
        spelled = {name for one in self.people for name in one.locals if len(one.locals) > PAIR}
        unknown = set(self.unknown)
        return tuple(
            one
            for one in runs((unknown | self.arrived) - spelled)
            if 2 * len(unknown.intersection(one.locals)) >= len(one.locals)
        )

    @cached_property
    def proof(self) -> float:
        """Return the weight of the local parts that look guessed."""
        return sum(self._weight(one) for one in self.people) + sum(
            RUN_WEIGHTS[one.kind] * self._missing_of(one.locals) for one in self.rows
        )

    @property
    def plain_proof(self) -> float:
        """Return the part of it from persons who were spelled in more ways than any list has."""
        return sum(self._weight(one) for one in self.people if len(one.locals) > MOST_SPELLINGS)

    @property
    def guesses(self) -> int:
        """Return how many local parts look guessed, those that exist too.

        Where most of them do, the rest are spellings that are not known here.
        """
        found = sum(len(one.locals) for one in self.people)
        found += sum(len(one.locals) for one in self.rows)
        tried = len(self.unknown) + len(self.arrived)
        return tried if MOST_OF <= found / max(tried, 1) <= 1 else found

    def _weight(self, person: Spellings) -> float:
        missing, count = self._missing_of(person.locals), len(person.locals)
        if count == PAIR and missing < count:
            return HALF_KNOWN * missing
        return WEIGHTS[min(count, MOST_SPELLINGS)] * missing

    def _missing_of(self, locals_found: Sequence[str]) -> int:
        arrived = self.arrived
        return sum(one not in arrived for one in locals_found)
