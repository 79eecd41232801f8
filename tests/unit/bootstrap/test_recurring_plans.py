"""What recurs reads events by an index, never one after the other: the plan of each is held."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.bootstrap.program import Application, application
from sesauditd.bootstrap.reporting import Reporting
from sesauditd.config import load
from sesauditd.model.calendar import last_ended_week
from sesauditd.store import dead_contacts, digests, telling
from sesauditd.store.blocking import reached_by_others
from sesauditd.store.copied import JournalRows
from sesauditd.store.executions import Executions
from sesauditd.store.periods import Periods
from sesauditd.store.reputation import Polls
from sesauditd.store.retention import OldEvents
from sesauditd.store.silence import Habits, Strangers, Traces
from sesauditd.store.splits import Splits
from sesauditd.store.watch import Memory
from tests.support import feedback
from tests.support.dashboards import NOW, busy, dashboard
from tests.support.databases import NEEDS_FILE
from tests.support.plans import overheard, steps, touching
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from tests.support.plans import Heard

pytestmark = NEEDS_FILE
"""A server plans by what it counted in its tables, and small ones it walks through."""

GUESSER = "guesser.example"
A_DAY = timedelta(days=1)
NO_FEEDBACK = frozenset({"gmail.com"})
EVENTS = ("events", "event_recipients")
MAIL = ("strikes", "deliveries", "reached", "rollups", "archive_objects")
"""Other tables that grow with the mail."""
PAGES = (
    *("/", "/customers", "/customers/guesser", "/domains", f"/domains/{GUESSER}", "/actions"),
    *("/cases", "/quarantine", "/metrics", "/readyz"),
)

BY_KEY = "SEARCH events USING PRIMARY KEY (key=?)"
RECIPIENTS = "SEARCH event_recipients USING PRIMARY KEY (event=?)"
SOFT = "SEARCH event_recipients USING INDEX soft_bounces_by_recipient (recipient=?)"
BY_MESSAGE = "SEARCH events USING INDEX events_by_message (message_id=?)"
OF_DOMAIN = "SEARCH events USING INDEX events_by_domain (domain=?)"
SINCE = "SEARCH events USING INDEX events_by_domain (domain=? AND at>?)"
BETWEEN = "SEARCH events USING INDEX events_by_domain (domain=? AND at>? AND at<?)"
HOURS = "SEARCH events USING COVERING INDEX events_by_domain (domain=? AND at>? AND at<?)"
NEWEST_OF_DOMAIN = "SEARCH events USING COVERING INDEX events_by_domain (domain=?)"
REJECTED = "SEARCH events USING INDEX events_rejected (domain=? AND at>? AND at<?)"
END_OF_ALL = "SCAN events"
"""As SQLite calls it: the first or the last row by its key, and no further."""

PLANS: Mapping[str, set[str]] = {
    "record": {
        BY_KEY,
        RECIPIENTS,
        SOFT,
        SINCE,
        REJECTED,
        "SEARCH event_recipients USING PRIMARY KEY (event=? AND recipient=?)",
        "SEARCH events USING COVERING INDEX events_by_message (message_id=?)",
        "SEARCH events USING INDEX events_rejected (domain=?)",
    },
    "register late": {BY_KEY, RECIPIENTS, SOFT, SINCE},
    "roll up": {HOURS, RECIPIENTS},
    "enforce": {BETWEEN, RECIPIENTS, REJECTED},
    "first event": set(),
    "blocked digest": set(),
    "shadow digest": set(),
    "weekly summary": set(),
    "account page": {OF_DOMAIN},
    "what waits": {BY_KEY},
    "dead contacts": {BY_MESSAGE, RECIPIENTS},
    "reputation": {BETWEEN, RECIPIENTS},
    "silence, heard": {BETWEEN, RECIPIENTS},
    "silence, habits": set(),
    "silence, set": {OF_DOMAIN},
    "strangers": {SINCE},
    "unverified": set(),
    "canary": {BY_MESSAGE},
    "pipe": {END_OF_ALL},
    "executor": {BY_KEY},
    "spill to the list": {
        BY_KEY,
        "SEARCH event_recipients USING PRIMARY KEY (event>?)",
        "SEARCH event_recipients USING PRIMARY KEY (event<?)",
    },
    "splits": {SINCE},
    "journal": set(),
    "horizon": {END_OF_ALL},
    "forget": {BY_KEY, RECIPIENTS, "SEARCH events USING PRIMARY KEY (key>? AND key<?)"},
    "status": {END_OF_ALL, NEWEST_OF_DOMAIN, OF_DOMAIN},
    "customers": set(),
    "domains": set(),
    "events": {OF_DOMAIN, RECIPIENTS},
    "report": {OF_DOMAIN},
    "report guesser": set(),
    "ranking": set(),
    "/": {END_OF_ALL, NEWEST_OF_DOMAIN, OF_DOMAIN},
    "/metrics": {END_OF_ALL, OF_DOMAIN},
    **{page: set() for page in PAGES if page not in {"/", "/metrics"}},
}
"""What recurs, and every step of it that reads events or their recipients."""
COMMANDS = ("status", "customers", "domains", "events", "report", "report guesser")


def lived(folder: Path) -> Program:
    """Return a program with a bit of everything that any job looks for."""
    program = Program.made(folder)
    with (folder / "config.toml").open("a") as file:
        file.write('[notices]\nfrom = "post@host.example"\noperators = ["op@host.example"]\n')
    busy(program)
    program.adopt(GUESSER, "guesser", "--since", "2020-01-01")
    told: list[object] = [feedback.delivery("boss@firm.example", feedback.at(0), domain=GUESSER)]
    for number in range(12):
        moment, name = feedback.at(1, 9, number), f"n{number}"
        told += [feedback.send(f"{name}@firm.example", moment, domain=GUESSER)]
        told += [feedback.bounce(f"{name}@firm.example", moment, domain=GUESSER)]
        told += [feedback.delivery(f"{name}@x.example", moment, domain="stranger.example")]
        told += [feedback.soft("full@z.example", feedback.at(2, 9, number), domain=GUESSER)]
    told += [feedback.delivery("full@z.example", feedback.at(3), domain=GUESSER)]
    told += [feedback.reject("ann@z.example", feedback.at(4), domain=GUESSER)]
    program.replay(told, "more.jsonl")
    return program


async def jobs(program: Application) -> dict[str, Heard]:
    """Have each job read what it reads."""
    database = program.database

    async def written(work: Callable[..., Awaitable[Any]], *about: Any) -> None:
        async with database.write() as connection:
            await work(connection, *about)

    async def executor() -> None:
        outbox = Executions(database)
        for task in await outbox.due(NOW, 50):
            await outbox.surroundings(task, NOW)

    async def spill() -> None:
        async with database.read() as connection:
            await reached_by_others(connection, "guesser", ["ann@x.example"], NOW)

    habits, strangers = Habits(database, NO_FEEDBACK), Strangers(database)
    splits = Splits(database=database)
    await splits.begin(GUESSER, "shared-user", NOW)
    week = last_ended_week(NOW)
    work: dict[str, Callable[[], Awaitable[Any]]] = {
        "roll up": lambda: program.rollup(feedback.at(1)),
        "enforce": lambda: program.enforce(feedback.at(7, hour=3)),
        "first event": Periods(database).first_event,
        "blocked digest": lambda: written(digests.blocked_digests, NOW),
        "shadow digest": lambda: written(digests.shadow_digest, NOW),
        "weekly summary": lambda: written(digests.weekly_summary, week, NOW, "a page"),
        "account page": lambda: Reporting(program).of_account(NOW),
        "what waits": lambda: written(telling.of_waiting, NOW),
        "dead contacts": lambda: written(dead_contacts.newly_dead, NOW),
        "reputation": lambda: Polls(database, NO_FEEDBACK).tallies(NOW),
        "silence, heard": lambda: habits.heard(NOW - A_DAY, NOW),
        "silence, habits": lambda: habits.habits(NOW),
        "silence, set": lambda: habits.set_of(GUESSER),
        "strangers": lambda: strangers.unattributed(NOW - A_DAY),
        "unverified": lambda: strangers.unverified(NOW - A_DAY),
        "canary": lambda: Traces(database).received_at("m1"),
        "pipe": Memory(database).last_message,
        "executor": executor,
        "spill to the list": spill,
        "splits": splits.all,
        "journal": lambda: JournalRows(database).after(3, 1000),
        "horizon": lambda: OldEvents(database).raise_horizon(4 * A_DAY, NOW),
        "forget": lambda: OldEvents(database).forget(100, NOW),
    }
    found = {}
    for name, run in work.items():
        with overheard() as found[name]:
            await run()
    return found


async def everything(program: Program) -> dict[str, Heard]:
    """Have jobs and pages read what they read."""
    settings = load(program.folder / "config.toml", {})
    found = {}
    async with AsyncExitStack() as stack:
        with overheard() as found["ranking"]:
            client = await stack.enter_async_context(dashboard(program))
        for page in PAGES:
            with overheard() as found[page]:
                assert (await client.get(page)).status == 200
    async with application(settings, clock=lambda: NOW) as opened:
        return found | await jobs(opened)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """Return each statement of all that recurs, with its plan."""
    folder = tmp_path_factory.mktemp("plans")
    heard: dict[str, Heard] = {}
    with overheard() as heard["record"]:
        program = lived(folder)
    for name in COMMANDS:
        with overheard() as heard[name]:
            assert program.run(*name.split()).code == 0
    with overheard() as heard["register late"]:
        program.adopt("stranger.example", "stranger")
    heard |= asyncio.run(everything(program))
    return {name: steps(folder / "test.db", found) for name, found in heard.items()}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_each_reads_events_by_the_index_that_is_meant(
    walked: dict[str, dict[str, list[str]]], name: str
) -> None:
    assert set(touching(walked[name], *EVENTS)) == PLANS[name]


def test_whatever_recurs_is_held(walked: dict[str, dict[str, list[str]]]) -> None:
    assert set(walked) == set(PLANS)


def test_only_the_first_and_the_last_event_are_found_without_an_index(
    walked: dict[str, dict[str, list[str]]],
) -> None:
    statements = {
        " ".join(statement.split())
        for found in walked.values()
        for step, of in touching(found, *EVENTS).items()
        if step.startswith("SCAN")
        for statement in of
    }
    ends = 'SELECT events.at FROM events ORDER BY events."key"{} LIMIT ? OFFSET ?'
    assert statements == {ends.format(""), ends.format(" DESC")}


def test_nothing_that_grows_with_the_mail_is_walked_through(
    walked: dict[str, dict[str, list[str]]],
) -> None:
    scans = {
        (name, step)
        for name, found in walked.items()
        for step in touching(found, *MAIL)
        if step.startswith("SCAN")
    }
    # The past is added up once a day.
    assert scans == {("ranking", "SCAN rollups")}
