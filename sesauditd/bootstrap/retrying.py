"""Reads what is in quarantine once more, with what this version of the program can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.model.events import Reading
    from sesauditd.store.quarantined import Kept

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What became of messages in quarantine."""

    read: int = 0
    recorded: int = 0
    """That are events now, those that another arrival had told of among them."""
    ignored: int = 0
    """That turned out to be noise."""
    left: int = 0
    """That are still not to be read."""

    def __add__(self, other: Retried) -> Retried:
        """Return both together."""
        return Retried(
            read=self.read + other.read,
            recorded=self.recorded + other.recorded,
            ignored=self.ignored + other.ignored,
            left=self.left + other.left,
        )


async def retry(
    program: Application, beginning: str | None, *, vouch: bool, told: Callable[[int], None]
) -> Retried:
    """Read one message, or all, anew; what follows from them is only proposed.

    Unverified ones are left alone unless `vouch` says that an operator believes them. Killed
    between recording and release, what is left is read again, and recorded once. Raises Refused
    for a message that is not there, or is unverified and not vouched for.
    """
    from sesauditd.errors import Refused
    from sesauditd.store import quarantined

    if beginning is not None:
        async with program.database.read() as connection:
            one = await quarantined.named(connection, beginning)
        if one.is_unverified and not vouch:
            raise Refused("it may be forged: read it first, and add --vouch if you believe it")
        return await _again(program, [one])
    total, last = Retried(), b""
    while True:
        async with program.database.read() as connection:
            part = await quarantined.after(connection, last, AT_ONCE, unverified=vouch)
        if not part:
            return total
        total += await _again(program, part)
        last = part[-1].sha256
        told(len(part))


async def _again(program: Application, messages: Sequence[Kept]) -> Retried:
    from sesauditd.daemon.failpoint import reach
    from sesauditd.store import quarantined

    readings = await _readings(program, messages)
    good = {sha: one for sha, one in readings.items() if one.unreadable is None}
    await program.log.record(list(good.values()), now=program.clock(), proposed=True)
    reach("quarantine.recorded")
    believed = [one for one in messages if one.is_unverified and one.sha256 in good]
    async with program.database.write() as connection:
        keys = [one.event.feedback.key for one in good.values() if one.event is not None]
        there = await quarantined.stored(connection, keys)
        done = [
            one for one in messages if one.sha256 in good and _is_settled(good[one.sha256], there)
        ]
        if believed:
            await quarantined.vouch(connection, believed, program.clock())
        await quarantined.release(connection, done)
    recorded = sum(good[one.sha256].event is not None for one in done)
    return Retried(
        read=len(messages),
        recorded=recorded,
        ignored=len(done) - recorded,
        left=len(messages) - len(done),
    )


async def _readings(program: Application, messages: Sequence[Kept]) -> dict[bytes, Reading]:
    from sesauditd.ingest.reader import RawLine, read

    register = await program.log.register()
    return {
        one.sha256: read(
            RawLine(
                text=one.body,
                origin_source=one.source,
                line=one.line,
                received_at=one.received_at,
            ),
            now=program.clock(),
            register=register,
            own_notices=program.pipeline.own_notices,
        )
        for one in messages
        if one.is_whole
    }


def _is_settled(reading: Reading, there: frozenset[bytes]) -> bool:
    return reading.event is None or reading.event.feedback.key in there
