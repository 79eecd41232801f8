"""The dashboard over the database of a test's program, with and without strangers' texts in it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp.test_utils import TestClient, TestServer

from sesauditd.bootstrap.scraping import Books
from sesauditd.config import load, policies_of
from sesauditd.store.engine import Database
from sesauditd.web.access import Gate
from sesauditd.web.app import Site
from sesauditd.web.health import Pulse
from sesauditd.web.meters import CONTENT_TYPE, Meters
from tests.support import feedback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from aiohttp import web

    from tests.support.program import Program

NOW = feedback.at(8, hour=4)
"""The Tuesday after the week that most tests look at."""
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea></title><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c \x1b[2J\x00",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)
"""What strangers write where a page will show it (faults.md, row 57)."""


@dataclass(slots=True)
class Beat:
    """A pulse that a test can change."""

    pulse: Pulse = field(default_factory=Pulse)

    def __call__(self) -> Pulse:
        """Return how the daemon is."""
        return self.pulse


@asynccontextmanager
async def dashboard(
    program: Program,
    *,
    token: str | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    pulse: Callable[[], Pulse] = Pulse,
    counted: bool = True,
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Serve the dashboard of a program's database; the client follows no redirection by itself."""
    settings = load(program.folder / "config.toml", {})
    database = Database.open(settings.database.url)
    books = Books(
        database=database,
        settings=settings,
        policies=policies_of(settings),
        clock=clock,
        machine_clock=clock,
        meters=Meters(),
        pulse=pulse,
        in_hand=lambda: 0,
    )
    site = Site(books=books, pulse=pulse, gate=Gate(token), metrics_type=CONTENT_TYPE)
    try:
        if counted:
            await books.rank()
        async with TestClient(TestServer(site.application())) as client:
            yield client
    finally:
        await books.close()
        await database.close()


def busy(program: Program) -> None:
    """Let a program have a good, a careless and a bad customer, and something unreadable."""
    program.adopt("bakery.example", "bakery", "--since", "2020-01-01")
    program.adopt("club.example", "club", "--since", "2020-01-01")
    program.adopt("growth.example", "growth", "--since", "2020-01-01")
    events: list[object] = []
    for name, mails, dead in (("bakery", 60, 1), ("club", 60, 9), ("growth", 60, 20)):
        domain = f"{name}.example"
        for number in range(mails):
            moment = feedback.at(number % 5, hour=8, minute=number)
            recipient = f"reader{number}@place{number % 7}.example"
            events.append(feedback.send(recipient, moment, domain=domain))
            if number < dead:
                events.append(feedback.bounce(recipient, moment, domain=domain))
            else:
                events.append(feedback.delivery(recipient, moment, domain=domain))
    events.append(
        feedback.complaint("reader50@place1.example", feedback.at(4), domain="club.example")
    )
    program.replay([*events, "%PDF-1.7 no notification"], "busy.jsonl")
    judge(program)


def attacked(program: Program) -> None:
    """Let strangers write hostile texts wherever they can."""
    program.adopt("victim.example", "victim", "--since", "2020-01-01")
    events: list[object] = []
    for number, text in enumerate(HOSTILE):
        moment = feedback.at(1, minute=number)
        recipient = f"reader{number}@place.example"
        sent = feedback.send(recipient, moment, domain="victim.example")
        sent["mail"]["commonHeaders"]["subject"] = text
        sent["mail"]["tags"]["campaign"] = [text]
        back = feedback.bounce(
            recipient, moment, domain="victim.example", diagnostic=text, status=f"5.1.1 {text}"
        )
        back["mail"]["tags"]["campaign"] = [text]
        odd = feedback.bounce(f'"{text}"@place.example', moment, domain="victim.example")
        events += [sent, back, odd, feedback.send(recipient, moment, domain=f"x{number}.{text}")]
    more = [
        feedback.delivery(f"fan{number}@place.example", feedback.at(2), domain="victim.example")
        for number in range(30)
    ]
    program.replay([*events, *more, *HOSTILE], "attack.jsonl")
    judge(program)


def judge(program: Program) -> None:
    """Judge the week; no daemon is there to carry anything out."""
    ran = program.run("enforce", "--as-of", feedback.stamp(feedback.at(7, hour=3)))
    assert ran.code in {0, 4}, ran
