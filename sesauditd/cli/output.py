"""How facts and remarks reach the terminal: JSON, tables, notes and progress bars."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

import typer
from typing_extensions import override

from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.progress import Progress, ProgressColumn, Task

PLAIN_WIDTH = 80
"""Columns of a table that goes to a file or a pipe."""
PACE_SECONDS = 180
"""Of a bar: over how long its pace is measured."""
BAR_WIDTH = 20
"""So that all that stands beside a bar fits 80 columns."""

_bars: list[Progress] = []
"""Those on the terminal just now, the last one in front."""

# Control characters move the cursor, bidirectional marks reorder what a person reads, and marks
# without a width let two different names look the same.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff]"
)


def emit_json(document: object) -> None:
    """Print one JSON document on stdout: keys in the given order, times as ISO 8601 with Z."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(document, default=_json_value, ensure_ascii=not unicode, indent=2)
    # JSON lets all of these stand bare but a few; its escape says the same and moves no cursor.
    typer.echo(_HOSTILE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


def cleaned(text: str) -> str:
    """Return text without what a terminal would obey instead of show."""
    return _HOSTILE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", " "))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    empty: str = "Nothing to show.",
) -> None:
    """Print a table that folds long cells to the width of the terminal, 80 columns in a pipe.

    Cells are shown as they are, whatever markup or control characters they hold; numbers
    stand to the right, times as ISO, None and "" as a dash. `empty` is said instead of no rows.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kept = list(rows)
    if not kept:
        say(empty)
        return
    drawn = Table(
        box=box.SIMPLE_HEAD,
        title=Text(cleaned(title)) if title else None,
        title_justify="left",
        show_edge=False,
        pad_edge=False,
    )
    for index, name in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in kept)
        drawn.add_column(Text(name), overflow="fold", justify="right" if numeric else "left")
    for row in kept:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    Console(width=width, highlight=False, markup=False, emoji=False).print(drawn)


def say(text: str) -> None:
    """Print a line of facts on stdout."""
    typer.echo(cleaned(text))


def headline(text: str, style: str) -> None:
    """Print the line above all, in colour on a terminal that has and wants some."""
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(
        Text(cleaned(text), style=style)
    )


def note(text: str) -> None:
    """Print a remark for a person on stderr, where it does not mix with facts."""
    with without_bar():
        typer.echo(cleaned(text), err=True)


@contextmanager
def progress(total: int | None, description: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the block runs, if that is a terminal.

    Yields the function that is told how many more are done; None as the total means unknown.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    # Some steps take seconds, and others follow at once.
    with Progress(
        *_columns(), console=console, transient=True, speed_estimate_period=PACE_SECONDS
    ) as bar:
        task = bar.add_task(cleaned(description), total=total)
        _bars.append(bar)
        try:
            yield lambda done: bar.advance(task, done)
        finally:
            _bars.remove(bar)


@contextmanager
def without_bar() -> Iterator[None]:
    """Take the bar that is shown, if one is, off the terminal while the block writes there."""
    shown = _bars[-1:]
    for bar in shown:
        bar.stop()
    try:
        yield
    finally:
        for bar in shown:
            bar.start()


def _columns() -> Sequence[ProgressColumn]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Paced(ProgressColumn):
        """How much is done in a second."""

        @override
        def render(self, task: Task) -> Text:
            return Text(rate(task.finished_speed or task.speed), style="dim")

    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=BAR_WIDTH),
        MofNCompleteColumn(),
        Paced(),
        TimeElapsedColumn(),
        TextColumn("left", style="dim"),
        TimeRemainingColumn(),
    )


def rate(a_second: float | None) -> str:
    """Return a pace as a person reads it, a minute's or an hour's where a second's is below one."""
    if not a_second:
        return ""
    for unit, seconds in (("s", 1), ("min", 60)):
        if a_second * seconds >= 1:
            return f"{a_second * seconds:,.0f}/{unit}"
    return f"{a_second * 3600:,.0f}/h"


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case datetime():
            return iso(value)
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return cleaned(str(value))


def _json_value(value: object) -> object:
    match value:
        case datetime():
            return iso(value)
        case bytes():
            return value.hex()
        case set() | frozenset():
            return sorted(value, key=str)
        case Mapping():
            return dict(value)
        case date() | PurePath():
            return str(value)
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in fields(value)}
        case _:
            message = f"{type(value).__name__} has no form in JSON"
            raise TypeError(message)
