"""Setting the account up: `sesauditd setup`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import options, output, plans
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused, SesauditdError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sesauditd.bootstrap.onboarding import Setup
    from sesauditd.config.editing import Values
    from sesauditd.config.settings import Settings
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.engine import Applied

PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only show what would be changed; ends with 4 if anything.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
TakeOverOption = Annotated[
    bool,
    typer.Option("--take-over", help="Let what stands there without our tag become ours."),
]


def register(app: typer.Typer) -> None:
    """Add the command `setup`."""
    app.command(
        "setup",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples("sesauditd setup --plan", "sesauditd setup --write-config"),
    )(setup)


def setup(
    context: typer.Context,
    *,
    plan: PlanOption = False,
    yes: YesOption = False,
    take_over: TakeOverOption = False,
    write_config: Annotated[
        bool,
        typer.Option("--write-config", help="Write the queue, topic and bucket into the file."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the account ready: topic, queues, bucket, bounds, and the set of our own mail.

    Shows what would be changed, asks, and changes it. A second time there is nothing to do.
    """
    settings = settings_of(context)
    file = _file(context) if write_config else None

    async def work() -> tuple[Plan, Applied | None, Values]:
        from sesauditd import bootstrap
        from sesauditd.bootstrap.onboarding import setup as opening

        async with opening(settings, clock=bootstrap.now, take_over=take_over) as opened:
            found = await opened.plan()
            if not as_json:
                plans.show(found)
            if plan or found.conflicts:
                return found, None, {}
            applied = await _applied(opened, found, yes=yes)
            return found, applied, {} if applied.conflicts else opened.settings(applied)

    found, applied, learnt = finished(work())
    _tell(found, applied, learnt, as_json=as_json)
    if applied is None:
        raise typer.Exit(plans.exit_code(found))
    if applied.conflicts:
        raise typer.Exit(1)
    _configure(file, settings, learnt, say=output.note if as_json else output.say)


async def _applied(opened: Setup, plan: Plan, *, yes: bool) -> Applied:
    if not plan.is_empty:
        plans.confirm("Change this?", yes=yes)
    with plans.watching(len(plan.changes), "Setting up") as watch:
        return await opened.apply(plan, watch)


def _tell(plan: Plan, applied: Applied | None, learnt: Values, *, as_json: bool) -> None:
    from sesauditd.model.plan import Plan
    from sesauditd.onboard import rendering

    met = Plan(conflicts=applied.conflicts if applied is not None else ())
    if as_json:
        document = rendering.document(plan + met)
        named = {f"{section}.{key}": value for (section, key), value in learnt.items()}
        output.emit_json({**document, "applied": applied is not None, "settings": named})
    elif met.conflicts:
        plans.show(met)
    elif applied is not None and applied.changes:
        count = len(applied.changes)
        output.say(f"Done: {count} change{'' if count == 1 else 's'}, each read back.")


def _configure(
    file: Path | None, settings: Settings, values: Values, *, say: Callable[[str], None]
) -> None:
    """Write the values into the file; without one, say what the configuration lacks."""
    from sesauditd.config import editing

    if file is not None:
        try:
            written = editing.write(file, values)
        except SesauditdError:
            say(editing.pasted(values))
            raise
        say(f"Wrote {file}." if written else f"{file} says all of it already.")
        return
    lacking = editing.missing(settings.model_dump(mode="json"), values)
    if lacking:
        say("The configuration has to say (--write-config writes it):")
        say(editing.pasted(lacking))


def _file(context: typer.Context) -> Path:
    from sesauditd.config.reading import DEFAULT_FILE, chosen_name

    named = chosen_name(options.invocation_of(context).config, os.environ)
    file = named or DEFAULT_FILE
    if not file.exists():
        raise Refused(f"{file}: no such configuration file; `sesauditd init` writes one")
    return file
