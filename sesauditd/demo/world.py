"""The world of the demo: three customers and everything that comes back to them in a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.demo import bakery, club, friend
from sesauditd.demo.people import Townsfolk
from sesauditd.demo.post import Post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from sesauditd.demo.archive import Arrival
    from sesauditd.demo.notifications import Sender
    from sesauditd.demo.weeks import Week

VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
GARBAGE = "%PDF-1.7 this is no notification, and nobody knows how it came here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the host."""

    name: str
    about: str
    senders: tuple[Sender, ...]
    contact: str
    since: datetime | None
    """None: since the story began."""


BAKERY = Customer(
    name="bakery",
    about="Goldkruste bakes, and confirms every order",
    senders=(bakery.SHOP, bakery.CATERING),
    contact="anna@goldkruste-privat.example",
    since=datetime(2017, 5, 2, tzinfo=UTC),
)
CLUB = Customer(
    name="club",
    about="the rowing club writes a newsletter on Thursdays",
    senders=(club.CLUB,),
    contact="vorstand@ruderclub-privat.example",
    since=datetime(2019, 3, 11, tzinfo=UTC),
)
FRIEND = Customer(
    name="friend",
    about="Max, a friend of a friend, has a business idea",
    senders=(friend.FRIEND,),
    contact="max@supergrowth-privat.example",
    since=None,
)
CUSTOMERS = (BAKERY, CLUB, FRIEND)


def notifications(draw: Random, weeks: Sequence[Week]) -> list[Arrival]:
    """Return everything that comes out of the queue in these weeks, in no order."""
    post = Post(draw, until=weeks[-1].end - timedelta(minutes=1))
    town = Townsfolk(draw)
    writers = (
        bakery.Bakery.opened(post, town),
        club.Club.founded(post, town),
        friend.Friend.met(post, town),
    )
    post.text(weeks[0].at(0, 0, 1), VALIDATION, wrapped=True)
    post.text(weeks[0].at(2, 4, 17), GARBAGE)
    for week in weeks:
        for writer in writers:
            writer.write(week)
    return post.arrivals
