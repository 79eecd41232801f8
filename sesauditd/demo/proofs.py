"""Trials at the end of the story: whether what was decided really stops mail, and comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sesauditd.demo import bakery, club, friend
from sesauditd.demo.mailboxes import Mailbox
from sesauditd.demo.world import FRIEND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.demo.mailing import Answer
    from sesauditd.demo.post import Letter
    from sesauditd.demo.sender import Sender
    from sesauditd.demo.theatre import Theatre

COLUMNS = ("Trial", "What happened", "Holds")
NO_LOGIN = 535
REFUSED = 554
DRILL = "a fire drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that was tried."""

    claim: str
    found: str
    holds: bool


def rows(proofs: Sequence[Proof]) -> list[tuple[object, ...]]:
    """Return a row for each trial."""
    return [(one.claim, one.found, "yes" if one.holds else "NO") for one in proofs]


async def proven(theatre: Theatre, last: Letter) -> list[Proof]:
    """Try everything out; what was switched for a trial stands as before afterwards."""
    return [
        *await _a_block_is_one_customers(theatre, last),
        *await _a_stopped_domain(theatre, last),
        *await _a_lost_access(theatre, last),
    ]


async def _a_block_is_one_customers(theatre: Theatre, last: Letter) -> list[Proof]:
    own = await _tried(theatre, last, bakery.SHOP, bakery.FULL)
    others = await _tried(theatre, last, club.CLUB, bakery.FULL)
    return [
        _proof(f"the bakery mails {bakery.FULL}, who is blocked for it", own, REFUSED),
        _proof(f"the club mails {bakery.FULL}", others, None),
    ]


async def _a_stopped_domain(theatre: Theatre, last: Letter) -> list[Proof]:
    who, other = bakery.CATERING, bakery.SHOP
    before = await theatre.state()
    async with theatre.live.program.deciding() as decisions:
        await decisions.disable(who.domain, DRILL)
    await theatre.settle()
    plain = await _tried(theatre, last, who, bakery.CROSS)
    dodged = await _tried(
        theatre, last, who, bakery.CROSS, theatre.furnished.logins[other.domain].configuration_set
    )
    await theatre.live.program.reinstate(who.domain, DRILL)
    await theatre.settle()
    back = await theatre.state()
    after = await _tried(theatre, last, who, bakery.CROSS)
    return [
        _proof(f"{who.domain} mails while you have it stopped", plain, REFUSED),
        _proof("it names another configuration set", dodged, REFUSED),
        _same("SES and IAM after its reinstatement", before, back),
        _proof(f"{who.domain} mails again", after, None),
    ]


async def _a_lost_access(theatre: Theatre, last: Letter) -> list[Proof]:
    lost = await theatre.state()
    refused = await _tried(theatre, last, friend.FRIEND, bakery.CROSS)
    await _restore(theatre)
    given = await theatre.state()
    accepted = await _tried(theatre, last, friend.FRIEND, bakery.CROSS)
    await _terminate(theatre)
    lost_again = await theatre.state()
    await _restore(theatre)
    given_again = await theatre.state()
    await _terminate(theatre)
    return [
        _proof("Max logs in", refused, NO_LOGIN),
        _proof("Max mails while you have restored him for a minute", accepted, None),
        _same("SES and IAM after another end and another restore", given, given_again),
        _same("SES and IAM after his access is ended again", lost, lost_again),
    ]


async def _restore(theatre: Theatre) -> None:
    async with theatre.live.program.deciding() as decisions:
        await decisions.restore(FRIEND.name, DRILL)
    await theatre.settle()


async def _terminate(theatre: Theatre) -> None:
    async with theatre.live.program.deciding() as decisions:
        await decisions.terminate(FRIEND.name, DRILL)
    await theatre.settle()


async def _tried(
    theatre: Theatre, last: Letter, who: Sender, to: str, configuration_set: str | None = None
) -> Answer:
    letter = replace(last, sender=who, to=(to,), subject="A trial", mailbox=Mailbox.OPEN)
    handed = await theatre.send(letter, configuration_set=configuration_set)
    return handed.answer


def _proof(claim: str, answer: Answer, refusal: int | None) -> Proof:
    holds = answer.accepted if refusal is None else answer.code == refusal
    return Proof(claim=claim, found=f"{answer.code} {answer.text}", holds=holds)


def _same(claim: str, before: object, after: object) -> Proof:
    same = before == after
    found = "equal, to the last key" if same else "they differ"
    return Proof(claim=claim, found=found, holds=same)
