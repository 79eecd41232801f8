"""What Prometheus scrapes: counted while the daemon works, and read from the store when asked.

Names and units follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from typing_extensions import override

from sesauditd.web.families import families

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.metrics_core import Metric

    from sesauditd.web.families import Facts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
RESULTS = ("recorded", "duplicates", "quarantined", "ignored")
STAGES = ("archive", "record")


class _Stored(Collector):
    """Yields the facts of the newest scrape."""

    def __init__(self) -> None:
        self.facts: Facts | None = None

    @override
    def collect(self) -> Iterable[Metric]:
        return [] if self.facts is None else list(families(self.facts))


@dataclass(slots=True)
class Meters:
    """The counters of one daemon; they begin at zero with it."""

    ticks: Callable[[], float] = time.perf_counter
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _stored: _Stored = field(default_factory=_Stored)
    notifications: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    errors: Counter = field(init=False)
    depth: Gauge = field(init=False)
    oldest: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Enter every family, those that counted nothing yet at zero."""
        self.notifications = Counter(
            "sesauditd_notifications",
            "Notifications that came out of the queue, by what became of them.",
            ["result"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "sesauditd_batch_seconds",
            "Seconds that a batch of notifications took at a stage, failed tries included.",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.errors = Counter(
            "sesauditd_errors",
            "Errors, by the part of the daemon that met them and by their class.",
            ["part", "error"],
            registry=self.registry,
        )
        self.depth = Gauge(
            "sesauditd_queue_messages",
            "Messages in the feedback queue when it was last looked at.",
            ["state"],
            registry=self.registry,
        )
        self.oldest = Gauge(
            "sesauditd_queue_oldest_message_age_seconds",
            "Age of the oldest message in the feedback queue when it was last looked at.",
            registry=self.registry,
        )
        for result in RESULTS:
            self.notifications.labels(result)
        for stage in STAGES:
            self.seconds.labels(stage)
        self.registry.register(self._stored)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of a batch, and count what is raised in it."""
        begun = self.ticks()
        try:
            with self.counting(name):
                yield
        finally:
            self.seconds.labels(name).observe(self.ticks() - begun)

    @contextmanager
    def counting(self, part: str) -> Iterator[None]:
        """Count what is raised, and let it go on."""
        try:
            yield
        except Exception as error:
            self.errors.labels(part, type(error).__name__).inc()
            raise

    def looked(self, *, waiting: int, in_flight: int, oldest_seconds: float | None) -> None:
        """Take note of a look at the queue."""
        self.depth.labels("waiting").set(waiting)
        self.depth.labels("in_flight").set(in_flight)
        if waiting == 0:
            self.oldest.set(0)
        elif oldest_seconds is not None:
            self.oldest.set(oldest_seconds)

    def exposition(self, facts: Facts) -> bytes:
        """Return everything in the text format of Prometheus."""
        self._stored.facts = facts
        return generate_latest(self.registry)
