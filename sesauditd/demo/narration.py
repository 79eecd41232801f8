"""The words of the story: what happens in each act, and what the operator decides about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.demo import club, friend
from sesauditd.demo.world import CLUB, CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesauditd.demo.folder import Setting
    from sesauditd.demo.weeks import Week

DAY = timedelta(days=1)
TITLE = "A month of mail, and what each of them got"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happens in a week, told."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """A customer explains, and the operator lets the domain send again."""

    domain: str
    at: timedelta
    """After the Monday on which the week was judged."""
    scene: str
    explanation: str
    answer: str


ACTS = {
    0: Act(
        title="A quiet week",
        text="Orders, a newsletter, two people who are away. Nothing that anybody remembers.",
    ),
    1: Act(
        title="Everybody is polite",
        text=(
            "The bakery confirms orders; one customer typed gmail.con, and Ulla, who was asked to "
            "rate her rolls, pressed Spam instead. The club writes to those who rowed this year. "
            "Gustav presses Spam too: he never finds the link to unsubscribe. Max tries his site "
            "out with Amazon's mailbox simulator, which counts for nobody, and greets 20 people "
            "he knows. In between lie the lines with which Amazon tries out a topic, and one line "
            "that is no notification at all."
        ),
    ),
    2: Act(
        title="The list of 2019",
        text=(
            "The club's secretary finds an old computer with the address list of 2019, and mails "
            "that as well. At the bakery Xaver's mailbox is full all week; Wanda's is full for "
            "four days, takes one mail, and is full again. A hotel forwards a mail to a mailbox "
            "that is gone: nobody can say whose, so nobody is blocked. On Thursday Max sends his "
            "friends an offer with an attachment, and Amazon's scanner opens it before they can."
        ),
    ),
    3: Act(
        title="Ten times your revenue",
        text=(
            "Max has bought a list, and on Wednesday begins to write to 122 strangers. The club "
            "adds the guests of all regattas since 2014, to be on the safe side; what bounced "
            "last week only echoes, because Amazon's own list now holds it. Gustav presses Spam "
            "for the third time. At the bakery Ulla does it for the second."
        ),
    ),
    4: Act(
        title="What was learned",
        text=(
            "The club strikes out what came back and writes to the living. The bakery bakes. "
            "Somebody at the harbour office reports its lunch as spam; Amazon cannot tell who, "
            "names both people there, and they count as one. Max apologises to everybody on "
            "Tuesday, and on Thursday sends invoices, from the same laptop."
        ),
    ),
}

PLEAS = {
    2: (
        Plea(
            domain=friend.FRIEND.domain,
            at=timedelta(hours=9, minutes=40),
            scene="Max rings at twenty to ten.",
            explanation="My laptop had caught something. I have set it up anew.",
            answer="You believe him",
        ),
    ),
    3: (
        Plea(
            domain=club.CLUB.domain,
            at=timedelta(hours=10, minutes=15),
            scene="The club's secretary writes, mortified.",
            explanation="We mailed lists from 2014 and 2019. Every address that failed is deleted.",
            answer="You believe her",
        ),
        Plea(
            domain=friend.FRIEND.domain,
            at=timedelta(hours=17),
            scene="Max takes until five, and is sorry.",
            explanation="The seller swore they had all agreed. The list is deleted.",
            answer="Against better advice you believe him once more",
        ),
    ),
}
"""By the act after which they come."""


def opening(setting: Setting, letters: int) -> Sequence[str]:
    """Return the paragraphs that begin the story."""
    last = setting.end - DAY
    scene = (
        "You host web sites for three people you know, and all their mail leaves through one "
        "Amazon SES account. If one of them spoils its good name, Amazon stops all three. So "
        "something should read what comes back, be fair about it, and act."
    )
    made = (
        f"The month runs from {day(setting.start)} to {day(last)} {last:%Y}. Its {letters:,} mails "
        f"are made up (seed {setting.seed}) and go out by SMTP to a small AWS on this machine. "
        "What comes back takes the real way: SES, SNS, a queue, the daemon, an archive in S3 and "
        "a database; what the judge decides is done to that AWS, and stops mail. Nothing here "
        "talks to Amazon, or to anybody."
    )
    return scene, made


def cast() -> list[tuple[object, ...]]:
    """Return a row for each customer: who it is, its domains, since when."""
    return [
        (
            one.name,
            one.about,
            "\n".join(sender.domain for sender in one.senders),
            "this month" if one.since is None else f"{one.since:%Y}",
        )
        for one in CUSTOMERS
    ]


def heading(week: Week) -> str:
    """Return the title of a chapter."""
    span = f"{day(week.monday)} to {day(week.end - DAY)}"
    return f"Week {week.number}, {span}: {ACTS[week.act].title}"


def day(moment: datetime) -> str:
    """Return a day as it is said: 3 November."""
    return f"{moment.day} {moment:%B}"


def decided(plea: Plea, week: Week) -> str:
    """Return a paragraph about a reinstatement."""
    at = week.end + plea.at
    return (
        f'Monday, {day(at)}. {plea.scene} "{plea.explanation}" {plea.answer}, '
        f"and reinstate {plea.domain}."
    )


PROOF = (
    "The month is over. Before you believe any of it, try it: mails to people who are blocked, "
    "from a domain that you stop for a minute, and from the one who lost his access. Then "
    "everything is put back, and compared with what stood there before."
)

ENDING = (
    "All of this was done at the AWS of this machine by the daemon's own hands: intent first, then "
    "the call, then a look whether it holds. With an account of your own it begins in shadow mode, "
    "shows you for some weeks what it would have done, and acts only after `sesauditd arm`."
)


def places(place: str) -> Sequence[str]:
    """Return lines that say where the demo's files are."""
    return (
        f"What is in {place}:",
        "  config.toml            what the commands below are told",
        "  demo.db                the database: events, verdicts, actions, the journal",
        "  archive/               what lay in the bucket: every raw notification",
        "  mail/                  what the daemon wrote to customers and to you",
        "  verdicts.json          every verdict with its evidence",
        "  report.html            how each customer behaved, for a browser or paper",
        "  report.txt, .json      the same as text, and for programs",
    )


def commands(place: str, called: str) -> Sequence[str]:
    """Return lines that a reader may type to look around."""
    config = f"{called} --config {place}/config.toml"
    return (
        "Look around:",
        f"  {config} status",
        f"  {config} report {CLUB.name}",
        f"  {config} enforce --dry-run",
    )
