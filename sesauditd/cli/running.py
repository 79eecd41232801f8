"""The daemon: `sesauditd run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sesauditd.cli.options import settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from sesauditd.config import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "run",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples("sesauditd run", "sesauditd run --config ./config.toml"),
    )(run)


def run(context: typer.Context) -> None:
    """Run the daemon: listen to SES, judge, act, and tell people why.

    It ends on SIGTERM and Ctrl-C, after what it has in hand is finished.
    """
    settings = settings_of(context, is_daemon=True)
    finished(_run(settings))


async def _run(settings: Settings) -> None:
    import os

    from sesauditd import bootstrap
    from sesauditd.bootstrap.daemon import daemon

    await daemon(settings, os.environ, clock=bootstrap.now)
