"""A history simulated with the limits that it was judged by is what happened, whatever it is."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sesauditd import bootstrap
from sesauditd.config import Settings
from sesauditd.errors import Failed
from sesauditd.model.calendar import week_of, weeks_between
from tests.support.sweeps import sampled
from tests.support.whatif import simulated, standing
from tests.unit.store.making import START, Message, adoption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.bootstrap import Application
    from sesauditd.model.events import Reading

HOUR = timedelta(hours=1)
DOMAINS = ("a.example", "b.example", "c.example")
ADOPTIONS = (adoption("a.example", "k"), adoption("b.example", "k"), adoption("c.example", "l"))
HOURS = 5 * 7 * 24
EASILY_REACHED = """
[soft_bounce.block]
in_a_row = 2
[hard_bounce.warn]
small_count = 2
[hard_bounce.disable]
small_count = 4
warnings = 2
[hard_bounce.surge]
count = 4
new_customer_count = 4
[complaint.block]
complaints = 2
[complaint.warn]
small_count = 1
[complaint.disable]
small_count = 3
warnings = 2
[complaint.terminate]
small_count = 5
[complaint.surge]
count = 4
[guessing.disable]
unknown_users = 4
at_one_domain = 3
[guessing.terminate]
guesses = 4
"""
LANES = {
    "": "",
    "blocks and surges on Monday": "".join(
        f'[{rule}]\nlane = "weekly"\n'
        for rule in ("hard_bounce.block", "complaint.surge", "virus.disable", "virus.terminate")
    ),
    "disables at once": "".join(
        f'[{rule}]\nlane = "fast"\n' for rule in ("hard_bounce.disable", "complaint.disable")
    ),
}


class Step(NamedTuple):
    """Something that happens: mail to some people comes to an end, or an operator decides."""

    hour: int
    kind: str
    domain: int
    people: int
    """How many mails, each to somebody else."""
    place: int
    late: int
    """Hours until it is known."""


EVENTS = ("Send", "Delivery", "hard", "refused", "soft", "abuse", "Reject")
STEPS = st.builds(
    Step,
    hour=st.integers(0, HOURS - 1),
    kind=st.sampled_from((*EVENTS, "hard", "abuse", "reinstate", "restore", "lift")),
    domain=st.integers(0, 2),
    people=st.integers(1, 6),
    place=st.integers(0, 1),
    late=st.sampled_from([0, 0, 0, 5, 200]),
)


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """Return an empty database file, to copy from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        bootstrap.upgrade_database(_settings(path, None, "enforce"))
        yield path


@pytest.mark.parametrize("lanes", sampled(LANES, 1))
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=40), mode=st.sampled_from(["enforce", "shadow"]))
def test_a_history_simulated_with_its_own_limits_is_what_happened(
    empty: Path, lanes: str, steps: list[Step], mode: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(_merged(EASILY_REACHED, LANES[lanes]))
        database = Path(shutil.copy(empty, folder))
        if lanes == "disables at once":
            # A reinstatement cuts its week off: what stood in it at once is judged no more.
            steps = [one for one in steps if one.kind not in {"reinstate", "restore"}]
        asyncio.run(_same(_settings(database, policy, mode), steps))


async def _same(chosen: Settings, steps: list[Step]) -> None:
    now = [START]
    async with bootstrap.application(chosen, clock=lambda: now[0]) as program:
        await program.adopt(ADOPTIONS)
        end = START + (HOURS + 300) * HOUR
        mondays = [one.end + 3 * HOUR for one in weeks_between(week_of(START), week_of(end))]
        told: list[tuple[timedelta, int, Step | None]] = [
            (_known_after(one), number, one) for number, one in enumerate(steps)
        ]
        told += [(monday - START, -1, None) for monday in mondays]
        for after, number, step in sorted(told, key=lambda one: one[:2]):
            # No two looks at a clock show the same time.
            now[0] = max(now[0] + timedelta(milliseconds=1), START + after)
            if step is None:
                await program.enforce(now[0])
            else:
                await _happens(program, number, step)
        assert await simulated(chosen, now[0]) == await standing(chosen)


def _known_after(step: Step) -> timedelta:
    """Return when a step is known: no event before it happened, the slowest an hour after mail."""
    told = timedelta(minutes=61) if step.kind in EVENTS else timedelta()
    return timedelta(hours=step.hour + step.late) + told


async def _happens(program: Application, number: int, step: Step) -> None:
    domain = DOMAINS[step.domain]
    customer = ADOPTIONS[step.domain].customer
    if step.kind in EVENTS:
        readings = [_told(number, one, step) for one in range(step.people)]
        await program.log.record(readings, now=program.clock(), proposed=False)
        return
    # Who is not blocked cannot be unblocked.
    with contextlib.suppress(Failed):
        await _decided(program, domain, customer, step)


async def _decided(program: Application, domain: str, customer: str, step: Step) -> None:
    async with program.deciding() as decisions:
        match step.kind:
            case "reinstate":
                await decisions.reinstate(domain, "explained")
            case "restore":
                await decisions.restore(customer, "explained")
            case _:
                await decisions.unblock(_person(step, 0), domain, "asked for")


def _told(number: int, one: int, step: Step) -> Reading:
    message = Message(
        name=f"m{number}-{one}",
        to=(_person(step, one),),
        domain=DOMAINS[step.domain],
        at=START + step.hour * HOUR + timedelta(seconds=one),
    )
    match step.kind:
        case "hard":
            return message.bounced_hard()
        case "refused":
            return message.bounced_hard(status="5.7.1")
        case "soft":
            return message.bounced_soft()
        case "abuse":
            return message.complained()
        case "Reject":
            return message.tells("Reject", reason="Bad content")
        case kind:
            return message.tells(kind)


def _person(step: Step, one: int) -> str:
    return f"person{one}@place{step.place}.example"


def _merged(*parts: str) -> str:
    """Return TOML in which no table stands twice."""
    tables: dict[str, list[str]] = {}
    lines = tables.setdefault("", [])
    for line in "".join(parts).splitlines():
        if line.startswith("["):
            lines = tables.setdefault(line, [])
        else:
            lines.append(line)
    return "\n".join(f"{name}\n" + "\n".join(lines) for name, lines in tables.items())


def _settings(database: Path, policy: Path | None, mode: str) -> Settings:
    return Settings.model_validate(
        {"database": {"url": f"sqlite:///{database}"}, "policy": {"mode": mode, "file": policy}}
    )
