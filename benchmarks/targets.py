"""What is asked of the program, and where the benchmarks' figures stand to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Figures = Mapping[str, object]
STAGES: Mapping[str, tuple[str, float]] = {
    "receive and delete": ("transport.CPU s per 1,000 of ours", 1000),
    "read: decode, normalise, attribute": ("parse.CPU s per 1,000 of ours, attributed", 1000),
    "pack for the archive": ("archive.pack_us", 1),
    "put into the archive": ("archive.put_us", 1),
    "record and judge, 1,000 a batch": ("store.1000: CPU s per 1,000 of ours", 1000),
}
"""What an event passes through, measured apart: the figure, and what makes microseconds of it."""
WHOLE = ("drain.cpu_per_1000", 1000.0)


@dataclass(frozen=True, slots=True)
class Part:
    """One figure and its bound."""

    figure: str | Callable[[Figures], float | None]
    least: float | None = None
    most: float | None = None
    form: str = "{:.2f}x"

    def value(self, figures: Figures) -> float | None:
        """Return the figure, None where it was not measured."""
        found = figures.get(self.figure) if isinstance(self.figure, str) else self.figure(figures)
        return float(found) if isinstance(found, int | float) else None

    def met(self, value: float | None) -> str:
        """Return whether it is within its bound, in a word."""
        if value is None or self.least is self.most is None:
            return "-"
        above = self.least is None or value >= self.least
        return "yes" if above and (self.most is None or value <= self.most) else "no"


def stage_rows(figures: Figures) -> list[tuple[str, float]]:
    """Return the stages, their sum and the whole drain, in microseconds of a processor an event.

    Empty if any of them was not measured.
    """
    found = [figures.get(figure) for figure, _ in (*STAGES.values(), WHOLE)]
    values = [one for one in found if isinstance(one, float)]
    if len(values) < len(found):
        return []
    factors = [factor for _, factor in (*STAGES.values(), WHOLE)]
    *parts, whole = (value * factor for value, factor in zip(values, factors, strict=True))
    shown = list(zip(STAGES, parts, strict=True))
    return [*shown, ("their sum", sum(parts)), ("the daemon, from queue to both stores", whole)]


def stages(figures: Figures) -> float | None:
    """Return the CPU of an event in the drain against the sum of its stages."""
    found = stage_rows(figures)
    return found[-1][1] / found[-2][1] if found else None


def _full(size: int) -> Callable[[Figures], float | None]:
    """Return the time that FULL takes against NORMAL, of the whole record."""

    def ratio(figures: Figures) -> float | None:
        normal = figures.get(f"store.{size}: speed against ours, NORMAL")
        return 1 / normal if isinstance(normal, float) else None

    return ratio


def _times(name: str) -> Callable[[Figures], float | None]:
    """Return how many times the peer's time ours takes, the other way round."""

    def ratio(figures: Figures) -> float | None:
        value = figures.get(name)
        return 1 / value if isinstance(value, float) else None

    return ratio


SECONDS, BYTES, MB, PERCENT, MS = "{:.2f} s", "{:,.0f} B", "{:.0f} MB", "{:.1f} %", "{:.0f} ms"
SPEED = "drain.speed against {}"
PEERS = ("boto3 single", "boto3 batch", "sqs-consumer x8")
TARGETS: Sequence[tuple[str, str, str, Sequence[Part]]] = (
    (
        "1",
        "drain against boto3 a message / boto3 a batch / `sqs-consumer` x8",
        ">= 15x / 3x / 2x",
        [Part(SPEED.format(one), least) for one, least in zip(PEERS, (15, 3, 2), strict=True)],
    ),
    (
        "2",
        "the same, the goal",
        ">= 40x / 8x / 5x",
        [Part(SPEED.format(one), least) for one, least in zip(PEERS, (40, 8, 5), strict=True)],
    ),
    (
        "3",
        "CPU an event against boto3 a batch",
        "<= 0.5x",
        [Part("drain.cpu against boto3 batch", most=0.5)],
    ),
    ("4", "CPU an event against its stages measured apart", "<= 1.3x", [Part(stages, most=1.3)]),
    (
        "5",
        "decode and normalise against `json`",
        ">= 2.3x",
        [Part("parse.speed against json", 2.3)],
    ),
    (
        "6",
        "store against raw `executemany`, 1,000 a batch; FULL against NORMAL at 100 and at 1,000",
        ">= 0.9x; <= 1.1x the time",
        [
            Part("store.1000: speed against raw", 0.9),
            Part(_full(100), most=1.1),
            Part(_full(1000), most=1.1),
        ],
    ),
    (
        "7",
        "store grown: CPU at last against at first; written and size an event",
        "<= 1.3x; <= 6 kB; <= 350 B",
        [
            Part("growth.cpu late against early, ours", most=1.3),
            Part("growth.B written late, ours", most=6000, form=BYTES),
            Part("growth.B of database late, ours", most=350, form=BYTES),
        ],
    ),
    (
        "8",
        "weekly reads: rates, recipients; each against a true scan",
        "<= 0.1 s, <= 1 s; >= 5x",
        [
            Part("enforcement.rates seconds", most=0.1, form=SECONDS),
            Part("enforcement.recipients seconds", most=1, form="{:.4f} s"),
            Part("enforcement.rates against a scan", 5),
            Part("enforcement.recipients against a scan", 5),
        ],
    ),
    (
        "9",
        "memory: last quarter of the messages against the second; most",
        "<= 1.05x; <= 150 MB",
        [Part("memory.flat", most=1.05), Part("memory.rss_mb", most=150, form=MB)],
    ),
    (
        "10",
        "10 % delivered twice; many messages against 20,000: CPU an event",
        "<= 1.1x; <= 1.2x",
        [
            Part(_times("drain.cpu against ours, 10 % twice"), most=1.1),
            Part("memory.growth", most=1.2),
        ],
    ),
    (
        "11",
        "archive: bytes an event, CPU of the PUT an event",
        "<= 800 B, <= 2.5 us",
        [
            Part("archive.bytes", most=800, form=BYTES),
            Part("archive.put_us", most=2.5, form="{:.1f} us"),
        ],
    ),
    (
        "12",
        "replay against decode + raw `executemany` of the same rows",
        ">= 0.6x",
        [Part("replay.speed against decode + executemany", 0.6)],
    ),
    (
        "13",
        "a hard bounce to its block, at 500 events/s: p99",
        "< 2 s",
        [Part("latency.p99_seconds", most=2, form=SECONDS)],
    ),
    (
        "14",
        "idle: CPU, memory; `--help`; `status`",
        "< 1 %, < 120 MB; < 300 ms; < 500 ms",
        [
            Part("idle.cpu_percent", most=1, form=PERCENT),
            Part("idle.rss_mb", most=120, form=MB),
            Part("idle.ms of sesauditd --help", most=300, form=MS),
            Part("idle.ms of sesauditd status", most=500, form=MS),
        ],
    ),
    (
        "15",
        "2 and 4 daemons on PostgreSQL against one; no event twice",
        "as it is",
        [Part("daemons.speed of 2"), Part("daemons.speed of 4")],
    ),
)


def rows(figures: Figures) -> list[list[str]]:
    """Return a line a target: its number, what, what is asked, what was found, and if it is met."""
    return [
        [number, what, target, *_judged(parts, figures)] for number, what, target, parts in TARGETS
    ]


def _judged(parts: Sequence[Part], figures: Figures) -> tuple[str, str]:
    values = [part.value(figures) for part in parts]
    shown = [
        "-" if value is None else part.form.format(value)
        for part, value in zip(parts, values, strict=True)
    ]
    met = [part.met(value) for part, value in zip(parts, values, strict=True)]
    return " / ".join(shown), met[0] if len(set(met)) == 1 else " / ".join(met)
