"""The bakery: a clean shop, to which the ordinary mishaps of mail happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import Mailbox
from sesauditd.demo.people import FREE_MAIL, TOWN, Townsfolk
from sesauditd.demo.sender import Sender

if TYPE_CHECKING:
    from sesauditd.demo.post import Post
    from sesauditd.demo.weeks import Week

SHOP = Sender(domain="goldkruste.example", name="Goldkruste", local="backstube")
CATERING = Sender(domain="goldkruste-fest.example", name="Goldkruste Feste", local="tafel")
FRIDAY = 4
CLOSED = 6
"""Sunday."""
FULL_FROM = 2
"""The week in which a regular's mailbox fills up."""
CROSS = "ulla.donnerkamp@gmx.de"
FULL = "xaver.mohnmehl@t-online.de"
NEARLY_FULL = "wanda.taubach@freenet.de"
HOTEL = ["kueche@hotel-leuchtturm.example", "bestellung@hotel-leuchtturm.example"]
HARBOUR = [f"{desk}@hafenamt.example" for desk in ("kantine", "lotsen")]


@dataclass(slots=True)
class Bakery:
    """Takes orders and confirms them."""

    post: Post
    regulars: list[str]

    @classmethod
    def opened(cls, post: Post, town: Townsfolk) -> Bakery:
        """Return the bakery with its regular customers."""
        return cls(post, town.take(64, (*FREE_MAIL, *TOWN)))

    def write(self, week: Week) -> None:
        """Send the mails of one week."""
        for day in range(CLOSED):
            self._orders(week, day)
            self._catering(week, day)
        self._mishaps(week)
        self._complaints(week)
        self._full_mailboxes(week)

    def _orders(self, week: Week, day: int) -> None:
        draw = self.post.draw
        for to in draw.sample(self.regulars, draw.randrange(4, 7)):
            ordered = week.at(day, draw.randrange(6, 19), draw.randrange(60))
            number = draw.randrange(1000, 9999)
            slow = draw.random() < 1 / 40
            how = Mailbox.SLOW if slow else Mailbox.OPEN
            self.post.mail(SHOP, to, ordered, f"Your order {number} has arrived", how)
            if draw.random() < 1 / 2:
                ready = week.at(min(day + 1, CLOSED), 5, draw.randrange(60))
                self.post.mail(SHOP, to, ready, f"Your order {number} is warm and ready")

    def _catering(self, week: Week, day: int) -> None:
        to = self.post.draw.choice(self.regulars)
        self.post.mail(CATERING, to, week.at(day, 10, 20), "Your table is set")

    def _mishaps(self, week: Week) -> None:
        shop, at = self.post.mail, week.at
        shop(SHOP, self.regulars[0], at(2, 8, 15), "Bread of the week", Mailbox.AWAY)
        shop(SHOP, self.regulars[1], at(3, 8, 15), "Bread of the week", Mailbox.AWAY)
        match week.act:
            case 1:
                mistyped = "fanny.haselbach@gmail.con"
                shop(SHOP, mistyped, at(1, 9, 41), "Your order 4711 has arrived", Mailbox.NO_HOST)
                shop(SHOP, self.regulars[2], at(4, 9), "The autumn list", Mailbox.MUTE)
            case 2:
                left = "tjark.eulenstein@stadtwerke-altfurt.example"
                shop(SHOP, left, at(0, 7, 12), "Your order 5120 has arrived", Mailbox.GONE)
                shop(CATERING, HOTEL, at(3, 11), "The offer you asked for", Mailbox.FORWARDING)
            case 3:
                shop(SHOP, self.regulars[3], at(4, 9), "All our cakes, 40 MB", Mailbox.SMALL)
            case 4:
                moved = "selma.kieselwald@buchhandlung-eule.example"
                shop(SHOP, moved, at(2, 16, 3), "Your order 6203 has arrived", Mailbox.GONE)
                shop(CATERING, HARBOUR, at(2, 12), "Lunch for the pilots", Mailbox.SHARED)
            case _:
                return

    def _complaints(self, week: Week) -> None:
        draw = self.post.draw
        if week.act in {1, 3}:
            self.post.mail(SHOP, CROSS, week.at(4, 17, 30), "Rate our rolls", Mailbox.CROSS)
        if week.act == FULL_FROM:
            kind = draw.choice(self.regulars[10:])
            self.post.mail(SHOP, kind, week.at(4, 17, 40), "Rate our rolls", Mailbox.KIND)

    def _full_mailboxes(self, week: Week) -> None:
        if week.act == FULL_FROM:
            for day in range(5):
                self.post.mail(SHOP, FULL, week.at(day, 6, 5), "Your daily bread", Mailbox.FULL)
        if week.act in {FULL_FROM, FULL_FROM + 1}:
            # Four in a row, a delivery, and four again: never five.
            for day in range(5):
                how = Mailbox.OPEN if day == FRIDAY else Mailbox.FULL
                self.post.mail(SHOP, NEARLY_FULL, week.at(day, 6, 10), "Your daily bread", how)
