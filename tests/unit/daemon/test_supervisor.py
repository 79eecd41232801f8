"""Services live and end together: by a signal, by an error, within a grace."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from sesauditd.daemon.supervisor import Service, supervise, unless_stopped
from sesauditd.errors import Failed, Unavailable


class Trace:
    """Services that write down how they end."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def obeying(self, name: str, after: Callable[[], None] | None = None) -> Service:
        async def work(stop: asyncio.Event) -> None:
            if after is not None:
                after()
            await stop.wait()
            self.said.append(f"{name} finished")

        return work

    def deaf(self, name: str) -> Service:
        async def work(_: asyncio.Event) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.said.append(f"{name} cancelled")

        return work


async def failing(_: asyncio.Event) -> None:
    await asyncio.sleep(0)
    raise Unavailable("the queue is gone")


async def failing_on_stop(stop: asyncio.Event) -> None:
    await stop.wait()
    raise Failed("could not finish")


async def ending(_: asyncio.Event) -> None:
    await asyncio.sleep(0)


def strike(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
async def test_a_signal_lets_every_service_finish(number: signal.Signals) -> None:
    trace, stop = Trace(), asyncio.Event()
    services = {"a": trace.obeying("a"), "b": trace.obeying("b", strike(number))}
    await asyncio.wait_for(supervise(services, stop=stop, grace_seconds=5), 1)
    assert sorted(trace.said) == ["a finished", "b finished"]
    assert stop.is_set()


async def test_a_stop_without_a_signal_does_the_same() -> None:
    trace, stop = Trace(), asyncio.Event()
    services = {"a": trace.obeying("a", stop.set), "b": trace.obeying("b")}
    await asyncio.wait_for(supervise(services, stop=stop, grace_seconds=5), 1)
    assert len(trace.said) == 2


async def test_what_does_not_end_within_the_grace_is_cancelled() -> None:
    trace, stop = Trace(), asyncio.Event()
    services = {"a": trace.obeying("a", stop.set), "b": trace.deaf("b")}
    await asyncio.wait_for(supervise(services, stop=stop, grace_seconds=0.02), 1)
    assert trace.said == ["a finished", "b cancelled"]


async def test_a_second_signal_does_not_wait_for_the_grace() -> None:
    trace, stop = Trace(), asyncio.Event()
    running = asyncio.create_task(supervise({"a": trace.deaf("a")}, stop=stop, grace_seconds=60))
    await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.01)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 1)
    assert trace.said == ["a cancelled"]


async def test_one_that_fails_stops_all_and_its_error_is_raised() -> None:
    trace, stop = Trace(), asyncio.Event()
    services = {"a": trace.obeying("a"), "b": failing, "c": failing_on_stop}
    with pytest.raises(Unavailable, match="the queue is gone"):
        await supervise(services, stop=stop, grace_seconds=5)
    assert trace.said == ["a finished"]
    assert stop.is_set()


async def test_one_that_fails_while_stopping_is_heard() -> None:
    trace, stop = Trace(), asyncio.Event()
    services = {"a": failing_on_stop, "b": trace.obeying("b", stop.set)}
    with pytest.raises(Failed, match="could not finish"):
        await supervise(services, stop=stop, grace_seconds=5)
    assert trace.said == ["b finished"]


async def test_one_that_ends_unasked_stops_all() -> None:
    trace = Trace()
    services = {"a": ending, "b": trace.obeying("b")}
    with pytest.raises(Failed, match="the service a ended without being asked to"):
        await supervise(services, stop=asyncio.Event(), grace_seconds=5)
    assert trace.said == ["b finished"]


async def test_who_cancels_the_supervisor_cancels_the_services() -> None:
    trace, stop = Trace(), asyncio.Event()
    running = asyncio.create_task(supervise({"a": trace.deaf("a")}, stop=stop, grace_seconds=60))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert trace.said == ["a cancelled"]


async def test_nothing_to_run_waits_for_the_stop() -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(supervise({}, stop=stop, grace_seconds=1))
    await asyncio.sleep(0.01)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 1)


async def test_signals_are_given_back_at_the_end() -> None:
    stop = asyncio.Event()
    stop.set()
    before = signal.getsignal(signal.SIGINT)
    await supervise({}, stop=stop, grace_seconds=1)
    assert signal.getsignal(signal.SIGINT) == before


async def test_work_that_a_signal_meets_is_ended_and_has_no_answer() -> None:
    trace = Trace()

    async def waiting() -> int:
        strike(signal.SIGTERM)()
        await trace.deaf("start")(asyncio.Event())
        return 1

    assert await unless_stopped(waiting()) is None
    assert trace.said == ["start cancelled"]


async def test_work_without_a_signal_gives_its_answer_or_its_error() -> None:
    async def answering() -> int:
        return 1

    assert await unless_stopped(answering()) == 1
    with pytest.raises(Unavailable):
        await unless_stopped(failing(asyncio.Event()))
