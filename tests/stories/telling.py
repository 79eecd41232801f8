"""Stories as data: rows of what happened, and how it must end."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tests.support.cases import WEEK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = Path(__file__).parent
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
JUDGED = "mon+1w 03:00"
"""When a story is judged if it does not say otherwise: the Monday after its week."""

_DAY = re.compile(r"(?P<day>[a-z]{3})(?:(?P<sign>[+-])(?P<count>\d+)(?P<unit>[dw]))?")
_SPAN = re.compile(r"(?P<count>\d+)(?P<unit>ms|[smhdw])")
_BRACES = re.compile(r"\{([^{}]*)\}")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a story: something that SES tells, or something that an operator does."""

    number: int
    at: datetime
    step: timedelta = timedelta()
    """From one recipient to the next."""
    word: str
    arguments: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    every: timedelta = timedelta()
    """From one repetition of the row to the next."""

    @property
    def is_decision(self) -> bool:
        """Say whether an operator acts here: what was told before stays before."""
        return self.word.startswith("!")

    def has(self, flag: str) -> bool:
        """Say whether the row bears a flag."""
        return flag in self.arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Verdicts that must stand at the end: so many of a rule, about one subject if it is named."""

    rule: str
    subject: str | None
    count: int
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to honest or dishonest people, and the end that it must come to."""

    name: str
    kind: str
    domains: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    ends: tuple[Expected, ...]
    judged_at: datetime
    facts: Mapping[str, Any]
    """Everything else that the story says: modes, policies, figures to look for."""

    @override
    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


def stories() -> Iterator[Story]:
    """Yield every story of the folders `honest` and `spammers`."""
    for file in sorted(FOLDER.glob("*/*.toml")):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        for told in document["story"]:
            yield _story(told, file.parent.name)


def moment(day: str, time: str) -> datetime:
    """Return the time that `tue-2w` and `09:30` stand for, counted from the judged week."""
    found = _DAY.fullmatch(day)
    assert found, f"{day} is no day of a story"
    at = WEEK + timedelta(days=DAYS.index(found["day"]))
    if found["count"]:
        shift = int(found["count"]) * _UNITS[found["unit"]]
        at = at + shift if found["sign"] == "+" else at - shift
    parts = [int(one) for one in time.split(":")]
    hours, minutes, seconds = (*parts, 0)[:3]
    return at + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def span(text: str) -> timedelta:
    """Return the length of time that `90m` or `3d` stands for."""
    found = _SPAN.fullmatch(text)
    assert found, f"{text} is no span of time"
    return int(found["count"]) * _UNITS[found["unit"]]


def expanded(pattern: str) -> list[str]:
    """Return what braces stand for: `a{1..3}@x` and `{ann,bob}.{poe,doe}@x`, all together."""
    pieces = _BRACES.split(pattern)
    choices = [_choices(one) if odd % 2 else [one] for odd, one in enumerate(pieces)]
    return ["".join(parts) for parts in product(*choices)]


def _choices(inside: str) -> Sequence[str]:
    first, dots, last = inside.partition("..")
    if dots:
        return [str(number) for number in range(int(first), int(last) + 1)]
    return inside.split(",")


def _story(told: Mapping[str, Any], kind: str) -> Story:
    known = {"name", "domains", "events", "ends", "judged"}
    return Story(
        name=told["name"],
        kind=kind,
        domains=tuple(tuple(one.split()) for one in told["domains"]),
        rows=tuple(_rows(told["events"])),
        ends=tuple(_expected(one) for one in told["ends"]),
        judged_at=moment(*told.get("judged", JUDGED).split()),
        facts={key: value for key, value in told.items() if key not in known},
    )


def _rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.strip().splitlines()):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        day, time, word, *rest = words
        clock, _, step = time.partition("/")
        options = dict(one.split("=", 1) for one in rest if _is_option(one))
        times, _, every = options.pop("times", "1").partition("/")
        yield Row(
            number=number,
            at=moment(day, clock),
            step=span(step) if step else timedelta(),
            word=word,
            arguments=tuple(one for one in rest if not _is_option(one)),
            options=options,
            times=int(times),
            every=span(every) if every else timedelta(),
        )


def _expected(line: str) -> Expected:
    rule, *rest = shlex.split(line)
    counts = [int(one[1:]) for one in rest if one.startswith("*")]
    subjects = [one for one in rest if not one.startswith("*") and not _is_option(one)]
    return Expected(
        rule=rule,
        subject=subjects[0] if subjects else None,
        count=counts[0] if counts else 1,
        options=dict(one.split("=", 1) for one in rest if _is_option(one)),
    )


def _is_option(word: str) -> bool:
    return re.match(r"[a-z_]+=", word) is not None
