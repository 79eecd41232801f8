"""How long `policy simulate` takes for 90 days of 500 domains, and that the file stays as it is.

python benchmarks/simulate.py [--events 1000000] [--days 90] [--keep FILE] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import hashlib
import itertools
import pstats
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import generator

from sesauditd import bootstrap
from sesauditd.bootstrap.whatif import Span, simulate, tried_policies
from sesauditd.config import load
from sesauditd.model.classify import interpret
from sesauditd.model.events import Feedback, Named, Origin, Reading
from sesauditd.report.whatif import tally
from sesauditd.store.register import Adoption

if TYPE_CHECKING:
    from sesauditd.bootstrap import Application
    from sesauditd.config.settings import Settings
    from sesauditd.report.whatif import WhatIf

END = datetime(2026, 11, 23, tzinfo=UTC)
BATCH = 5000
POLICIES = ("policy.toml", "policy-strict.toml")


def readings(events: int, days: int, seed: int) -> Iterator[Reading]:
    """Yield what became of so many mails: 500 domains with a Zipf spread, some of them bad.

    One of twenty domains sends to a stale list in some weeks, one of fifty is complained about.
    """
    draw = random.Random(seed)
    numbers = range(1, generator.DOMAINS + 1)
    spread = list(itertools.accumulate(1 / number for number in numbers))
    begin = END - timedelta(days=days)
    for index in range(events):
        at = begin + timedelta(days=days) * (index / events)
        number = draw.choices(numbers, cum_weights=spread)[0]
        is_stale = number % 20 == 7 and at.isocalendar().week % 4 == 0
        is_spam = number % 50 == 11 and at.isocalendar().week % 5 == 0
        yield _reading(draw, index, at, number, _kind(draw, stale=is_stale, spam=is_spam))


def _kind(draw: random.Random, *, stale: bool, spam: bool) -> str:
    chance = draw.random()
    if stale and chance < 0.1:
        return "hard"
    if spam and chance < 0.03:
        return "complaint"
    if chance < 0.47:
        return "Send"
    if chance < 0.96:
        return "Delivery"
    if chance < 0.975:
        return "hard"
    return "soft" if chance < 0.999 else "complaint"


def _reading(draw: random.Random, index: int, at: datetime, number: int, kind: str) -> Reading:
    name = generator.domain(number)
    who = f"person{draw.randrange(200_000)}@provider{draw.randrange(400)}.example"
    status = {"hard": "5.1.1", "soft": "4.2.2"}.get(kind)
    event = {"hard": "Bounce", "soft": "Bounce", "complaint": "Complaint"}.get(kind, kind)
    feedback = Feedback(
        kind=event,
        message_id=f"0102{index:012x}",
        feedback_id=f"f{index}" if event in {"Bounce", "Complaint"} else None,
        mail_at=at,
        inner_at=at,
        source=f"shop@{name}",
        identity=name,
        destination=(who,),
        named=(Named(address=who, spelling=who, status=status),),
        type={"hard": "Permanent", "soft": "Transient"}.get(kind),
        subtype={"hard": "General", "soft": "MailboxFull"}.get(kind),
        complaint_type="abuse" if event == "Complaint" else None,
    )
    sha256 = hashlib.sha256(index.to_bytes(8, "big")).digest()
    return Reading(
        origin=Origin(source="benchmark.jsonl", line=index + 1, sha256=sha256),
        received_at=at,
        event=interpret(feedback, received_at=at),
    )


async def fill(application: Application, events: int, days: int) -> None:
    """Record the events as the daemon does, and judge each Monday when it has come."""
    await application.adopt(
        [
            Adoption(
                domain=generator.domain(number),
                customer=f"customer{number}",
                contact="owner@contact.example",
            )
            for number in range(1, generator.DOMAINS + 1)
        ]
    )
    waiting = readings(events, days, seed=1)
    done, week = 0, ""
    while batch := list(itertools.islice(waiting, BATCH)):
        newest = batch[-1].received_at
        await application.log.record(batch, now=newest, proposed=False)
        done += len(batch)
        if week not in {"", f"{newest:%G-%V}"}:
            await application.weekly.enforce(newest, now=newest, dry_run=False)
            print(f"{done:,} events recorded, {newest:%Y-%m-%d}", file=sys.stderr)
        week = f"{newest:%G-%V}"
    await application.weekly.enforce(END, now=END, dry_run=False)


@contextlib.contextmanager
def _bar(_total: int) -> Iterator[Callable[[int], None]]:
    yield lambda _done: None


async def asked(settings: Settings, policy: str, days: int) -> WhatIf:
    """Simulate one policy over all the days."""
    bar: Callable[[int], AbstractContextManager[Callable[[int], None]]] = _bar
    span = Span(since=END - timedelta(days=days))
    return await simulate(settings, tried_policies(settings, Path(policy)), span, END, bar)


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def measure(settings: Settings, database: Path, days: int) -> None:
    """Print what each policy would have done, the seconds it took, and if the file changed."""
    before = digest(database)
    for policy in POLICIES:
        began = time.perf_counter()
        found = asyncio.run(asked(settings, policy, days))
        took = time.perf_counter() - began
        counted = tally(found.differences)
        changes = ", ".join(f"{count:,} {change}" for change, count in counted.changes.items())
        print(f"{policy}: {took:.1f} s; {counted.would:,} would, {counted.did:,} did: {changes}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    same = "unchanged" if digest(database) == before else "CHANGED"
    size = database.stat().st_size / 1_000_000
    print(f"database of {size:,.0f} MB {same}; peak memory {peak:.0f} MB")


async def _fill(settings: Settings, events: int, days: int) -> None:
    async with bootstrap.application(settings) as application:
        await fill(application, events, days)


def main() -> None:
    """Fill a database unless one was kept, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--keep", type=Path, help="keep the database here, use it if it is there")
    parser.add_argument("--profile", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        database = (wanted.keep or Path(top, "simulated.db")).absolute()
        config = Path(top, "config.toml")
        config.write_text(f'[database]\nurl = "sqlite:///{database}"\n')
        settings = load(config, {})
        if not database.exists():
            asyncio.run(_fill(settings, wanted.events, wanted.days))
        if not wanted.profile:
            measure(settings, database, wanted.days)
            return
        with cProfile.Profile() as profile:
            asyncio.run(asked(settings, POLICIES[1], wanted.days))
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
