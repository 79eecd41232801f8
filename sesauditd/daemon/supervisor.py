"""Runs the daemon's services together: one stop for all, a grace, and one error if one fails."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import structlog

from sesauditd.daemon.ending import cancelled
from sesauditd.errors import Failed

SIGNALS = (signal.SIGTERM, signal.SIGINT)

Service: TypeAlias = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Works until the event is set, then finishes what it has in hand and returns."""

T = TypeVar("T")

_Running: TypeAlias = dict[str, asyncio.Task[None]]

log = structlog.get_logger()


async def supervise(
    services: Mapping[str, Service],
    *,
    stop: asyncio.Event,
    grace_seconds: float,
    signals: Sequence[signal.Signals] = SIGNALS,
) -> Sequence[signal.Signals]:
    """Run all services until `stop` is set or one ends, then give the others the grace.

    A signal sets `stop`; a second one cancels what still runs. Outside the main thread no
    signal can be had: give none. Return the signals that came. Raises the error of the service
    that failed first, and Failed if one ended without being asked to.
    """
    running = {name: asyncio.create_task(work(stop), name=name) for name, work in services.items()}
    try:
        with _heeding(signals, stop, running) as seen:
            fallen = await _first_end(running, stop)
            stop.set()
            await _wait(running, grace_seconds)
    finally:
        stop.set()
        await _cancel(running)
    _raise_first(running, fallen)
    return seen


async def unless_stopped(
    work: Coroutine[Any, Any, T], *, signals: Sequence[signal.Signals] = SIGNALS
) -> T | None:
    """Return what the work comes to, or None if a signal came first and ended it."""
    stop, working = asyncio.Event(), asyncio.create_task(work)
    asked = asyncio.create_task(stop.wait())
    try:
        with _heeding(signals, stop, {}):
            await asyncio.wait({asked, working}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancelled((asked, working))
    return None if stop.is_set() else working.result()


async def _first_end(running: _Running, stop: asyncio.Event) -> tuple[str, ...]:
    """Wait for the stop or for a service's end; return the services that ended by themselves."""
    if not running:
        await stop.wait()
        return ()
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({asked, *running.values()}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
    if stop.is_set():
        return ()
    return tuple(name for name, task in running.items() if task.done())


async def _wait(running: _Running, grace_seconds: float) -> None:
    log.info("services_stopping", services=sorted(_alive(running)))
    if _alive(running):
        await asyncio.wait(running.values(), timeout=grace_seconds)


async def _cancel(running: _Running) -> None:
    late = _alive(running)
    if late:
        log.warning("services_cancelled", services=sorted(late))
    await cancelled(running.values())


def _alive(running: _Running) -> list[str]:
    return [name for name, task in running.items() if not task.done()]


def _raise_first(running: _Running, fallen: tuple[str, ...]) -> None:
    errors = {
        name: error
        for name, task in running.items()
        if not task.cancelled() and (error := task.exception()) is not None
    }
    first = next((name for name in (*fallen, *errors) if name in errors), None)
    for name, error in errors.items():
        log.error("service_failed", service=name, reason=str(error), kind=type(error).__name__)
    if first is not None:
        raise errors[first]
    if fallen:
        raise Failed(f"the service {fallen[0]} ended without being asked to")


@contextmanager
def hangups(asked: asyncio.Event) -> Iterator[None]:
    """Set the event whenever SIGHUP comes, which would end the process without this."""
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGHUP)
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, before)


@contextmanager
def _heeding(
    signals: Sequence[signal.Signals], stop: asyncio.Event, running: _Running
) -> Iterator[Sequence[signal.Signals]]:
    seen: list[signal.Signals] = []

    def asked(number: signal.Signals) -> None:
        log.info("signal_received", signal=number.name)
        for task in running.values() if seen else ():
            task.cancel()
        seen.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in signals}
    for number in signals:
        loop.add_signal_handler(number, asked, number)
    try:
        yield seen
    finally:
        for number, earlier in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, earlier)
