"""How plans are shown, confirmed and watched: a table on a terminal, lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from sesauditd.cli import output
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from rich.table import Table

    from sesauditd.model.plan import Plan
    from sesauditd.onboard.engine import Watch

PENDING = 4
"""The exit code of a plan that has changes."""


def show(plan: Plan, title: str = "") -> None:
    """Print a plan on stdout."""
    from sesauditd.onboard import rendering

    if title:
        output.say(title)
    if not sys.stdout.isatty():
        for line in rendering.lines(plan):
            output.say(line)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if plan.changes or plan.conflicts:
        console.print(_table(plan))
    for one in plan.later:
        output.say(f"? {one}: known only after the changes above")
    for one in rendering.remarks(plan):
        output.say(one)
    output.say(rendering.summary(plan))


def confirm(question: str, *, yes: bool) -> None:
    """Ask before anything is changed, unless `yes` was said.

    Raises Refused where nobody can answer, and typer.Abort for a no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} Nobody is there to answer: run it with --yes")
    typer.confirm(question, abort=True)


@contextmanager
def watching(changes: int, description: str) -> Iterator[Watch]:
    """Show how many changes are made while the block runs; yield what the engine tells."""
    from sesauditd.onboard.engine import Moment

    with output.progress(changes, description) as advance:

        def watch(_change: object, moment: Moment) -> None:
            if moment is Moment.DONE:
                advance(1)

        yield watch


def exit_code(plan: Plan) -> int:
    """Return the exit code of a plan that was only shown: 1 conflicts, 4 changes, 0 none."""
    if plan.conflicts:
        return 1
    return 0 if plan.is_empty else PENDING


def _table(plan: Plan) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from sesauditd.model.plan import Verb
    from sesauditd.onboard import rendering

    styles = {Verb.CREATE: "green", Verb.UPDATE: "yellow", Verb.DELETE: "red"}
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("", "What", "Is", "Shall be"):
        drawn.add_column(Text(name), overflow="fold")

    def row(style: str, *cells: str) -> None:
        drawn.add_row(*(Text(output.cleaned(cell), style=style) for cell in cells))

    for conflict in plan.conflicts:
        row("bold red", rendering.CONFLICT, conflict.resource, conflict.found, conflict.wanted)
        row("", "", f"  {conflict.advice}", "", "")
    for change in plan.changes:
        style = styles[change.verb]
        row(style, rendering.SIGNS[change.verb], change.resource, "", change.why)
        for path, old, new in rendering.values(change):
            is_made, is_removed = change.before is None, change.after is None
            row("", "", f"  {path}", "" if is_made else old, "" if is_removed else new)
    return drawn
