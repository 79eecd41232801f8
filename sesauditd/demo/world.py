"""The world of the demo: three customers, whom they write to, and what comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.demo import notifications as ses

if TYPE_CHECKING:
    from random import Random

FIRST = ("anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ida", "jonas")
LAST = ("berg", "fuchs", "haas", "koch", "lang", "maier", "roth", "sommer", "vogt", "wolf")
PLACES = ("post.example", "mailbox.example", "provider.example", "letters.example")
TWICE = 0.01
"""How often a queue delivers a message a second time."""
PATIENCE = 3
"""Weeks in which one cross customer complains."""
VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the host."""

    name: str
    domain: str
    contact: str
    iam_user: str


BAKERY = Customer(
    name="bakery",
    domain="goldkruste.example",
    contact="anna@goldkruste-home.example",
    iam_user="goldkruste",
)
CLUB = Customer(
    name="club",
    domain="ruderclub.example",
    contact="vorstand@ruderclub-home.example",
    iam_user="ruderclub",
)
FRIEND = Customer(
    name="friend",
    domain="supergrowth.example",
    contact="max@supergrowth-home.example",
    iam_user="supergrowth",
)
CUSTOMERS = (BAKERY, CLUB, FRIEND)


@dataclass(slots=True)
class Postbag:
    """Collects what comes back in one week."""

    draw: Random
    monday: datetime
    week: int
    bodies: list[tuple[datetime, str]] = field(default_factory=list)
    count: int = 0

    def at(self, day: int, hour: int, minute: float = 0) -> datetime:
        """Return a moment of this week, to the second."""
        return self.monday + timedelta(days=day, hours=hour, seconds=int(minute * 60))

    def deliver(self, who: Customer, to: str, moment: datetime) -> ses.Event:
        """Send one mail that arrives; return its `mail` object."""
        about = self.send(who, to, moment)
        self.put(ses.delivery(about, moment + timedelta(seconds=3)), moment)
        return about

    def send(self, who: Customer, to: str, moment: datetime) -> ses.Event:
        """Send one mail; return its `mail` object."""
        self.count += 1
        number = f"0107{int(moment.timestamp()):010x}{self.week:02x}{self.count:06x}-000000"
        about = ses.mail(number, who.domain, who.iam_user, [to], moment)
        self.put(ses.send(about), moment)
        return about

    def bounce(self, who: Customer, to: str, moment: datetime, *, hard: bool) -> None:
        """Send one mail that comes back."""
        about = self.send(who, to, moment)
        later = moment + timedelta(seconds=20)
        self.put(ses.bounce(about, later, hard=hard), later)

    def complain(self, who: Customer, to: str, moment: datetime) -> None:
        """Deliver one mail that its reader reports as spam."""
        about = self.deliver(who, to, moment)
        later = moment + timedelta(hours=2)
        self.put(ses.complaint(about, later), later)

    def infect(self, who: Customer, to: str, moment: datetime) -> None:
        """Send one mail in which Amazon finds a virus."""
        self.put(ses.reject(self.send(who, to, moment)), moment)

    def put(self, event: ses.Event, moment: datetime) -> None:
        """Put an event into the bag, now and then twice, as queues do."""
        body = ses.envelope(json.dumps(event), moment)
        self.bodies += [(moment, body)] * (2 if self.draw.random() < TWICE else 1)

    def put_text(self, text: str, moment: datetime) -> None:
        """Put a text into the bag that is no event."""
        self.bodies.append((moment, text))

    def mixed(self) -> list[tuple[datetime, str]]:
        """Return the bodies in an order that is not that of time."""
        return self.draw.sample(self.bodies, len(self.bodies))


def people(count: int, offset: int = 0) -> list[str]:
    """Return that many different addresses of people."""
    return [
        f"{FIRST[n % 10]}.{LAST[n // 10 % 10]}{n // 100 or ''}@{PLACES[n % 4]}"
        for n in range(offset, offset + count)
    ]


def week_of_mail(draw: Random, monday: datetime, week: int, weeks: int) -> Postbag:
    """Return all that comes back in one week, counted from 0, of so many."""
    bag = Postbag(draw, monday, week)
    if week == 0:
        bag.put_text(ses.envelope(VALIDATION, monday), bag.at(0, 0, 1))
        bag.put_text("%PDF-1.4 this is no notification", bag.at(2, 4))
    _bakery(bag, week)
    _club(bag, week, weeks)
    _friend(bag, week, weeks)
    return bag


def _bakery(bag: Postbag, week: int) -> None:
    for day in range(7):
        for to in bag.draw.sample(people(180), 12):
            bag.deliver(BAKERY, to, bag.at(day, bag.draw.randrange(7, 19), bag.draw.random() * 60))
    regular = "ida.full@mailbox.example"
    for day in range(5 if week == 1 else 1):
        bag.bounce(BAKERY, regular, bag.at(day, 9), hard=False)
    if week in {0, 2}:
        bag.bounce(BAKERY, f"moved.away{week}@post.example", bag.at(3, 11), hard=True)
    if week < PATIENCE:
        bag.complain(BAKERY, "cross.customer@letters.example", bag.at(4, 10))
    if week == 1:
        bag.complain(BAKERY, "one.click@letters.example", bag.at(5, 10))
    away = bag.deliver(BAKERY, "on.holiday@provider.example", bag.at(2, 8))
    bag.put(ses.bounce(away, bag.at(2, 8, 1), hard=False, office=True), bag.at(2, 8, 1))


def _club(bag: Postbag, week: int, weeks: int) -> None:
    members = people(160, 300)
    dead = {0: 2, 1: 14, weeks - 2: 22}.get(week, 1)
    gone = [f"member{week}x{number}@{PLACES[number % 4]}" for number in range(dead)]
    for number, to in enumerate(members):
        bag.deliver(CLUB, to, bag.at(3, 18, number / 4))
    for number, to in enumerate(gone):
        bag.bounce(CLUB, to, bag.at(3, 19, number * 2), hard=True)


def _friend(bag: Postbag, week: int, weeks: int) -> None:
    for number, to in enumerate(people(25, 600)):
        bag.deliver(FRIEND, to, bag.at(1, 10, number))
    if week == weeks - 2:
        for number in range(34):
            name, other = FIRST[number % 10], LAST[number * 7 % 10]
            local = (f"{name}.{other}", f"{name[0]}{other}", f"{other}{name[0]}")[number % 3]
            bag.bounce(
                FRIEND,
                f"{local}{number // 30 or ''}@werke.example",
                bag.at(1, 14, number),
                hard=True,
            )
    if week == weeks - 3:
        for to in people(12, 640):
            bag.infect(FRIEND, to, bag.at(2, 9))
    if week == weeks - 1:
        for to in people(5, 660):
            bag.infect(FRIEND, to, bag.at(3, 9))
