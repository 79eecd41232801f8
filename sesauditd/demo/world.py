"""The world of the demo: three customers and everything that they mail in a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sesauditd.demo import bakery, club, friend
from sesauditd.demo.people import Townsfolk
from sesauditd.demo.post import Post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from sesauditd.demo.post import Letter
    from sesauditd.demo.sender import Sender
    from sesauditd.demo.weeks import Week


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


def letters(draw: Random, weeks: Sequence[Week]) -> list[Letter]:
    """Return everything that is mailed in these weeks, in order."""
    post = Post(draw)
    town = Townsfolk(draw)
    writers = (
        bakery.Bakery.opened(post, town),
        club.Club.founded(post, town),
        friend.Friend.met(post, town),
    )
    for week in weeks:
        for writer in writers:
            writer.write(week)
    return sorted(post.letters, key=lambda letter: letter.at)
