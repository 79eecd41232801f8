"""The headings under which `sesauditd --help` lists the commands, and the help page itself."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from typer.core import TyperGroup
from typing_extensions import override

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

EVERYWHERE = "--config FILE and --debug may stand before or after the command."


WHOLE = 300
"""Characters of a command's line in the help: a sentence that is cut says nothing."""


class Heading(StrEnum):
    """What a group of commands is for, in the order of the help page."""

    SETTING_UP = "Setting up"
    RECORDING = "Recording and judging"
    LOOKING = "Looking"
    DECIDING = "Deciding"
    DATABASE = "Database"


class Grouped(TyperGroup):
    """A group whose help page lists the commands under their headings.

    Typer's own rich help would do so too, and takes three times as long to show.
    """

    @override
    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write one list of commands a heading."""
        shown = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
        width = max((len(name) for name in shown), default=0)
        for heading in [*Heading, None]:
            rows = [
                (name.ljust(width), self.commands[name].get_short_help_str(WHOLE))
                for name in shown
                if getattr(self.commands[name], "rich_help_panel", None) == heading
            ]
            if rows:
                with formatter.section(heading or "Commands"):
                    formatter.write_dl(rows)


def examples(*lines: str) -> str:
    """Return the end of a help page: example commands, and the options that hold everywhere."""
    # The backspace is Click's mark for a paragraph that must not be filled anew.
    indented = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{indented}\n\n{EVERYWHERE}"
