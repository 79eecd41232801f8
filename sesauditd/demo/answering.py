"""Which answer of the sandbox's world a letter of the story meets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.demo.mailboxes import ANSWERS, SIMULATOR, UNKNOWN_USER, Answer, Mailbox

if TYPE_CHECKING:
    from random import Random

    from sesauditd.demo.post import Letter

MOMENT = timedelta(seconds=1)


def answers(letter: Letter, draw: Random) -> list[Answer]:
    """Return the entries of the sandbox's world by which a letter is answered.

    They hold for the moment of the letter alone: the same mailbox may be full today and empty
    tomorrow.
    """
    if letter.mailbox in {Mailbox.OPEN, Mailbox.INFECTED} or letter.to[0].endswith(SIMULATOR):
        return []
    answer = ANSWERS.get(letter.mailbox)
    if answer is None:
        answer = {
            "answer": "hard",
            "subtype": "General",
            "status": "5.1.1",
            "diagnostic": draw.choice(UNKNOWN_USER),
        }
    held = {"since": letter.at.isoformat(), "until": (letter.at + MOMENT).isoformat()}
    return [{"address": list(letter.to), **answer, **held}]
