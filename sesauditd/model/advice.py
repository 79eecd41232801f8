"""What a broken rule means for a customer, in the words of somebody who does not run mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a kind of trouble means, what helps, and what the host needs to hear."""

    what: str
    """Ends the sentence "We stopped it because ..."."""
    meaning: str
    steps: tuple[str, ...]
    questions: tuple[str, ...]


_BOUNCES = Advice(
    what="too many of the addresses that it wrote to do not exist",
    meaning="Mail providers take many dead addresses as the mark of a bought or very old list. "
    "They then put everybody's mail from this server into the spam folder, yours too.",
    steps=(
        "Take the dead addresses off your list. They will not come back to life.",
        "Write only to people who asked you to, and who heard from you in the last year.",
        "If people sign up on your site, let them confirm by a link in a first mail.",
    ),
    questions=(
        "Where did these addresses come from, and when did these people ask for your mail?",
        "What will you do so that dead addresses leave your list from now on?",
    ),
)
_GUESSING = Advice(
    what="it wrote to many made-up addresses at the same company",
    meaning="Trying out addresses until one fits is what spammers do. One customer who does it "
    "can cost everybody on this server the right to send mail.",
    steps=(
        "If you did not send this: change your passwords and have your site checked.",
        "If somebody sold you these addresses: do not use any of them again.",
    ),
    questions=(
        "Who wrote these mails, and what were they about?",
        "Where did the addresses come from?",
    ),
)
_COMPLAINTS = Advice(
    what="too many of the people who got its mail reported it as spam",
    meaning="A report is what happens when somebody presses the button 'this is spam'. Very few "
    "reports are enough for mail providers to turn everybody's mail from this server away.",
    steps=(
        "Write only to people who asked for exactly this kind of mail.",
        "Put a link to unsubscribe where everybody sees it, and let it work with one click.",
        "Say in the first line who you are and why they get this mail.",
    ),
    questions=(
        "How did these people sign up, and what were they told that they would get?",
        "How can they leave the list?",
        "What will be different in your next mail?",
    ),
)
_VIRUS = Advice(
    what="a virus was found in a mail that came from it",
    meaning="Amazon, who carries the mail, threw the mail away before anybody got it. Your site, "
    "one of your computers or a form on your site is probably letting somebody send it.",
    steps=(
        "Have your web site and the computers that you write mail on checked for viruses.",
        "Update your site and all its plugins, and change the passwords.",
        "If visitors can attach files to a form of your site, switch that off for now.",
    ),
    questions=(
        "Where did the virus come from?",
        "What has been cleaned, updated or switched off since?",
    ),
)
_OPERATOR = Advice(
    what="we decided so, for the reason below",
    meaning="A person decided this, no program did.",
    steps=("Reply to this mail: we will look at it together.",),
    questions=("What do you know about it?",),
)
_BY_GROUP = {
    "virus": _VIRUS,
    "guessing": _GUESSING,
    "complaint": _COMPLAINTS,
    "hard_bounce": _BOUNCES,
    "soft_bounce": _BOUNCES,
}
"""By the first part of a rule's name, the gravest first."""


def advice_for(rules: Iterable[str]) -> Advice:
    """Return what to say about the gravest of some rules; of none, an operator decided."""
    groups = {one.partition(".")[0] for one in rules}
    return next((advice for group, advice in _BY_GROUP.items() if group in groups), _OPERATOR)
