"""The story for newcomers: `sesauditd demo`."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from sesauditd.cli import output
from sesauditd.cli.options import invocation_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from sesauditd.demo.folder import Setting

NARROWEST, WIDEST = 60, 100
"""Columns of a paragraph that is pleasant to read."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        rich_help_panel=Heading.LOOKING,
        epilog=examples("sesauditd demo", "sesauditd demo --headless --seed 7"),
    )(demo)


def demo(
    context: typer.Context,
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell it in one go, without waiting for Enter.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed, another month.")] = 1,
    days: Annotated[
        int, typer.Option(help="How long the story is; whole weeks of it are told.")
    ] = 28,
    folder: Annotated[
        Path, typer.Option(help="Where its files go; a former demo there is replaced.")
    ] = Path("sesauditd-demo"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of its small AWS; 0 takes a free one.")
    ] = 0,
) -> None:
    """Watch a generated month of mail being judged and acted on; needs no AWS and no settings.

    Afterwards, without --headless, its small AWS and the daemon go on until Ctrl-C.
    """
    from sesauditd import logs
    from sesauditd.bootstrap import now
    from sesauditd.demo.folder import prepared

    # The story says what happens; the daemon's own lines are for whoever asks for them.
    logs.configure(level="debug" if invocation_of(context).debug else "error", form="console")
    setting = prepared(folder.absolute(), seed=seed, days=days, now=now())
    finished(_play(setting, _Terminal(pauses=not headless), port, stays=not headless))


async def _play(setting: Setting, stage: _Terminal, port: int, *, stays: bool) -> None:
    from sesauditd.demo.lookaround import look_around
    from sesauditd.demo.opening import opened
    from sesauditd.demo.story import Story

    place = shlex.quote(_shown(setting.folder))
    async with opened(setting, port=port) as theatre:
        await Story(theatre, setting, stage, place=place, called=_called()).play()
        if stays:
            await look_around(theatre, stage)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _called() -> str:
    """Return how this program can be called again, which need not be on the path."""
    own = Path(sys.argv[0])
    if own.name != "sesauditd" or shutil.which("sesauditd"):
        return "sesauditd"
    return shlex.quote(_shown(own.absolute()))


def _is_terminal(stream: TextIO | None) -> bool:
    # A program that is started with a stream closed has none.
    return stream is not None and stream.isatty()


class _Terminal:
    """Shows the story on a terminal, or in a file."""

    def __init__(self, *, pauses: bool) -> None:
        self._pauses = pauses and _is_terminal(sys.stdin) and _is_terminal(sys.stdout)
        self._chapters = 0

    def heading(self, text: str) -> None:
        """Begin a chapter, after Enter if somebody is there to press it."""
        from rich.rule import Rule
        from rich.text import Text

        self._chapters += 1
        if self._pauses and self._chapters > 1:
            typer.prompt("Enter to go on", default="", show_default=False, prompt_suffix=" ")
        console = self._console()
        title = Text(output.cleaned(text), style="bold")
        console.print()
        console.print(Rule(title, align="left", style="dim"))

    def say(self, text: str) -> None:
        """Show a paragraph, unless it is empty."""
        from rich.text import Text

        if text:
            console = self._console()
            console.print()
            console.print(Text(output.cleaned(text)))

    def lines(self, texts: Sequence[str]) -> None:
        """Show lines as long as they are."""
        output.say("\n" + "\n".join(texts))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        """Show a table."""
        output.say("")
        output.table(columns, rows, title=title)

    def progress(self, total: int, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar while a week is read."""
        return output.progress(total, what)

    def _console(self) -> Console:
        from rich.console import Console

        console = Console(highlight=False, markup=False, emoji=False)
        wide = console.width if sys.stdout.isatty() else output.PLAIN_WIDTH
        console.width = min(max(wide, NARROWEST), WIDEST)
        return console
