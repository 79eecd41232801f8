"""Tables in plain text, 80 columns wide."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sesauditd.report.plain import cleaned, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 80
INDENT = 2
UNBROKEN = "\ue000"
"""A private character that stands for a space at which no line ends."""


def section(title: str, body: str) -> str:
    """Return the body under its title."""
    return f"{title}\n{body}"


def filled(text: str, *, indent: int = 0) -> str:
    """Return the text broken into lines of at most 80 columns, all indented alike."""
    # A number and its percent sign stay on one line.
    kept = re.sub(r"(?<=\d) %", f"{UNBROKEN}%", text)
    lines = Text(kept).wrap(_console(WIDTH), WIDTH - indent, overflow="fold")
    begin = " " * indent
    return "\n".join(f"{begin}{line.plain}".rstrip() for line in lines).replace(UNBROKEN, " ")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> str:
    """Return the rows under their column names; long cells are folded, markup is shown.

    Numbers and the columns named in `right` stand to the right; None is a dash.
    """
    kept = list(rows)
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, name in enumerate(columns):
        numeric = name in right or all(isinstance(row[index], int) for row in kept)
        drawn.add_column(Text(name), overflow="fold", justify="right" if numeric else "left")
    for row in kept:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    console = _console(WIDTH - INDENT)
    with console.capture() as shown:
        console.print(drawn)
    return "\n".join(f"{' ' * INDENT}{line}".rstrip() for line in shown.get().splitlines())


def _console(width: int) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        color_system=None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case int():
            return number(value)
        case _:
            return cleaned(str(value))
