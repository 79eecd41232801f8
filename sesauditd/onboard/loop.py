"""The closed loop: mail to AWS's simulator through a domain's own login, followed to its row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.errors import Failed
from sesauditd.onboard.submission import Letter, Turned, Unsafe

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from sesauditd.onboard.submission import Answer

SIMULATOR: Final = "simulator.amazonses.com"
LOOK_SECONDS: Final = 0.25
WAIT_SECONDS: Final = 60.0
EICAR: Final = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST", "-FILE!$H+H*")
"""In pieces: whole, it would be eaten by the virus scanners that this file passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One address of the simulator, and the kind of event that has to come back."""

    name: str
    local: str
    expects: str
    virus: bool = False


PROBES: Final = (
    Probe(name="success", local="success", expects="Delivery"),
    Probe(name="bounce", local="bounce", expects="Bounce"),
    Probe(name="complaint", local="complaint", expects="Complaint"),
    Probe(name="out of office", local="ooto", expects="Delivery"),
    Probe(name="suppression list", local="suppressionlist", expects="Bounce"),
)
"""What AWS simulates (ses-facts 8)."""
VIRUS: Final = Probe(name="virus", local="success", expects="Reject", virus=True)
"""SES takes the mail, and rejects it once it is scanned; billed like any other."""


class Records(Protocol):
    """What the daemon has recorded."""

    async def of(self, message_ids: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        """Return the kinds of events of each message, each with the domain that it counts for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How far one probe has come; times in seconds."""

    probe: Probe
    recipient: str
    answer: Answer | None = None
    problem: str = ""
    """Why it was not sent, "" if it was or is yet to be."""
    turned: bool = False
    """Whether the login was refused."""
    kinds: Mapping[str, str | None] = field(default_factory=dict)
    """Events that were recorded, with the domain that each counts for."""
    recorded_seconds: float | None = None
    """From the server's 250 to the row."""

    @property
    def message_id(self) -> str | None:
        """Return SES's id of the message, None until it was taken."""
        return None if self.answer is None else self.answer.message_id

    @property
    def is_taken(self) -> bool:
        """Return whether SES took the message."""
        return self.message_id is not None

    @property
    def is_recorded(self) -> bool:
        """Return whether the event that has to come back was recorded."""
        return self.probe.expects in self.kinds

    @property
    def waits(self) -> bool:
        """Return whether something is yet to come."""
        return self.is_taken and not self.is_recorded


@dataclass(slots=True, kw_only=True)
class Trial:
    """Sends the probes one after another, and looks for their events meanwhile."""

    domain: str
    sender: str
    token: str
    """Random: the label of this trial's recipients."""
    hand_in: Callable[[Letter], Awaitable[Answer]]
    records: Records
    clock: Callable[[], datetime]
    on_step: Callable[[], None] = lambda: None
    """Told whenever a probe was handed in, and whenever its event was recorded."""
    wait_seconds: float = WAIT_SECONDS
    _traces: list[Trace] = field(default_factory=list)
    _taken_at: dict[str, float] = field(default_factory=dict)

    async def run(self, probes: Sequence[Probe]) -> Sequence[Trace]:
        """Return what became of each probe once all came back, or nobody waits any longer."""
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(probes))
            group.create_task(self._follow(sending))
        return self._traces

    async def _send(self, probes: Sequence[Probe]) -> None:
        for probe in probes:
            trace = await self._sent(probe)
            if trace.message_id is not None:
                self._taken_at[trace.message_id] = time.monotonic()
            self._traces.append(trace)
            self.on_step()
            if trace.turned:
                return

    async def _sent(self, probe: Probe) -> Trace:
        recipient = f"{probe.local}+{self.token}@{SIMULATOR}"
        begun = Trace(probe=probe, recipient=recipient)
        raw = letter(probe, self.sender, recipient, token=self.token, now=self.clock())
        try:
            answer = await self.hand_in(Letter(sender=self.sender, recipient=recipient, raw=raw))
        except (Turned, Unsafe) as error:
            return replace(begun, problem=str(error), turned=True)
        except Failed as error:
            return replace(begun, problem=str(error))
        if answer.message_id is not None:
            return replace(begun, answer=answer)
        return replace(begun, answer=answer, problem=f"refused: {answer.code} {answer.said}")

    async def _follow(self, sending: asyncio.Task[None]) -> None:
        ends_at: float | None = None
        while True:
            await self._look()
            if sending.done():
                ends_at = ends_at or time.monotonic() + self.wait_seconds
                if not any(one.waits for one in self._traces) or time.monotonic() > ends_at:
                    return
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        found = await self.records.of([one.message_id or "" for one in self._traces if one.waits])
        for place, trace in enumerate(self._traces):
            kinds = found.get(trace.message_id or "")
            if kinds is not None and trace.waits:
                self._traces[place] = self._moved(trace, kinds)

    def _moved(self, trace: Trace, kinds: Mapping[str, str | None]) -> Trace:
        seen = replace(trace, kinds=kinds)
        if not seen.is_recorded or trace.message_id is None:
            return seen
        self.on_step()
        return replace(seen, recorded_seconds=time.monotonic() - self._taken_at[trace.message_id])


def letter(probe: Probe, sender: str, recipient: str, *, token: str, now: datetime) -> bytes:
    """Return the mail of a probe; with the virus, EICAR's harmless file is attached."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{token}.{probe.name.replace(' ', '-')}@{sender.rpartition('@')[2]}>"
    message["Subject"] = f"sesauditd test {token}: {probe.name}"
    message.set_content("A test of the way from this site to the feedback about it.\n")
    if probe.virus:
        file = "".join(EICAR).encode()
        message.add_attachment(
            file, maintype="application", subtype="octet-stream", filename="eicar.com"
        )
    return message.as_bytes()
