"""Alarms reach operators on every road that works, and no broken road stops anything."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sesauditd.errors import Busy, Failed, Refused
from sesauditd.model.level import Level
from sesauditd.notices.alarms import Alarm, Severity
from sesauditd.notices.roads import Apprise, Command, Webhook, check_installed
from sesauditd.notices.siren import Siren

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
    "level": "critical",
    "summary": "no feedback for 6 hours\r\nsee the queue",
    "details": {"queue": "sesaudit-feedback", "sent_24h": 410},
    "at": "2026-11-24T08:00:00Z",
}


@dataclass
class Listening:
    """A road that remembers what it heard."""

    least: Level = Level.WARNING
    name: str = "listening"
    heard: list[str] = field(default_factory=list)

    async def send(self, alarm: Alarm, installation: str) -> None:
        self.heard.append(alarm.name)


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
    roads = Siren([Command(words=python(program))])
    with capture_logs() as lines:
        await roads.sound(ALARM)
    text = told.read_text()
    assert text.startswith(
        "trouble (critical): dead_pipe at 2026-11-24T08:00:00Z\nno feedback for 6 hours see"
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
        pytest.param(("/no/such/program",), "cannot be started: FileNotFoundError", id="missing"),
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
    roads = Siren([Command(words=command, seconds=seconds)])
    with capture_logs() as lines:
        await asyncio.wait_for(roads.sound(ALARM), 5)
    failed = [one for one in lines if one["event"] == "alarm_failed"]
    assert [(one["road"], one["error"]) for one in failed] == [("command", why)]
    assert roads.failures == 1


async def test_no_shell_reads_what_the_command_is_told(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    await Siren([Command(words=("echo", f"; touch {mark}", "$(id)"))]).sound(ALARM)
    assert not mark.exists()


async def test_a_command_that_reads_nothing_and_talks_without_end_does_no_harm() -> None:
    program = "import sys; sys.stdout.write('x' * 3_000_000)"
    alarm = Alarm(name="x", summary="x", details={"long": "y" * 300_000}, at=ALARM.at)
    roads = Siren([Command(words=python(program))])
    with capture_logs() as lines:
        await roads.sound(alarm)
    ended = next(one for one in lines if one["event"] == "alarm_command_ended")
    assert len(ended["output"]) <= 500
    assert roads.failures == 0


async def test_the_webhook_gets_the_alarm_as_json() -> None:
    async with listener() as (address, heard):
        roads = Siren([Webhook(address=address)])
        await roads.sound(ALARM)
    assert heard == [("/hook", DOCUMENT)]
    assert roads.failures == 0


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_webhook_that_refuses_is_counted_and_no_redirect_is_followed(status: int) -> None:
    async with listener() as (elsewhere, strayed), listener(status, elsewhere) as (address, heard):
        roads = Siren([Webhook(address=address)])
        with capture_logs() as lines:
            await roads.sound(ALARM)
    assert (len(heard), strayed, roads.failures) == (1, [], 1)
    failed = next(one for one in lines if one["event"] == "alarm_failed")
    assert failed["error"] == f"status {status}"


async def test_a_webhook_that_nobody_serves_never_shows_its_address_in_the_log() -> None:
    roads = Siren([Webhook(address="http://127.0.0.1:9/hook?token=secret")])
    with capture_logs() as lines:
        await roads.sound(ALARM)
    assert roads.failures == 1
    assert "secret" not in str(lines)


async def test_one_broken_road_leaves_the_other_open() -> None:
    async with listener() as (address, heard):
        roads = Siren([Command(words=("/no/such/program",)), Webhook(address=address)])
        await roads.sound(ALARM)
    assert (len(heard), roads.failures) == (1, 1)


async def test_without_roads_an_alarm_is_one_log_line() -> None:
    with capture_logs() as lines:
        await Siren().sound(ALARM)
    assert [one["event"] for one in lines] == ["alarm"]


FAKE_APPRISE = """
import json, os, time
class Apprise:
    def add(self, address):
        self.address = address
        return address.startswith("ntfy://")
    def notify(self, **told):
        print("logged", self.address)
        if "slow" in self.address:
            time.sleep(60)
        if "breaks" in self.address:
            raise RuntimeError(self.address)
        with open(os.environ["TOLD"], "w") as file:
            json.dump(told | {"environment": list(os.environ)}, file)
        return "refused" not in self.address
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a library of that name where a program finds it; return where it writes."""
    (tmp_path / "apprise.py").write_text(FAKE_APPRISE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return tmp_path / "told"


async def test_apprise_tells_a_service_in_a_process_of_its_own(library: Path) -> None:
    siren = Siren([Apprise(address="ntfy://secret")], installation="blue")
    await siren.sound(ALARM)
    told = json.loads(await asyncio.to_thread(library.read_text))
    assert told["title"] == "[blue] dead pipe: critical"
    assert told["body"] == ALARM.as_text()
    assert (told["notify_type"], told["body_format"]) == ("failure", "text")
    assert siren.failures == 0


async def test_apprise_is_told_none_of_the_daemons_own_keys(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SESAUDITD_DATABASE__URL"}
    for name in ours:
        monkeypatch.setenv(name, "hidden")
    await Apprise(address="ntfy://secret").send(ALARM, "blue")
    told = json.loads(await asyncio.to_thread(library.read_text))
    assert not ours & set(told["environment"])
    assert "TOLD" in told["environment"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param("ntfy://secret-refused", "did not take it", id="refused"),
        pytest.param("nothing://secret", "does not understand", id="not understood"),
        pytest.param("ntfy://secret-breaks", "Apprise failed", id="breaks"),
        pytest.param("ntfy://secret-slow", "no end within 0.5 seconds: killed", id="hangs"),
    ],
)
async def test_why_a_service_failed_is_said_without_its_address(address: str, why: str) -> None:
    road = Apprise(address=address, number=2, seconds=0.5 if "slow" in address else 20)
    siren = Siren([road])
    with capture_logs() as lines:
        (taken,) = await siren.trial(ALARM)
    assert why in (taken.failure or "")
    assert taken.road.startswith("apprise 2 (n")
    assert "secret" not in f"{taken}{lines}"


async def test_a_library_that_is_not_there_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Failed, match="Apprise is not installed"):
        await Apprise(address="ntfy://secret").send(ALARM, "main")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"pip install 'sesauditd\[alerts\]'"):
        check_installed()


async def test_the_real_apprise_posts_what_it_is_told() -> None:
    pytest.importorskip("apprise")
    async with listener() as (address, heard):
        road = Apprise(address=f"json://{address.partition('://')[2]}")
        await road.send(ALARM, "blue")
    ((_, told),) = heard
    assert told["title"] == "[blue] dead pipe: critical"
    assert "sent_24h: 410" in told["message"]
    assert told["type"] == "failure"


@pytest.mark.parametrize(
    ("least", "heard"),
    [
        pytest.param(Level.INFO, ["shared_login", "queue_age", "dead_pipe"], id="info"),
        pytest.param(Level.WARNING, ["queue_age", "dead_pipe"], id="warning"),
        pytest.param(Level.CRITICAL, ["dead_pipe"], id="critical"),
    ],
)
async def test_a_road_hears_what_is_grave_enough_for_it(least: Level, heard: list[str]) -> None:
    road = Listening(least=least)
    siren = Siren([road])
    for name in ("shared_login", "queue_age", "dead_pipe"):
        await siren.sound(Alarm(name=name, summary="x", at=ALARM.at))
    assert road.heard == heard


async def test_what_a_road_did_not_take_is_kept_for_it_alone() -> None:
    kept: list[tuple[str, str, str]] = []

    class Waiting:
        async def keep(self, road: str, alarm: Alarm, outcome: str) -> None:
            kept.append((road, alarm.name, outcome))

    good = Listening()
    await Siren([Command(words=("/no/such/program",)), good], waiting=Waiting()).sound(ALARM)
    assert kept == [("command", "dead_pipe", "cannot be started: FileNotFoundError")]
    assert good.heard == ["dead_pipe"]


async def test_a_database_that_takes_nothing_does_not_silence_the_siren() -> None:
    class Waiting:
        async def keep(self, road: str, alarm: Alarm, outcome: str) -> None:
            raise Busy("locked")

    await Siren([Command(words=("/no/such/program",))], waiting=Waiting()).sound(ALARM)


@given(st.text(st.characters(exclude_categories=()), max_size=700))
def test_what_a_stranger_wrote_stays_one_short_line_and_calls_nobody(text: str) -> None:
    alarm = Alarm(name="dead_pipe", summary=text, details={"said": text}, at=ALARM.at)
    lines = alarm.as_text().split("\n")
    assert len(lines) == 4
    assert len(lines[1]) <= 600
    assert re.search("@(everyone|here|channel)", f"{lines}", re.IGNORECASE) is None
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lines[1] + lines[2])


def test_everybody_is_not_rung_because_a_mail_server_says_so() -> None:
    alarm = Alarm(name="x", summary="550 @everyone @Here a@herefordshire.example", at=ALARM.at)
    assert "550 @ everyone @ Here a@herefordshire.example" in alarm.as_text()


def test_an_alarm_comes_back_from_its_facts() -> None:
    facts = json.loads(json.dumps(ALARM.as_facts()))
    assert Alarm.from_facts(facts).as_text() == ALARM.as_text()


def test_what_became_well_again_says_so() -> None:
    alarm = Alarm(name="x", severity=Severity.RECOVERED, summary="well", at=ALARM.at)
    assert alarm.as_text() == "recovered (warning): x at 2026-11-24T08:00:00Z\nwell"
