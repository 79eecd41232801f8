"""Makes the database anew from journal and archive: everything again, in the order of its time."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.shelves import Shelves
    from sesauditd.config.settings import Settings
    from sesauditd.enforce.weekly import Weekly
    from sesauditd.ingest.objects import Stamp
    from sesauditd.ingest.pipeline import Pipeline
    from sesauditd.ingest.reader import RawLine
    from sesauditd.ingest.trust import Trust
    from sesauditd.model.owed import Period
    from sesauditd.model.recorded import Recorded
    from sesauditd.store.engine import Database
    from sesauditd.store.journal_copies import Entry
    from sesauditd.store.reenacting import Reenactment

LINES_AT_ONCE = 1000
TOGETHER = timedelta(minutes=5)
"""Objects received within this time are recorded at once, unless something was decided between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a rebuild came to."""

    objects: int
    recorded: Recorded
    entries: int
    """Of the journal."""
    weeks: int
    """That were judged."""
    complaints: Sequence[str]
    """Entries of the journal that could not be played, in words."""


@dataclass(slots=True)
class _Moment:
    """The time at which everything happens again."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


async def journal_in(shelves: Shelves) -> Sequence[Entry]:
    """Return the journal that an archive holds, in order; raises Failed if it is not whole."""
    from sesauditd.ingest.objects import read_ahead
    from sesauditd.store.journal_copies import chained, entries_in

    items = await shelves.reading.items(shelves.key("journal/"))
    found: list[Entry] = []
    async for key, body in read_ahead(shelves.reading, [one.key for one in items]):
        found += entries_in(key, body)
    return chained(found)


async def raw_in(shelves: Shelves, since: datetime | None = None) -> Sequence[Stamp]:
    """Return the raw objects that an archive holds, oldest first; none from before `since`.

    What is listed is as much as what is asked for: each hour has a folder of its own.
    """
    from sesauditd.ingest.batch import hour_folder
    from sesauditd.ingest.objects import stamp_of

    first = "" if since is None else shelves.key(hour_folder(since))
    items = await shelves.reading.items(shelves.key("raw/"), first)
    stamps = [stamp for one in items if (stamp := stamp_of(one.key))]
    wanted = [one for one in stamps if since is None or one.at >= since]
    return sorted(wanted, key=lambda one: (one.at, one.key))


@dataclass(slots=True, kw_only=True)
class Rebuilding:
    """One rebuild into a database that is empty and nobody's yet."""

    shelves: Shelves
    trust: Trust
    pipeline: Pipeline
    moment: _Moment
    weekly: Weekly
    reenactment: Reenactment
    weeks: Iterator[Period]
    entries: Sequence[Entry]
    told: Callable[[int], None]
    """Called with every object that is done."""
    vouched: frozenset[str]
    """SHA-256 of messages that an operator believed, whatever they are signed with."""
    judged: int = field(default=0, init=False)
    _due: Period | None = field(default=None, init=False)
    _played: int = field(default=0, init=False)

    async def run(self, stamps: Sequence[Stamp]) -> Made:
        """Play everything; raises Failed for an object that cannot be read."""
        from sesauditd.model.recorded import Recorded

        self._due = next(self.weeks, None)
        total = Recorded()
        async for upto, lines in self._batches(stamps):
            await self._catch_up(upto)
            total += await self._record(lines)
        if self.entries:
            await self._catch_up(max(one.at for one in self.entries))
        return Made(
            objects=len(stamps),
            recorded=total,
            entries=len(self.entries),
            weeks=self.judged,
            complaints=tuple(self.reenactment.complaints),
        )

    async def _batches(
        self, stamps: Sequence[Stamp]
    ) -> AsyncIterator[tuple[datetime, list[RawLine]]]:
        """Yield the lines of objects between which nothing was decided, and when they began."""
        from sesauditd.ingest.objects import archived_lines, plain, read_ahead

        times = {one.key: one.at for one in stamps}
        begun: datetime | None = None
        lines: list[RawLine] = []
        async for key, body in read_ahead(self.shelves.reading, times):
            at = times[key]
            if begun is not None and (
                len(lines) >= LINES_AT_ONCE or at - begun > TOGETHER or self._decided_before(at)
            ):
                yield begun, lines
                begun, lines = None, []
            begun = begun or at
            lines += archived_lines(key, plain(key, body))
            self.told(1)
        if begun is not None:
            yield begun, lines

    def _decided_before(self, at: datetime) -> bool:
        """Say whether anything has its turn before this moment that was not played yet."""
        coming = self.entries[self._played : self._played + 1]
        due = self._due is not None and self._due.due <= at
        return due or any(one.at <= at for one in coming)

    async def _catch_up(self, upto: datetime) -> None:
        """Play what was decided, and judge the weeks that ended, in the order of their times."""
        while self._due is not None and self._due.due <= upto:
            await self._play(self._due.due)
            self.moment.now = self._due.due
            await self.weekly.enforce(self._due.due, now=self._due.due, dry_run=False)
            self.judged += 1
            self._due = next(self.weeks, None)
        await self._play(upto)

    async def _play(self, upto: datetime) -> None:
        end = self._played
        while end < len(self.entries) and self.entries[end].at <= upto:
            end += 1
        await self.reenactment.play(self.entries[self._played : end])
        self._played = end

    async def _record(self, lines: Sequence[RawLine]) -> Recorded:
        from sesauditd.model.recorded import Recorded

        if not lines:
            return Recorded()
        self.moment.now = max(one.received_at or self.moment.now for one in lines)
        doubted = [one for one in lines if hashlib.sha256(one.text).hexdigest() not in self.vouched]
        examined = await self.trust.examine(doubted)
        for _ in doubted:
            if not examined.undecided:
                break
            # So many certificates at once were not looked for; those that were are known now.
            examined = await self.trust.examine(doubted)
        believed = {id(one): told for one, told in zip(doubted, examined.lines, strict=True)}
        told = [believed.get(id(one), one) for one in lines]
        return await self.pipeline.handle(told, proposed=False)


async def rebuild_into(
    settings: Settings,
    database: Database,
    shelves: Shelves,
    stamps: Sequence[Stamp],
    entries: Sequence[Entry],
    *,
    now: datetime,
    told: Callable[[int], None],
) -> Made:
    """Fill an empty database from an archive, end it so that nothing in it acts by itself."""
    from sesauditd.bootstrap.program import own_notices, stance_of
    from sesauditd.config import policies_of
    from sesauditd.enforce.weekly import Weekly
    from sesauditd.ingest.pipeline import Pipeline
    from sesauditd.store import rebuilt
    from sesauditd.store.log import EventLog
    from sesauditd.store.reenacting import Reenactment
    from sesauditd.store.schema import upgrade
    from sesauditd.store.weeks import Books

    await upgrade(database)
    stance = stance_of(settings, policies_of(settings))
    log = EventLog(database, stance)
    moment = _Moment(now)
    made = await Rebuilding(
        shelves=shelves,
        trust=trust_of(settings, shelves),
        pipeline=Pipeline(log, own_notices(settings), moment),
        moment=moment,
        weekly=Weekly(Books(database, stance)),
        reenactment=Reenactment(log),
        weeks=_weeks(settings, stamps, now),
        entries=entries,
        told=told,
        vouched=vouched_in(entries),
    ).run(stamps)
    async with database.write() as connection:
        await rebuilt.conclude(connection, entries, _facts(made, shelves.name, now), now)
    return made


def _weeks(settings: Settings, stamps: Sequence[Stamp], now: datetime) -> Iterator[Period]:
    """Return every week that ended since the first object."""
    from sesauditd.model.owed import weekly

    first = min((one.at for one in stamps), default=now)
    return weekly(settings.schedule.enforcement).owed((), first, now)


def _facts(made: Made, source: str, now: datetime) -> dict[str, object]:
    return {
        "at": now.isoformat(),
        "from": source,
        "objects": made.objects,
        "recorded": made.recorded.recorded,
        "entries": made.entries,
    }


def vouched_in(entries: Sequence[Entry]) -> frozenset[str]:
    """Return the messages that an operator believed, by their SHA-256 in hexadecimal."""
    from sesauditd.store.quarantined import VOUCHED

    return frozenset(
        name for one in entries if one.kind == VOUCHED for name in one.facts["messages"]
    )


def trust_of(settings: Settings, shelves: Shelves) -> Trust:
    """Return who is believed, as the daemon believes; certificates come from the archive."""
    from sesauditd.bootstrap.certificates import MOST_AT_ONCE, Kept, Nowhere
    from sesauditd.config import Trust as Trusted
    from sesauditd.ingest.certificates import Certificates
    from sesauditd.ingest.trust import QueuePolicy, Signatures

    topics = frozenset(settings.queue.topic_arns)
    if settings.queue.trust is Trusted.QUEUE_POLICY:
        return QueuePolicy(topics)
    certificates = Certificates(
        fetcher=Kept(shelves),
        archive=Nowhere(),
        most_fetched=MOST_AT_ONCE,
        most_remembered=MOST_AT_ONCE,
    )
    return Signatures(topics, certificates)
