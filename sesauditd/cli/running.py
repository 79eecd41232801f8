"""The daemon: `sesauditd run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sesauditd.cli.options import Invocation, invocation_of, log_as, settings_now, settings_of
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

    It ends on SIGTERM and Ctrl-C, after what it has in hand is finished. SIGHUP lets it read its
    configuration anew; a wrong one is refused in the log, and the old one goes on.
    """
    settings = settings_of(context, is_daemon=True)
    finished(_run(settings, invocation_of(context)))


async def _run(settings: Settings, invocation: Invocation) -> None:
    import os

    from sesauditd import bootstrap
    from sesauditd.bootstrap.daemon import daemon
    from sesauditd.bootstrap.reloading import Course

    course = Course(
        settings=settings,
        environment=os.environ,
        reread=lambda: settings_now(invocation),
        settle=lambda found: log_as(found, invocation, is_daemon=True),
    )
    await daemon(course, clock=bootstrap.now)
