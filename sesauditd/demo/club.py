"""The rowing club: means well, and mails a list that nobody has looked after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import Mailbox
from sesauditd.demo.people import FREE_MAIL, OLD_PROVIDERS, ROWING, Townsfolk
from sesauditd.demo.sender import Sender

if TYPE_CHECKING:
    from sesauditd.demo.post import Post
    from sesauditd.demo.weeks import Week

CLUB = Sender(domain="ruderclub.example", name="Ruderclub Altfurt", local="newsletter")
SPAM_BUTTON = "gustav.regenfeder@gmx.de"
"""Presses "This is spam" where others unsubscribe."""
PACE = timedelta(seconds=11)
THURSDAY = 3
OLD_LIST_ACT = 2
REGATTA_ACT = 3


@dataclass(slots=True)
class Club:
    """Writes a newsletter every Thursday."""

    post: Post
    members: list[str]
    old: list[str]
    """Alive, on the list of 2019."""
    dead: list[str]
    """On the list of 2019, and gone since."""
    guests: list[str]
    """Guests of regattas."""
    lost: list[str]
    """Guests whose mailboxes are gone."""

    @classmethod
    def founded(cls, post: Post, town: Townsfolk) -> Club:
        """Return the club with its lists."""
        return cls(
            post,
            members=town.take(52, FREE_MAIL),
            old=town.take(45, OLD_PROVIDERS),
            dead=town.take(9, OLD_PROVIDERS),
            guests=town.take(25, (*ROWING, *OLD_PROVIDERS)),
            lost=town.take(22, (*OLD_PROVIDERS, *ROWING)),
        )

    def write(self, week: Week) -> None:
        """Send the newsletter of one week."""
        issue = f"Ruderclub aktuell {week.number}"
        start = week.at(THURSDAY, 17, 30)
        for number, (to, how) in enumerate(self._list(week.act)):
            self.post.mail(CLUB, to, start + number * PACE, issue, how)

    def _list(self, act: int) -> list[tuple[str, Mailbox]]:
        found = dict.fromkeys(self.members, Mailbox.OPEN)
        found[self.members[3]] = found[self.members[4]] = Mailbox.AWAY
        found[self.members[5]] = Mailbox.FULL if act % 2 else Mailbox.OPEN
        if 1 <= act <= REGATTA_ACT:
            found[SPAM_BUTTON] = Mailbox.CROSS
        if act in {OLD_LIST_ACT, REGATTA_ACT}:
            found |= dict.fromkeys(self.old, Mailbox.OPEN)
            # What bounced once is on Amazon's list by the second time, and only echoes.
            found |= dict.fromkeys(self.dead, Mailbox.GONE)
        if act == REGATTA_ACT:
            found |= dict.fromkeys(self.guests, Mailbox.OPEN)
            found |= dict.fromkeys(self.lost, Mailbox.GONE)
        if act > REGATTA_ACT:
            found |= dict.fromkeys([*self.old, *self.guests], Mailbox.OPEN)
        order = list(found.items())
        self.post.draw.shuffle(order)
        return order
