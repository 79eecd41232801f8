"""Tables in plain text, 80 columns wide."""

from __future__ import annotations

import io
import re
import textwrap
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
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def section(title: str, body: str) -> str:
    """Return the body under its title."""
    return f"{title}\n{body}"


def filled(text: str, *, indent: int = 0) -> str:
    """Return the text broken into lines of at most 80 columns, all indented alike."""
    # A number and its percent sign stay on one line.
    kept = re.sub(r"(?<=\d) %", f"{NO_BREAK_SPACE}%", text)
    begin = " " * indent
    lines = textwrap.fill(kept, width=WIDTH, initial_indent=begin, subsequent_indent=begin)
    return lines.replace(NO_BREAK_SPACE, " ")


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
    file = io.StringIO()
    Console(
        file=file,
        width=WIDTH - INDENT,
        color_system=None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    ).print(drawn)
    return "\n".join(f"{' ' * INDENT}{line}".rstrip() for line in file.getvalue().splitlines())


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case int():
            return number(value)
        case _:
            return cleaned(str(value))
