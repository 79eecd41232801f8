"""The database itself: `sesauditd db upgrade`, `backup`, `verify`, `rebuild` and `diff`."""

from __future__ import annotations

import typer

from sesauditd.cli import options, output, recovering
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples


def register(app: typer.Typer) -> None:
    """Add the group `db`."""
    group = typer.Typer(
        help="Look after the database.",
        epilog=examples("sesauditd db verify", "sesauditd db backup"),
    )
    group.command(
        "upgrade",
        epilog=examples(
            "sesauditd db upgrade",
            "sesauditd db upgrade --config ./config.toml",
        ),
    )(upgrade)
    recovering.add(group)
    app.add_typer(group, name="db", rich_help_panel=Heading.DATABASE)


def upgrade(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Bring the tables to what this version of the program needs.

    Makes them in an empty database. Refuses a database that a newer version has changed.
    The daemon does the same at its start.
    """
    settings = options.settings_of(context)
    from sesauditd import bootstrap
    from sesauditd.config.values import without_password

    bootstrap.upgrade_database(settings)
    database = without_password(settings.database.url)
    if as_json:
        output.emit_json({"database": database, "upgraded": True})
    else:
        output.say(f"{database} is up to date.")
