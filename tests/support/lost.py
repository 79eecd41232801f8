"""An installation that lived for two weeks: what it recorded and decided, and its archive."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

from tests.support.archiving import Days, days
from tests.support.feedback import at, bounce, complaint, delivery, send, soft
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a.example", "b.example"


def week_of_mail(domain: str, day: int) -> list[dict[str, Any]]:
    """Return one day's notifications of a domain that is careless."""
    found: list[dict[str, Any]] = []
    for number in range(12):
        moment = at(day, 9, number)
        found += [send(f"p{number}@x.example", moment, domain=domain)]
        found += [delivery(f"p{number}@x.example", moment, domain=domain)]
    for number in range(4):
        gone = f"gone{day}-{number}@y.example"
        found += [send(gone, at(day, 10, number), domain=domain)]
        found += [bounce(gone, at(day, 10, number, 3), domain=domain)]
    found.append(soft("full@z.example", at(day, 11), domain=domain))
    found.append(complaint("angry@z.example", at(day, 12), domain=domain))
    return found


async def lived(one: Days) -> None:
    """Have two customers mail for two weeks, and an operator decide now and then."""
    await one.adopt(A, "anna")
    for day in range(7):
        await one.receive([*week_of_mail(A, day), "no JSON"], at(day, 13))
        # Nobody's yet: they count as soon as the domain is registered.
        await one.receive(week_of_mail(B, day), at(day, 13, 30))
        if day == 3:
            one.moment = at(day, 14)
            await one.adopt(B, "bert")
    one.moment = at(6, 14)
    async with one.program.deciding() as decisions:
        await decisions.block("p1@x.example", A, "asked for it")
        await decisions.unblock("gone1-1@y.example", A, "a new mailbox")
        await decisions.arm("bert", armed=False)
    await one.judge(at(7, 3))
    one.moment = at(8, 9)
    async with one.program.deciding() as decisions:
        await decisions.arm("bert", armed=True)
        await decisions.reinstate(A, "the list was old")
    for day in range(8, 12):
        await one.receive([*week_of_mail(A, day), *week_of_mail(B, day)], at(day, 13))
    # What comes late opens a week again.
    await one.receive(week_of_mail(A, 5)[-1:], at(12, 9))
    await one.judge(at(14, 3))
    one.moment = at(14, 4)
    async with one.program.deciding() as decisions:
        await decisions.disable(B, "a drill")
        await decisions.terminate("bert", "a drill")
        await decisions.restore("bert", "it was one")
    await one.adopt(A, "anna")
    await one.copy_journal()


def live(folder: Path) -> None:
    """Have an installation live for two weeks in an empty folder."""

    async def through() -> None:
        async with days(folder, at()) as one:
            await lived(one)

    asyncio.run(through())


def copied(kept: Path, folder: Path) -> Path:
    """Return a copy of an installation, which a test may damage."""
    shutil.copytree(kept, folder)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace(str(kept), str(folder)))
    return folder


def rebuilt(folder: Path, *more: str) -> dict[str, Any]:
    """Rebuild into another file; return the document."""
    ran = Program(folder).run(
        *("db", "rebuild", "--from", str(folder / "archive"), "--json"),
        *("--out", str(folder / "again.db"), *more),
    )
    assert ran.code == 0, ran.err
    document: dict[str, Any] = ran.json
    return document
