"""The guessing detector: how sure it is that a sender tries out addresses, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.places import MOST_SPELLINGS, PAIR, Place
from sesauditd.model.tried import FEWEST_AT_A_PLACE, FEWEST_PAIRED

if TYPE_CHECKING:
    from sesauditd.model.names import Spellings

SURE_OF = 6.0
"""Weight of guessed local parts from which on more of them say nothing new."""
LEAST_PROOF = 3.5
"""Weight below which nobody is sure."""
PROVEN_SHARE = 0.4
"""Share of the unknown local parts that look guessed, from which on more says nothing new."""
STRANGERS_SHARE = 0.6
"""The same where anybody may have a mailbox, and names repeat by themselves."""
PLAIN_SHARE = 0.1
"""The same for spellings of persons who were spelled in more ways than any list has."""
UNPROVEN_AT_MOST = 0.75
"""Many unknown users at a new place are strange, but may be an old list."""
LEAST_MISS = 0.6
LEAST_CONCENTRATION = 0.5
"""A list is spread over many receiving domains, a guess is aimed at few."""
CROWD = 20
"""Unknown users at one new place from which on more say nothing new."""
ROWS_AT = 3
"""Companies at each of which a row was tried, from which on that is no slip of a list."""
NAMES_SHOWN = 6
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a receiving domain was probably guessed at."""

    place: str
    score: float
    words: str
    facts: Mapping[str, object]
    """JSON values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """How sure the detector is, 0..1, and why: the gravest receiving domain first."""

    score: float
    reasons: tuple[Reason, ...] = ()

    @property
    def words(self) -> str:
        """Return the gravest reason, and at how many more domains there are others."""
        more = len(self.reasons) - 1
        return self.reasons[0].words + (f"; and the like at {more} more domains" if more else "")


NONE = Suspicion(score=0.0)


def suspicion_of(places: Sequence[Place], guesses: int) -> Suspicion:
    """Return how much the places together look guessed at; `guesses` are the fewest to be sure."""
    scored = [(max(_proven(one, guesses), _unproven(one, guesses)), one) for one in places]
    reasons = [_reason(score, one) for score, one in scored if score > 0]
    few_each = _alike(places)
    together = _together(few_each, guesses)
    raised = {one.domain for one in few_each} if together else set()
    ordered = sorted(reasons, key=lambda one: (-one.score, one.place not in raised, one.place))
    score = max([together, *(one.score for one in reasons)], default=0.0)
    if not ordered:
        return NONE
    least = max(min(score, ordered[0].score) / PAIR, 0.0)
    return Suspicion(
        score=round(score, 3), reasons=tuple(one for one in ordered if one.score >= least)
    )


def _proven(place: Place, guesses: int) -> float:
    """Return how sure the spellings and rows of a place make."""
    return _sureness(
        proof=place.proof,
        missing=place.missing,
        guessed=place.guesses,
        bonus=_bonus([place]),
        fewest=guesses,
        share=STRANGERS_SHARE if place.of_strangers else PROVEN_SHARE,
        plainly=0.0 if place.of_strangers else place.plain_proof,
    )


def _together(places: Sequence[Place], guesses: int) -> float:
    """Return how sure one makes who tries a few spellings at each of several companies."""
    if len(places) < PAIR:
        return 0.0
    return _sureness(
        proof=sum(one.proof for one in places),
        missing=sum(one.missing for one in places),
        guessed=sum(one.guesses for one in places),
        bonus=_bonus(places),
        fewest=guesses,
        share=PROVEN_SHARE,
    )


def _sureness(
    *,
    proof: float,
    missing: int,
    guessed: int,
    bonus: float,
    fewest: int,
    share: float,
    plainly: float = 0.0,
) -> float:
    if not proof:
        return 0.0
    is_plain = plainly >= max(SURE_OF, PLAIN_SHARE * missing)
    part = 1.0 if is_plain else min(proof / missing / share, 1.0)
    score = min((0.55 + 0.25 * min(proof / SURE_OF, 1.0) + bonus) * part, 1.0)
    sure = guessed >= fewest and proof >= LEAST_PROOF
    return score if sure else min(score, UNPROVEN_AT_MOST)


def _bonus(places: Sequence[Place]) -> float:
    """Return what first contact, the share of misses and the pace add: 0..0.2."""
    first = all(one.first_contact and not one.of_strangers for one in places)
    tried = sum(one.tried for one in places)
    missed = sum(one.missing for one in places) / tried
    return 0.08 * first + 0.07 * missed + 0.05 * max(_pace(one) for one in places)


def _unproven(place: Place, guesses: int) -> float:
    """Return how strange so many unknown users are where nothing was ever delivered before."""
    if (
        not place.first_contact
        or place.of_strangers
        or len(place.unknown) < guesses
        or place.gone > len(place.unknown)
        or place.miss_share < LEAST_MISS
        or place.share < LEAST_CONCENTRATION
    ):
        return 0.0
    crowd = min(len(place.unknown) / CROWD, 1.0)
    score = 0.3 + 0.25 * place.miss_share + 0.15 * crowd + 0.05 * _pace(place)
    return min(score, UNPROVEN_AT_MOST)


def _pace(place: Place) -> float:
    return place.in_an_hour / max(len(place.unknown), 1)


def _alike(places: Sequence[Place]) -> list[Place]:
    """Return the places at each of which the same method shows, though little was tried."""
    companies = [one for one in places if not one.of_strangers]
    spelled = [one for one in companies if _spelled_out(one)]
    rows = [one for one in companies if one.first_contact and one.rows]
    pairs = [one for one in companies if one.first_contact and _is_a_pair(one)]
    found = {one.domain: one for one in spelled}
    for some, fewest in ((rows, ROWS_AT), (pairs, FEWEST_PAIRED)):
        if len(some) >= fewest:
            found |= {one.domain: one for one in some}
    return list(found.values())


def _is_a_pair(place: Place) -> bool:
    return len(place.unknown) < FEWEST_AT_A_PLACE and any(
        len(one.locals) >= PAIR for one in place.people
    )


def _spelled_out(place: Place) -> bool:
    return any(
        len(one.locals) >= MOST_SPELLINGS and len(set(one.locals) - place.arrived) > PAIR
        for one in place.people
    )


def _reason(score: float, place: Place) -> Reason:
    missing, tried = place.missing + place.unseen, place.tried + place.unseen
    said = [
        f"{missing} of {tried} addresses tried at {place.domain} do not exist",
        *(_in_words(one) for one in place.people[:PAIR]),
        *(f"{len(one.locals)} {one.kind} ({_listed(one.locals)})" for one in place.rows[:PAIR]),
    ]
    if place.first_contact and not place.of_strangers:
        said.append("nothing was ever delivered there before")
    if place.in_an_hour > PAIR:
        said.append(f"{place.in_an_hour} bounced within an hour")
    return Reason(
        place=place.domain, score=round(score, 3), words=", ".join(said), facts=_facts(score, place)
    )


def _in_words(person: Spellings) -> str:
    count = len(person.locals)
    return f"{count} spellings of one name ({_listed(person.locals)})"


def _listed(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _facts(score: float, place: Place) -> dict[str, object]:
    return {
        "receiving_domain": place.domain,
        "score": round(score, 3),
        "unknown": place.missing + place.unseen,
        "tried": place.tried + place.unseen,
        "delivered_before": place.gone,
        "first_contact": place.first_contact,
        "most_within_an_hour": place.in_an_hour,
        "spellings": [list(one.locals[:NAMES_SHOWN]) for one in place.people[:SHOWN]],
        "rows": [
            {"kind": str(one.kind), "tried": list(one.locals[:NAMES_SHOWN])}
            for one in place.rows[:SHOWN]
        ],
    }
