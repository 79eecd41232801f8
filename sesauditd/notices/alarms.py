"""Alarms to operators by command, webhook or Apprise: they must not depend on mail."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import aiohttp
import structlog

from sesauditd.errors import Failed
from sesauditd.model.calendar import iso
from sesauditd.notices.cleaning import stripped

if TYPE_CHECKING:
    from asyncio.subprocess import Process

COMMAND_SECONDS = 30
WEBHOOK_SECONDS = 10
OUTPUT_KEPT = 2000
LAST_SECONDS = 2
"""How long the end of a killed command may take."""
LAST_GOOD_STATUS = 299

log = structlog.get_logger()


class Severity(StrEnum):
    """How much of an alarm it is."""

    TROUBLE = "trouble"
    NOTE = "note"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that an operator must learn of even when mail does not work."""

    name: str
    """Stable, such as `dead_pipe`."""
    severity: Severity = Severity.TROUBLE
    summary: str
    """One sentence that says what is wrong and what to do."""
    details: Mapping[str, object] = field(default_factory=dict)
    """JSON values only."""
    at: datetime

    def as_facts(self) -> dict[str, object]:
        """Return the alarm as JSON, for webhooks and for notices of trouble and recovery."""
        return {
            "name": self.name,
            "severity": str(self.severity),
            "summary": self.summary,
            "details": dict(self.details),
            "at": iso(self.at),
        }

    def as_text(self) -> str:
        """Return the alarm in lines, as a phone shows it."""
        details = [f"{key}: {stripped(str(value))}" for key, value in self.details.items()]
        heading = f"{self.severity}: {self.name} at {iso(self.at)}"
        return "\n".join([heading, stripped(self.summary), *details])


class Alarms:
    """Sounds an alarm on every road that is configured; no failure of a road is raised."""

    def __init__(
        self,
        command: Sequence[str] = (),
        webhook: str | None = None,
        apprise: Sequence[str] = (),
        *,
        installation: str = "main",
        command_seconds: float = COMMAND_SECONDS,
    ) -> None:
        self._command = tuple(command)
        self._webhook = webhook
        self._apprise = tuple(apprise)
        self._installation = installation
        self._command_seconds = command_seconds
        self.failures = 0
        """How often a road failed since the start."""
        if self._apprise and importlib.util.find_spec("apprise") is None:
            log.warning("apprise_missing", to_do="install the extra 'alerts'")
            self._apprise = ()

    async def sound(self, alarm: Alarm) -> None:
        """Tell operators on every road at once; returns when each was tried, never raises."""
        log.warning("alarm", name=alarm.name, severity=str(alarm.severity), summary=alarm.summary)
        roads: list[Awaitable[None]] = []
        if self._command:
            roads.append(self._try("command", self._run, alarm))
        if self._webhook is not None:
            roads.append(self._try("webhook", self._post, alarm))
        if self._apprise:
            roads.append(self._try("apprise", self._notify, alarm))
        await asyncio.gather(*roads)

    async def _try(self, road: str, send: Callable[[Alarm], Awaitable[None]], alarm: Alarm) -> None:
        try:
            await send(alarm)
        except (Failed, OSError, TimeoutError, aiohttp.ClientError, ValueError) as error:
            self.failures += 1
            # The message of an error may hold the webhook's address, which is a secret.
            why = str(error) if isinstance(error, Failed) else type(error).__name__
            log.warning("alarm_failed", road=road, name=alarm.name, error=why)

    async def _run(self, alarm: Alarm) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        text = f"{alarm.as_text()}\n\n{json.dumps(self._document(alarm))}\n"
        output = None
        try:
            output = await asyncio.wait_for(_converse(process, text), self._command_seconds)
        except TimeoutError:
            raise Failed(f"no end within {self._command_seconds:g} seconds: killed") from None
        finally:
            if output is None:
                await _end(process)
        log.info("alarm_command_ended", code=process.returncode, output=stripped(output))
        if process.returncode:
            raise Failed(f"exit code {process.returncode}")

    async def _post(self, alarm: Alarm) -> None:
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(
                str(self._webhook), json=self._document(alarm), allow_redirects=False
            ) as answer,
        ):
            if answer.status > LAST_GOOD_STATUS:
                raise Failed(f"status {answer.status}")

    async def _notify(self, alarm: Alarm) -> None:
        messenger = importlib.import_module("apprise").Apprise()
        messenger.add(list(self._apprise))
        title = f"[{self._installation}] {alarm.name}"
        if not await messenger.async_notify(title=title, body=alarm.as_text()):
            raise Failed("not every service took it")

    def _document(self, alarm: Alarm) -> dict[str, object]:
        return {"installation": self._installation, **alarm.as_facts()}


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
