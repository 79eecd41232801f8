"""Alarms reach operators on every road that works, and no broken road stops anything."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from sesauditd.notices.alarms import Alarm, Alarms, Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALARM = Alarm(
    name="dead_pipe",
    summary="no feedback for 6 hours\r\nsee the queue",
    details={"queue": "sesaudit-feedback", "sent_24h": 410},
    at=datetime(2026, 11, 24, 8, tzinfo=UTC),
)
DOCUMENT = {
    "installation": "main",
    "name": "dead_pipe",
    "severity": "trouble",
    "summary": "no feedback for 6 hours\r\nsee the queue",
    "details": {"queue": "sesaudit-feedback", "sent_24h": 410},
    "at": "2026-11-24T08:00:00Z",
}


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", program)


@asynccontextmanager
async def listener(status: int = 200, location: str = "") -> AsyncIterator[tuple[str, list[Any]]]:
    """Serve a webhook; give its address and what was posted to it."""
    heard: list[Any] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((request.path, await request.json()))
        return web.Response(status=status, headers={"Location": location} if location else None)

    application = web.Application()
    application.router.add_post("/{path:.*}", hear)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/hook?token=secret", heard
    finally:
        await runner.cleanup()


async def test_the_command_gets_text_and_json_on_its_input(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read()); print('thanks')"
    roads = Alarms(python(program))
    with capture_logs() as lines:
        await roads.sound(ALARM)
    text = told.read_text()
    assert text.startswith(
        "trouble: dead_pipe at 2026-11-24T08:00:00Z\nno feedback for 6 hours see"
    )
    assert "sent_24h: 410" in text
    assert json.loads(text.splitlines()[-1]) == DOCUMENT
    ended = next(one for one in lines if one["event"] == "alarm_command_ended")
    assert (ended["code"], ended["output"]) == (0, "thanks ")
    assert roads.failures == 0


@pytest.mark.parametrize(
    ("command", "why"),
    [
        pytest.param(python("raise SystemExit(3)"), "exit code 3", id="fails"),
        pytest.param(("/no/such/program",), "FileNotFoundError", id="missing"),
        pytest.param(
            python("import time; time.sleep(60)"), "no end within 0.3 seconds: killed", id="hangs"
        ),
        pytest.param(
            python("import subprocess as s; s.run(['sleep', '60'])"),
            "no end within 0.3 seconds: killed",
            id="its child hangs",
        ),
    ],
)
async def test_a_command_that_fails_is_logged_counted_and_never_raised(
    command: tuple[str, ...], why: str
) -> None:
    seconds = 0.3 if "killed" in why else 10
    roads = Alarms(command, command_seconds=seconds)
    with capture_logs() as lines:
        await asyncio.wait_for(roads.sound(ALARM), 5)
    failed = [one for one in lines if one["event"] == "alarm_failed"]
    assert [(one["road"], one["error"]) for one in failed] == [("command", why)]
    assert roads.failures == 1


async def test_no_shell_reads_what_the_command_is_told(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    await Alarms(("echo", f"; touch {mark}", "$(id)")).sound(ALARM)
    assert not mark.exists()


async def test_a_command_that_reads_nothing_and_talks_without_end_does_no_harm() -> None:
    program = "import sys; sys.stdout.write('x' * 3_000_000)"
    alarm = Alarm(name="x", summary="x", details={"long": "y" * 300_000}, at=ALARM.at)
    roads = Alarms(python(program))
    with capture_logs() as lines:
        await roads.sound(alarm)
    ended = next(one for one in lines if one["event"] == "alarm_command_ended")
    assert len(ended["output"]) <= 500
    assert roads.failures == 0


async def test_the_webhook_gets_the_alarm_as_json() -> None:
    async with listener() as (address, heard):
        roads = Alarms(webhook=address)
        await roads.sound(ALARM)
    assert heard == [("/hook", DOCUMENT)]
    assert roads.failures == 0


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_webhook_that_refuses_is_counted_and_no_redirect_is_followed(status: int) -> None:
    async with listener() as (elsewhere, strayed), listener(status, elsewhere) as (address, heard):
        roads = Alarms(webhook=address)
        with capture_logs() as lines:
            await roads.sound(ALARM)
    assert (len(heard), strayed, roads.failures) == (1, [], 1)
    failed = next(one for one in lines if one["event"] == "alarm_failed")
    assert failed["error"] == f"status {status}"


async def test_a_webhook_that_nobody_serves_never_shows_its_address_in_the_log() -> None:
    roads = Alarms(webhook="http://127.0.0.1:9/hook?token=secret")
    with capture_logs() as lines:
        await roads.sound(ALARM)
    assert roads.failures == 1
    assert "secret" not in str(lines)


async def test_one_broken_road_leaves_the_other_open() -> None:
    async with listener() as (address, heard):
        roads = Alarms(("/no/such/program",), address)
        await roads.sound(ALARM)
    assert (len(heard), roads.failures) == (1, 1)


async def test_without_roads_an_alarm_is_one_log_line() -> None:
    with capture_logs() as lines:
        await Alarms().sound(ALARM)
    assert [one["event"] for one in lines] == ["alarm"]


class Messenger:
    """Stands for the library Apprise."""

    def __init__(self, told: list[tuple[str, str]], *, takes: bool) -> None:
        self.told = told
        self.takes = takes
        self.places: list[str] = []

    def add(self, places: list[str]) -> None:
        self.places += places

    async def async_notify(self, *, title: str, body: str) -> bool:
        self.told.append((title, body))
        return self.takes


@pytest.mark.parametrize("takes", [True, False])
async def test_apprise_tells_its_services_where_it_is_installed(
    takes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    library = SimpleNamespace(Apprise=lambda: Messenger(told, takes=takes))
    monkeypatch.setattr(importlib, "import_module", lambda name: library)
    roads = Alarms(apprise=("ntfy://topic",), installation="blue")
    await roads.sound(ALARM)
    assert [title for title, _ in told] == ["[blue] dead_pipe"]
    assert roads.failures == (0 if takes else 1)


async def test_a_missing_apprise_is_said_once_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with capture_logs() as lines:
        roads = Alarms(apprise=("ntfy://topic",))
        await roads.sound(ALARM)
        await roads.sound(ALARM)
    assert [one["event"] for one in lines].count("apprise_missing") == 1
    assert roads.failures == 0


def test_what_became_well_again_says_so() -> None:
    alarm = Alarm(name="x", severity=Severity.RECOVERED, summary="well", at=ALARM.at)
    assert alarm.as_text() == "recovered: x at 2026-11-24T08:00:00Z\nwell"
