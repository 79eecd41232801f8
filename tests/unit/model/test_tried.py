"""What a week's unknown users are sorted into, one receiving domain at a time, at each edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.model.arrivals import Arrival
from sesauditd.model.free_mail import FREE_MAIL
from sesauditd.model.tried import Tried, crowds, places
from tests.unit.model.builders import MONDAY, SHOP, at, strike

if TYPE_CHECKING:
    from sesauditd.model.history import Strike
    from sesauditd.model.places import Place

ACME = "acme.example"
SETTLED = timedelta(hours=24)
BOUNCED = at(days=2)


def unknown(
    local_parts: Iterable[str], place: str = ACME, *, blockable: bool = True
) -> list[Strike]:
    return [
        strike(
            BOUNCED + timedelta(minutes=number), recipient=f"{local}@{place}", blockable=blockable
        )
        for number, local in enumerate(local_parts)
    ]


def sorted_(
    struck: Sequence[Strike],
    *arrivals: Arrival,
    reached_at: datetime | None = None,
) -> list[Place]:
    tried = Tried(
        unknown=struck,
        arrivals=arrivals,
        reached_at={} if reached_at is None else {ACME: reached_at},
        since=MONDAY,
        settled=SETTLED,
    )
    return list(places(tried, FREE_MAIL))


def arrival(local: str, when: datetime) -> Arrival:
    return Arrival(domain=SHOP, recipient=f"{local}@{ACME}", at=when, delivered=True)


def people(count: int) -> list[str]:
    return [f"{chr(ord('a') + number)}person" for number in range(count)]


@pytest.mark.parametrize(("count", "looked_at"), [(3, []), (4, [ACME])])
def test_four_unknown_users_at_a_place_are_looked_at(count: int, looked_at: list[str]) -> None:
    assert list(crowds(unknown(people(count)))) == looked_at
    assert [one.domain for one in sorted_(unknown(people(count)))] == looked_at


def test_neither_forwarded_mail_nor_mail_to_the_own_domain_is_a_guess() -> None:
    assert crowds(unknown(people(9), blockable=False)) == {}
    assert crowds(unknown(people(9), SHOP)) == {}


def test_one_spelling_at_many_places_is_no_pair() -> None:
    singles = [one for number in range(9) for one in unknown(["jsmith"], f"p{number}.example")]
    pairs = [
        one
        for number in range(9)
        for one in unknown(["jsmith", "john.smith"], f"q{number}.example")
    ]
    assert crowds(singles) == {}
    assert len(crowds(pairs)) == 9


@pytest.mark.parametrize(
    ("pairs", "singles", "found"), [(5, 0, 0), (6, 0, 6), (6, 8, 6), (6, 9, 0)]
)
def test_pairs_are_a_method_from_six_on_if_they_are_most_of_all(
    pairs: int, singles: int, found: int
) -> None:
    struck = [
        one
        for number in range(pairs)
        for one in unknown(["jsmith", "john.smith"], f"q{number}.example")
    ]
    struck += [
        one for number in range(singles) for one in unknown(["info"], f"single{number}.example")
    ]
    assert len(crowds(struck)) == found


@pytest.mark.parametrize(
    ("numbered", "names", "anybodys"),
    [(4, 4, False), (5, 4, True), (5, 35, False), (6, 34, True)],
)
def test_many_names_with_numbers_make_a_place_for_anybody(
    numbered: int, names: int, anybodys: bool
) -> None:
    local_parts = [f"{one}7" for one in people(numbered)]
    local_parts += [f"q{chr(ord('a') + n % 26)}{chr(ord('a') + n // 26)}" for n in range(names)]
    (place,) = sorted_(unknown(local_parts))
    assert place.of_strangers is anybodys


def test_who_got_mail_before_and_again_is_another_and_who_is_new_has_arrived() -> None:
    before, again = MONDAY - timedelta(hours=1), BOUNCED + timedelta(hours=1)
    known = [arrival("old", before), arrival("old", again), arrival("former", before)]
    (place,) = sorted_(unknown(people(4)), *known, arrival("new", again))
    assert (place.others, place.arrived, place.gone) == (1, frozenset({"new"}), 0)
    assert not place.first_contact
    assert place.tried == 6


def test_who_bounces_now_and_got_mail_before_is_gone_and_no_guess() -> None:
    (place,) = sorted_(unknown(people(4)), arrival("aperson", BOUNCED - SETTLED))
    assert (place.gone, len(place.unknown)) == (1, 3)
    late = arrival("aperson", BOUNCED - SETTLED + timedelta(seconds=1))
    (place,) = sorted_(unknown(people(4)), late)
    assert (place.gone, len(place.unknown), place.first_contact) == (0, 4, True)


@pytest.mark.parametrize(
    ("earlier", "first"), [(timedelta(0), False), (timedelta(seconds=-1), True)]
)
def test_a_place_that_took_mail_a_day_before_is_no_first_contact(
    earlier: timedelta, first: bool
) -> None:
    (place,) = sorted_(unknown(people(4)), reached_at=BOUNCED - SETTLED - earlier)
    assert place.first_contact is first
