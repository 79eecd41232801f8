"""The roads on which alarms reach operators without mail: a command, a webhook, Apprise."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import aiohttp
import structlog

from sesauditd.errors import Failed, Refused
from sesauditd.model.level import Level
from sesauditd.notices import apprising
from sesauditd.notices.alarms import Severity
from sesauditd.notices.cleaning import stripped

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from sesauditd.notices.alarms import Alarm

COMMAND_SECONDS = 30.0
WEBHOOK_SECONDS = 10.0
APPRISE_SECONDS = 20.0
OUTPUT_KEPT = 2000
LAST_SECONDS = 2
"""How long the end of a killed command may take."""
LAST_GOOD_STATUS = 299
NO_APPRISE = "alerts.apprise is set, but Apprise is not installed: pip install 'sesauditd[alerts]'"

CHILD = apprising.__name__
WITHHELD = ("AWS_", "SESAUDITD_", "CREDENTIALS_DIRECTORY")
"""How variables begin that hold the daemon's own keys: a library of others needs none of them."""
WHY_NOT = {
    apprising.NOT_UNDERSTOOD: "Apprise does not understand this address",
    apprising.NOT_TAKEN: "the service did not take it: wrong address or token, or it is down",
    apprising.NOT_INSTALLED: "Apprise is not installed",
}

log = structlog.get_logger()


class Road(Protocol):
    """One way to operators. What it says of itself and of failures names no address or token."""

    @property
    def name(self) -> str:
        """Return what it is called in logs and tables, such as `apprise 1 (ntfy)`."""

    @property
    def least(self) -> Level:
        """Return how grave an alarm must be to go this way."""

    async def send(self, alarm: Alarm, installation: str) -> None:
        """Tell it once, in bounded time. Raises Failed, saying why without any secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that reads the alarm from its standard input."""

    words: tuple[str, ...]
    least: Level = Level.WARNING
    seconds: float = COMMAND_SECONDS
    name: str = "command"

    async def send(self, alarm: Alarm, installation: str) -> None:
        """Run it, kill it and its children when it does not end. Raises Failed."""
        text = f"{alarm.as_text()}\n\n{json.dumps(_document(alarm, installation))}\n"
        code, output = await _run(self.words, text, self.seconds)
        log.info("alarm_command_ended", code=code, output=stripped(output))
        if code:
            raise Failed(f"exit code {code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that gets the alarm as JSON by POST."""

    address: str
    least: Level = Level.WARNING
    seconds: float = WEBHOOK_SECONDS
    name: str = "webhook"

    async def send(self, alarm: Alarm, installation: str) -> None:
        """Post it, following no redirect. Raises Failed."""
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self.address, json=_document(alarm, installation), allow_redirects=False
                ) as answer,
            ):
                status = answer.status
        except TimeoutError:
            raise Failed(f"no answer within {self.seconds:g} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The message may hold the address, which is a secret.
            raise Failed(f"cannot be reached: {type(error).__name__}") from None
        if status > LAST_GOOD_STATUS:
            raise Failed(f"status {status}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """One address of the library Apprise: ntfy, Slack, Telegram and a hundred others."""

    address: str
    number: int = 1
    least: Level = Level.WARNING
    seconds: float = APPRISE_SECONDS

    @property
    def name(self) -> str:
        """Return its place in the settings and its scheme: the rest of the address is secret."""
        scheme = self.address.partition("://")[0]
        known = scheme if scheme.isalnum() and scheme != self.address else "?"
        return f"apprise {self.number} ({known[:20]})"

    async def send(self, alarm: Alarm, installation: str) -> None:
        """Let Apprise tell it. Raises Failed."""
        order = {
            "address": self.address,
            "title": f"[{installation}] {alarm.name.replace('_', ' ')}: {alarm.level}",
            "body": alarm.as_text(),
            "type": _notify_type(alarm),
        }
        words = (sys.executable, "-P", "-m", CHILD)
        code, _ = await _run(words, json.dumps(order), self.seconds, _bare_environment())
        if code:
            raise Failed(WHY_NOT.get(code, "Apprise failed"))


def apprise_is_installed() -> bool:
    """Say whether the optional library is there."""
    return importlib.util.find_spec("apprise") is not None


def check_installed() -> None:
    """Raise Refused, saying what to install, where Apprise is missing."""
    if not apprise_is_installed():
        raise Refused(NO_APPRISE)


def _notify_type(alarm: Alarm) -> str:
    if alarm.severity is Severity.RECOVERED:
        return "success"
    return {Level.INFO: "info", Level.WARNING: "warning", Level.CRITICAL: "failure"}[alarm.level]


def _document(alarm: Alarm, installation: str) -> dict[str, object]:
    return {"installation": installation, **alarm.as_facts()}


def _bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(WITHHELD)}


async def _run(
    words: Sequence[str], text: str, seconds: float, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a program on some text; return its exit code and the beginning of its output.

    Its environment is ours unless another is given.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    except (OSError, ValueError) as error:
        raise Failed(f"cannot be started: {type(error).__name__}") from None
    output = None
    try:
        output = await asyncio.wait_for(_converse(process, text), seconds)
    except TimeoutError:
        raise Failed(f"no end within {seconds:g} seconds: killed") from None
    finally:
        if output is None:
            await _end(process)
    return process.returncode or 0, output


async def _converse(process: Process, text: str) -> str:
    """Give the text to the process and return the beginning of what it says until it ends."""
    _, said = await asyncio.gather(_tell(process, text), _hear(process))
    await process.wait()
    return said


async def _tell(process: Process, text: str) -> None:
    if process.stdin is not None:
        # A command that does not read what it is told may end first.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(text.encode())
            await process.stdin.drain()
        process.stdin.close()


async def _hear(process: Process) -> str:
    kept = b""
    if process.stdout is not None:
        while chunk := await process.stdout.read(OUTPUT_KEPT):
            kept = (kept + chunk)[:OUTPUT_KEPT]
    return kept.decode(errors="replace")


async def _end(process: Process) -> None:
    """Leave nothing behind, the command's own children included."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # A child that left the session may keep the output open for as long as it likes.
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(_hear(process), process.wait()), LAST_SECONDS)
