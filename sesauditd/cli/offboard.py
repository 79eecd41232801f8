"""Taking a domain down: `sesauditd offboard`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output, plans
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.engine import Applied


def register(app: typer.Typer) -> None:
    """Add the command `offboard`."""
    app.command(
        "offboard",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples("sesauditd offboard example.com --plan", "sesauditd offboard example.com"),
    )(offboard)


def offboard(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(help="A domain that is to send no more.")],
    *,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Only show what would be removed; ends with 4 if anything."),
    ] = False,
    only_tenant: Annotated[
        bool,
        typer.Option("--only-tenant", help="Only leave its tenant of SES; all else stays."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what onboarding made for a domain: user and keys, records, identity, set.

    Only what is ours and unchanged; shows it and asks before. Its mail is refused from then on.
    Events, verdicts and cases stay in the database.
    """
    found, applied = finished(
        _offboarded(
            settings_of(context),
            domain,
            _How(only_plan=plan, only_tenant=only_tenant, yes=yes, quiet=as_json),
        )
    )
    _tell(found, applied, as_json=as_json)
    if applied is None:
        raise typer.Exit(plans.exit_code(found))
    raise typer.Exit(1 if applied.conflicts else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    only_plan: bool
    only_tenant: bool
    yes: bool
    quiet: bool


async def _offboarded(settings: Settings, domain: str, how: _How) -> tuple[Plan, Applied | None]:
    from sesauditd.bootstrap.offboard import offboarder
    from sesauditd.model.addresses import registrable

    async with offboarder(settings) as opened:
        prepared = await opened.prepare(registrable(domain), only_tenant=how.only_tenant)
        found = prepared.plan
        if not how.quiet:
            plans.show(found, f"\n{prepared.domain}:")
        if how.only_plan or found.conflicts or found.is_empty:
            return found, None
        plans.confirm("Remove all of this?", yes=how.yes)
        with plans.watching(len(prepared.seen.changes), "Removing") as watch:
            return found, await opened.carry_out(prepared, watch, only_tenant=how.only_tenant)


def _tell(plan: Plan, applied: Applied | None, *, as_json: bool) -> None:
    from sesauditd.model.plan import Plan
    from sesauditd.onboard import rendering

    met = Plan(conflicts=applied.conflicts if applied is not None else ())
    if as_json:
        output.emit_json({**rendering.document(plan + met), "applied": applied is not None})
    elif met.conflicts:
        plans.show(met)
    elif applied is not None:
        output.say(f"Done: {len(applied.changes)} removed or changed, each read back.")
