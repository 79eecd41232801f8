"""The story for newcomers: `sesauditd demo`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.sections import Heading, examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sesauditd.demo.story import Setting


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        rich_help_panel=Heading.LOOKING,
        epilog=examples("sesauditd demo", "sesauditd demo --headless --seed 7"),
    )(demo)


def demo(
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Tell it in one go and end.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed, another month.")] = 1,
    days: Annotated[int, typer.Option(help="How long the story is, in whole weeks.")] = 28,
    folder: Annotated[Path, typer.Option(help="Where its files go.")] = Path("sesauditd-demo"),
) -> None:
    """Watch a generated month of mail being judged; needs no AWS and no settings."""
    import asyncio

    from sesauditd.bootstrap import now
    from sesauditd.demo.story import prepared

    setting = prepared(folder.resolve(), seed=seed, days=days, now=now())
    asyncio.run(_play(setting, _Terminal(pauses=not headless)))


async def _play(setting: Setting, stage: _Terminal) -> None:
    from sesauditd import bootstrap
    from sesauditd.config import load
    from sesauditd.demo.story import Clock, play

    clock = Clock(setting.start)
    settings = load(setting.folder / "config.toml", {})
    async with bootstrap.application(settings, clock=clock) as program:
        await play(program, setting, clock, stage)


class _Terminal:
    """Shows the story on a terminal, or in a file."""

    def __init__(self, *, pauses: bool) -> None:
        self._pauses = pauses

    def say(self, text: str) -> None:
        """Show a paragraph, each line of it no wider than a page."""
        import sys
        import textwrap

        if self._pauses and text.startswith("\nWeek") and sys.stdin.isatty():
            typer.prompt("Enter to go on", default="", show_default=False, prompt_suffix=" ")
        for line in text.split("\n"):
            wrapped = textwrap.wrap(line, 80, break_long_words=False) or [""]
            for part in wrapped if not line.startswith("  ") else [line]:
                output.say(part)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        """Show a table."""
        output.table(columns, rows, title=title)

    def progress(self, total: int, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar while the week is read."""
        return output.progress(total, what)
