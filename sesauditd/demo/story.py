"""The story: week by week the real program reads, judges, and says why."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.demo import notifications
from sesauditd.demo.world import BAKERY, CLUB, CUSTOMERS, FRIEND, week_of_mail
from sesauditd.errors import Refused
from sesauditd.model.calendar import week_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sesauditd.bootstrap import Application
    from sesauditd.model.recorded import Recorded

MARK = ".sesauditd-demo"
LEAST_WEEKS = 4
WEEK = timedelta(days=7)
OPENING = "A quiet start: the bakery sends orders, the club its newsletter, a friend says hello."
QUIET = "Orders, a newsletter, and a few people who are away or have moved."
FROM_THE_END = {
    3: "A mailbox at the bakery's stays full. Something in your friend's mail is not well.",
    2: "Your friend guesses names at a company. The club mails everybody it ever knew.",
    1: "The last week shows what was learned.",
}


class Stage(Protocol):
    """Where the story is shown."""

    def say(self, text: str) -> None:
        """Show a paragraph."""
        ...

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        """Show a table."""
        ...

    def progress(self, total: int, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar while something lasts."""
        ...


@dataclass(slots=True)
class Clock:
    """The time of the demo, which the story moves."""

    moment: datetime

    def __call__(self) -> datetime:
        """Return the time of the demo."""
        return self.moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a demo is played with."""

    folder: Path
    seed: int
    weeks: int
    end: datetime
    """A Monday: the story ends with the week before."""

    @property
    def start(self) -> datetime:
        """Return the Monday on which the story begins."""
        return self.end - self.weeks * WEEK


def prepared(folder: Path, *, seed: int, days: int, now: datetime) -> Setting:
    """Make the demo's folder anew and return the setting.

    Raises Refused if the folder holds something that is no former demo, or for too few days.
    """
    weeks = max(days // 7, 0)
    if weeks < LEAST_WEEKS:
        message = f"--days {days} is too short for the story: give at least {LEAST_WEEKS * 7}"
        raise Refused(message)
    if folder.exists() and not _replaceable(folder):
        message = f"{folder} is not a former demo's: give another place with --folder"
        raise Refused(message)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by sesauditd demo; it may be deleted\n")
    url = f"sqlite:///{folder / 'demo.db'}"
    config = f'[database]\nurl = "{url}"\n\n[policy]\nmode = "enforce"\n'
    (folder / "config.toml").write_text(config)
    return Setting(folder=folder, seed=seed, weeks=weeks, end=week_of(now).start)


def _replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MARK).exists() or not any(folder.iterdir()))


async def play(program: Application, setting: Setting, clock: Clock, stage: Stage) -> None:
    """Play the month through the real program and tell it."""
    from sesauditd.store.register import Adoption

    await program.adopt(
        [
            Adoption(
                domain=one.domain, customer=one.name, contact=one.contact, iam_user=one.iam_user
            )
            for one in CUSTOMERS
        ]
    )
    _open(setting, stage)
    draw = random.Random(setting.seed)  # noqa: S311
    told: set[str] = set()
    for number in range(setting.weeks):
        monday = setting.start + number * WEEK
        clock.moment = monday + WEEK + timedelta(hours=2)
        bag = week_of_mail(draw, monday, number, setting.weeks)
        files = notifications.archive(setting.folder / "archive" / "raw", bag.mixed())
        counts = await _replayed(program, files, stage, number)
        await _judged(program, monday, counts, told, stage, number, setting.weeks)
        if number == setting.weeks - 3:
            await _forgiven(program, clock, stage)
    await _closing(program, setting, stage)


def _open(setting: Setting, stage: Stage) -> None:
    stage.say(
        f"Three customers send through one Amazon SES account, from {setting.start:%d %B} to "
        f"{setting.end:%d %B %Y}: {BAKERY.name} ({BAKERY.domain}), a clean shop; {CLUB.name} "
        f"({CLUB.domain}), with a newsletter list nobody has looked after; {FRIEND.name} "
        f"({FRIEND.domain}), who wants to grow. The mail is made up. The parser, the store, the "
        f"roll-ups and the judge are the real ones."
    )


async def _replayed(
    program: Application, files: Sequence[Path], stage: Stage, number: int
) -> Recorded:
    total = sum(file.stat().st_size for file in files)
    with stage.progress(total, f"Week {number + 1}") as advance:
        done = 0

        def on_bytes(position: int) -> None:
            nonlocal done
            advance(position - done)
            done = position

        return await program.replay([str(file) for file in files], on_bytes=on_bytes)


async def _judged(
    program: Application,
    monday: datetime,
    counts: Recorded,
    told: set[str],
    stage: Stage,
    number: int,
    weeks: int,
) -> None:
    stage.say(f"\nWeek {number + 1}, from {monday:%d %B}. {_chapter(number, weeks)}")
    stage.say(
        f"Read {counts.read} notifications: {counts.recorded} new, {counts.duplicates} came "
        f"twice, {counts.ignored} noise, {counts.quarantined} unreadable and kept aside."
    )
    await program.enforce(monday + WEEK + timedelta(hours=3))
    fresh = []
    for one in await program.verdict_documents():
        name = f"{one['rule']} {one['customer']} {one['recipient']} {one['window']}"
        if name not in told and one["state"] != "withdrawn":
            told.add(name)
            fresh.append(one)
    shown = [one for one in fresh if one["rule"] != "hard_bounce.block"]
    blocks = len(fresh) - len(shown)
    if shown:
        stage.table(("Who", "Rule", "Why"), [_row(one) for one in shown], "Verdicts of the week")
    if blocks:
        dead = "1 dead address is" if blocks == 1 else f"{blocks} dead addresses are"
        stage.say(f"{dead} blocked, each for the customer that mailed it.")
    if not fresh:
        stage.say("Nobody did anything that a rule is about.")


async def _forgiven(program: Application, clock: Clock, stage: Stage) -> None:
    clock.moment += timedelta(hours=8)
    explanation = "The laptop was infected; it has been set up anew."
    await program.reinstate(FRIEND.domain, explanation)
    stage.say(f'Your friend explains: "{explanation}" You reinstate {FRIEND.domain}.')


async def _closing(program: Application, setting: Setting, stage: Stage) -> None:
    documents = [one for one in await program.verdict_documents() if one["state"] != "withdrawn"]
    rows = []
    for customer in CUSTOMERS:
        mine = [one for one in documents if one["customer"] == customer.name]
        kinds = {str(one["action"]) for one in mine}
        hardest = next((one for one in ENDS if one in kinds), "nothing")
        blocked = sum(one["action"] == "block_recipient" for one in mine)
        rows.append((customer.name, ENDS.get(hardest, hardest), blocked))
    stage.table(("Customer", "What happens", "Blocked recipients"), rows, "\nWho got what")
    place = setting.folder
    stage.say(
        "In this release nothing is asked of Amazon: what the policy decided stands as proposed "
        "or requested, and the daemon of the next release will carry it out.\n\n"
        f"Everything is in {place}: demo.db, the archive of raw notifications, config.toml.\n"
        "Look around:\n"
        f"  sesauditd --config {place}/config.toml status\n"
        f"  sesauditd --config {place}/config.toml report {CLUB.name}\n"
        f"  sesauditd --config {place}/config.toml events --quarantined"
    )


ENDS: Mapping[str, str] = {
    "terminate_customer": "access ends on all domains",
    "disable_domain": "stopped until it is explained",
    "warn": "warned",
    "block_recipient": "goes on; dead or cross recipients are blocked",
}


def _chapter(number: int, weeks: int) -> str:
    return OPENING if number == 0 else FROM_THE_END.get(weeks - number, QUIET)


def _row(one: Mapping[str, object]) -> tuple[object, ...]:
    return f"{one['customer']}: {one['recipient'] or one['domain']}", one["rule"], one["reason"]
