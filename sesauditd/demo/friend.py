"""The friend: has a business idea, a bought list, and a laptop that is not well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import SIMULATOR, Mailbox
from sesauditd.demo.people import FIRMS, FREE_MAIL, TOWN, Townsfolk
from sesauditd.demo.sender import Sender

if TYPE_CHECKING:
    from sesauditd.demo.post import Post
    from sesauditd.demo.weeks import Week

FRIEND = Sender(domain="supergrowth.example", name="Max of Supergrowth", local="max")
BIG_FIRM = "nordlicht-logistik.example"
COMPLAINERS = ("gmx.de", "web.de", "t-online.de", "outlook.com")
PACE = timedelta(seconds=12)
WEDNESDAY = 2


@dataclass(slots=True)
class Friend:
    """Wants to grow."""

    post: Post
    town: Townsfolk
    acquaintances: list[str]

    @classmethod
    def met(cls, post: Post, town: Townsfolk) -> Friend:
        """Return the friend with the people he knows."""
        return cls(post, town, town.take(20, (*FREE_MAIL, *TOWN)))

    def write(self, week: Week) -> None:
        """Send the mails of one week."""
        match week.act:
            case 1:
                self._try_out(week)
                self._greet(week, "I have started something")
            case 2:
                self._greet(week, "Supergrowth: the first week")
                self._infect(week, 9, "Our offer")
            case 3:
                self._blast(week)
            case 4:
                self._greet(week, "Sorry about last week")
                self._infect(week, 5, "Your invoice")
            case _:
                return

    def _try_out(self, week: Week) -> None:
        for minute, mood in enumerate((Mailbox.OPEN, Mailbox.GONE)):
            name = "success" if mood is Mailbox.OPEN else "bounce"
            at = week.at(0, 16, 5 + minute)
            self.post.mail(FRIEND, f"{name}@{SIMULATOR}", at, "Does it work?", mood)

    def _greet(self, week: Week, subject: str) -> None:
        for number, to in enumerate(self.acquaintances):
            how = Mailbox.AWAY if number == week.act else Mailbox.OPEN
            self.post.mail(FRIEND, to, week.at(1, 10, number), subject, how)

    def _infect(self, week: Week, count: int, subject: str) -> None:
        for number, to in enumerate(self.acquaintances[:count]):
            self.post.mail(FRIEND, to, week.at(3, 9, 12 + number / 4), subject, Mailbox.INFECTED)

    def _blast(self, week: Week) -> None:
        start = week.at(WEDNESDAY, 14, 5)
        for number, (to, how) in enumerate(self._bought()):
            self.post.mail(FRIEND, to, start + number * PACE, "Ten times your revenue!", how)

    def _bought(self) -> list[tuple[str, Mailbox]]:
        """Return the list, sorted by the seller: what is at one big firm comes first."""
        take, shuffle = self.town.take, self.post.draw.shuffle
        first = dict.fromkeys(take(14, [BIG_FIRM]), Mailbox.GONE)
        first |= dict.fromkeys(take(11, (*FIRMS, *FREE_MAIL)), Mailbox.OPEN)
        first |= dict.fromkeys(take(6, COMPLAINERS), Mailbox.CROSS)
        first |= dict.fromkeys(take(4, FIRMS), Mailbox.SUSPICIOUS)
        rest = dict.fromkeys(take(34, (*FIRMS, *FREE_MAIL)), Mailbox.GONE)
        rest |= dict.fromkeys(take(48, (*FIRMS, *FREE_MAIL)), Mailbox.OPEN)
        rest |= dict.fromkeys(take(3, FIRMS), Mailbox.STRICT)
        rest |= dict.fromkeys(take(2, FIRMS), Mailbox.AWAY)
        parts = [list(first.items()), list(rest.items())]
        for part in parts:
            shuffle(part)
        return [one for part in parts for one in part]
