"""Plays a story through the program, in the order it is told or in any other."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sesauditd import bootstrap
from sesauditd.config.settings import Settings
from sesauditd.ingest.reader import RawLine
from sesauditd.model.calendar import last_ended_week, week_of, weeks_between
from sesauditd.store.register import Adoption
from sesauditd.store.tables import actions, blocks, events, quarantine, verdicts
from tests.stories.speaking import Told, tell
from tests.support import ses

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.stories.telling import Row, Story

TICK = timedelta(milliseconds=1)
Order = Callable[[Sequence[Told]], Sequence[Sequence[Told]]]
"""Puts the messages between two decisions in order, and cuts them into batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What a story came to."""

    verdicts: tuple[dict[str, Any], ...]
    blocked: tuple[tuple[str, str], ...]
    """Customer and recipient of every block that stands."""
    recorded: int
    quarantined: int
    unattributed: int
    actions: tuple[tuple[str, str], ...]
    """Kind and state of every action, also of those that were undone."""

    @property
    def facts(self) -> list[tuple[object, ...]]:
        """Return what is true of the verdicts whenever they were judged."""
        keys = ("rule", "lane", "action", "customer", "domain", "recipient", "reason")
        found = [
            (*(one[key] for key in keys), *one["window"].values(), one["evidence"]["until"])
            for one in self.verdicts
        ]
        return sorted(found, key=repr)

    @property
    def states(self) -> list[tuple[object, ...]]:
        """Return in which state each verdict's action is."""
        keys = ("rule", "domain", "recipient", "state")
        return sorted((tuple(one[key] for key in keys) for one in self.verdicts), key=repr)


def as_told(told: Sequence[Told]) -> Sequence[Sequence[Told]]:
    """Leave everything as the story has it."""
    return [told]


def reversed_(told: Sequence[Told]) -> Sequence[Sequence[Told]]:
    """Put the last first."""
    return _pieces(list(reversed(told)), 2)


def shuffled(seed: int) -> Order:
    """Return an order that is none, with everything told twice, in uneven batches."""

    def order(told: Sequence[Told]) -> Sequence[Sequence[Told]]:
        twice = random.Random(seed).sample([*told, *told], 2 * len(told))
        return _pieces(twice, 3 + seed % 5)

    return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One database on which stories are played one after the other, each on an empty one."""

    file: Path
    empty: Path

    @classmethod
    def built(cls, folder: Path) -> Stage:
        """Return a stage with an empty database in the folder."""
        empty, file = folder / "empty.db", folder / "story.db"
        settings = {"database": {"url": f"sqlite:///{empty}"}}
        bootstrap.upgrade_database(Settings.model_validate(settings))
        return cls(file=file, empty=empty)

    def clear(self) -> None:
        """Begin with an empty database."""
        for behind in ("-wal", "-shm"):
            Path(f"{self.file}{behind}").unlink(missing_ok=True)
        shutil.copy(self.empty, self.file)


async def play(story: Story, order: Order, stage: Stage, *, mondays: bool = False) -> End:
    """Return the end of the story; with `mondays` each week is judged when it is over."""
    stage.clear()
    clock = _Clock(story.rows[0].at - timedelta(days=1))
    settings = settings_of(story, stage.file)
    opening = bootstrap.application(settings, clock=clock)
    return await _played(story, order, opening, clock, mondays=mondays)


async def _played(
    story: Story,
    order: Order,
    opening: AbstractAsyncContextManager[bootstrap.Application],
    clock: _Clock,
    *,
    mondays: bool,
) -> End:
    async with opening as program:
        await program.adopt([_adoption(*one) for one in story.domains])
        player = _Player(story=story, program=program, clock=clock, mondays=mondays)
        for messages, decision in _phases(story):
            at = decision.at if decision else story.judged_at
            await player.hear(order(messages), at)
            if decision:
                await player.decide(decision)
        clock.set(story.judged_at)
        await program.enforce(story.judged_at)
        return await _end(program)


@dataclass(slots=True)
class _Clock:
    """A clock that is set by the story, and never shows the same time twice."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += TICK
        return self.now

    def set(self, moment: datetime) -> None:
        self.now = max(self.now, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Player:
    story: Story
    program: bootstrap.Application
    clock: _Clock
    mondays: bool

    async def hear(self, batches: Sequence[Sequence[Told]], until: datetime) -> None:
        """Hand over what came before a moment, and judge the Mondays between if so wanted."""
        if not self.mondays:
            self.clock.set(until)
            for batch in batches:
                await self._handle(batch)
            return
        waiting = sorted(
            (one for batch in batches for one in batch), key=lambda one: one.received_at
        )
        first = min((one.received_at for one in waiting), default=until)
        for week in weeks_between(week_of(first), last_ended_week(until)):
            await self._handle([one for one in waiting if one.received_at < week.end])
            waiting = [one for one in waiting if one.received_at >= week.end]
            self.clock.set(week.end + timedelta(hours=3))
            await self.program.enforce(self.clock.now)
        self.clock.set(until)
        await self._handle(waiting)

    async def _handle(self, batch: Sequence[Told]) -> None:
        if batch and self.mondays:
            self.clock.set(max(one.received_at for one in batch))
        lines = [
            RawLine(
                text=one.body.encode(),
                origin_source="story",
                line=number,
                received_at=one.received_at,
                topics=frozenset({ses.TOPIC}),
            )
            for number, one in enumerate(batch, start=1)
        ]
        await self.program.pipeline.handle(lines, proposed=False)

    async def decide(self, row: Row) -> None:
        """Do what the operator does in the row."""
        word, words = row.word.removeprefix("!"), row.arguments
        if word == "adopt":
            await self.program.adopt([_adoption(*words, *_given(row))])
        elif word == "weekly":
            await self.program.enforce(row.at)
        elif word == "approve":
            name = await self._action(words[0])
            async with self.program.deciding() as decisions:
                await decisions.approve(name)
        else:
            async with self.program.deciding() as decisions:
                match word:
                    case "reinstate" | "restore":
                        await getattr(decisions, word)(words[0], "explained")
                    case "unblock" | "block":
                        domain = self.story.domains[0][0]
                        await getattr(decisions, word)(words[0], domain, "asked for")
                    case "arm" | "disarm":
                        customer = words[0] if words else None
                        await decisions.arm(customer, armed=word == "arm")
                    case _:
                        await getattr(decisions, word)(words[0], "decided")

    async def _action(self, rule: str) -> str:
        async with self.program.database.read() as connection:
            name = await connection.scalar(select(verdicts.c.action).where(verdicts.c.rule == rule))
        assert name, f"no verdict of {rule} to approve"
        return str(name)


def _phases(story: Story) -> list[tuple[list[Told], Row | None]]:
    """Return the messages up to each decision, and those after the last one."""
    found: list[tuple[list[Told], Row | None]] = []
    messages: list[Told] = []
    for row in story.rows:
        if row.is_decision:
            found.append((messages, row))
            messages = []
        else:
            messages += tell(story, row)
    return [*found, (messages, None)]


def settings_of(story: Story, file: Path) -> Settings:
    """Return the settings that a story is played with."""
    facts = story.facts
    policy = {
        "mode": facts.get("mode", "enforce"),
        "termination": facts.get("termination", "automatic"),
        "customers": facts.get("customers", {}),
    }
    return Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{file}"},
            "policy": policy,
            "notices": {"from": facts["notices"]} if "notices" in facts else {},
        }
    )


def _given(row: Row) -> list[str]:
    return [f"{key}={value}" for key, value in row.options.items()]


def _adoption(domain: str, customer: str, *more: str) -> Adoption:
    told = dict(one.split("=", 1) for one in more)
    since = told.get("since")
    return Adoption(
        domain=domain,
        customer=customer,
        contact=told.get("contact", f"owner@{customer}-home.example"),
        iam_user=told.get("user"),
        since=datetime.fromisoformat(f"{since}T00:00:00+00:00") if since else None,
    )


async def _end(program: bootstrap.Application) -> End:
    documents = await program.verdict_documents()
    async with program.database.read() as connection:
        standing = await connection.execute(
            select(blocks.c.customer, blocks.c.recipient).where(blocks.c.lifted_at.is_(None))
        )
        asked = await connection.execute(select(actions.c.kind, actions.c.state))
        count = select(func.count())
        return End(
            verdicts=tuple(dict(one) for one in documents if one["state"] != "withdrawn"),
            blocked=tuple(sorted({(row.customer, row.recipient) for row in standing})),
            actions=tuple(sorted((row.kind, row.state) for row in asked)),
            recorded=await connection.scalar(count.select_from(events)) or 0,
            quarantined=await connection.scalar(count.select_from(quarantine)) or 0,
            unattributed=await connection.scalar(
                count.select_from(events).where(events.c.domain.is_(None))
            )
            or 0,
        )


def _pieces(told: Sequence[Told], count: int) -> Sequence[Sequence[Told]]:
    size = max(len(told) // count, 1)
    return [told[start : start + size] for start in range(0, len(told), size)]
