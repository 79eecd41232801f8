"""How much waits in the queues, and how dead letters come back; for commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.shelves import clients_of

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.config.settings import Settings

FEEDBACK, DEAD, UNDELIVERED = "feedback", "dead-letters", "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One queue and what is in it, as far as SQS knows."""

    name: str
    queue: str
    """Its own name at SQS."""
    waiting: int
    in_flight: int
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """What came back from one queue."""

    name: str
    moved: int
    twice: int
    """Sent, and not deleted: they come again, and count once."""


async def standings(settings: Settings, now: datetime) -> Sequence[Standing]:
    """Return how each queue stands; raises Refused, Unavailable, Forbidden or Missing."""
    from sesauditd.aws.queue import Queue

    async with clients_of(settings) as clients:
        found = []
        for name, url in (await _urls(settings, clients)).items():
            depth = await Queue(clients, url).depth(now)
            found.append(
                Standing(
                    name=name,
                    queue=url.rsplit("/", 1)[-1],
                    waiting=depth.waiting,
                    in_flight=depth.in_flight,
                    oldest_seconds=depth.oldest_seconds,
                )
            )
        return found


async def redrive(
    settings: Settings, most: int | None, begun: Callable[[int], Callable[[int], None]]
) -> Sequence[Redriven]:
    """Move what is in the dead-letter queues back into the feedback queue.

    At most as many as waited at the beginning, so that what dies again is not moved for ever.
    `begun` gets that number and returns who is told of each.
    """
    from sesauditd.aws.queue import Queue
    from sesauditd.aws.redrive import move

    async with clients_of(settings) as clients:
        urls = await _urls(settings, clients)
        dead = {name: url for name, url in urls.items() if name != FEEDBACK}
        waiting = {name: (await Queue(clients, url).depth()).waiting for name, url in dead.items()}
        total = sum(waiting.values())
        left = total if most is None else min(most, total)
        told = begun(left)
        found = []
        for name, url in dead.items():
            moved = twice = 0
            async for step in move(clients, url, urls[FEEDBACK], min(left, waiting[name])):
                moved += step.moved
                twice += step.left
                told(step.moved)
            left -= moved
            found.append(Redriven(name=name, moved=moved, twice=twice))
        return found


async def _urls(settings: Settings, clients: Clients) -> dict[str, str]:
    from sesauditd.aws.queue import Queue
    from sesauditd.aws.redrive import url_of
    from sesauditd.errors import Refused

    if not settings.queue.url:
        raise Refused("queue.url is not set: sesauditd setup --write-config fills it in")
    urls = {FEEDBACK: settings.queue.url}
    dead = await Queue(clients, settings.queue.url).dead_letters()
    if dead is not None:
        urls[DEAD] = dead.url
    undelivered = await url_of(clients, f"{settings.installation.prefix}-{UNDELIVERED}")
    if undelivered is not None:
        urls[UNDELIVERED] = undelivered
    return urls
