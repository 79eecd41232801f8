"""From one login of many sites to one each: `sesauditd credentials split`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import onboard, output, plans, wishes
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.config.settings import Settings
    from sesauditd.model.splitting import Split


NEXT = (
    "\n{shared} works on. Enter each new login at its site. `sesauditd credentials split` shows "
    "who still sends by {shared}; once nobody did for 14 days, `sesauditd credentials split "
    "--retire {shared}` switches it off."
)

FileOption = Annotated[
    Path | None, typer.Option(help="CSV with the columns of `onboard`: domain,customer,contact")
]
SharedOption = Annotated[
    str | None,
    typer.Option("--from", metavar="USER", help="With --file: the IAM user that all sites use."),
]
RetireOption = Annotated[
    str | None,
    typer.Option(metavar="USER", help="Switch a shared login off that nobody uses any more."),
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only show what would be done; ends with 4 if anything.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Write the credentials into this new file, not to the terminal."),
]


def split(
    context: typer.Context,
    *,
    file: FileOption = None,
    shared: SharedOption = None,
    retire: RetireOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give each site of one shared login its own, and show which still use the shared one.

    With --file every domain is onboarded, what stands there is taken over, and the shared
    login goes on working. Without options: who was last seen by which login.
    """
    settings = settings_of(context)
    if retire is not None:
        _retired(settings, retire, yes=yes, as_json=as_json)
        return
    if file is None:
        seen = finished(_looked(settings))
        _tell(seen.splits, seen.at, as_json=as_json)
        return
    if shared is None:
        raise Refused("name the IAM user that all these sites use with --from")
    domains = [one.domain for one in wishes.from_file(file)]
    finished(_checked(settings, shared, domains))
    try:
        _onboard(context, file, out, plan=plan, yes=yes, as_json=as_json)
    finally:
        # Also after half a run: the domains that came through are watched from now on.
        if not plan and finished(_begun(settings, shared, domains)) and not as_json:
            output.say(NEXT.format(shared=shared))


def _onboard(
    context: typer.Context,
    file: Path,
    out: Path | None,
    *,
    plan: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Onboard every domain of the file, taking over what stands there."""
    onboard.onboard(
        context,
        None,
        file=file,
        plan=plan,
        yes=yes,
        out=out,
        take_over=True,
        as_json=as_json,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    splits: Sequence[Split]
    at: datetime


async def _checked(settings: Settings, user: str, domains: Sequence[str]) -> None:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.credentials import splitting_of
    from sesauditd.bootstrap.onboarding import administration

    async with administration(settings, clock=bootstrap.now) as opened:
        await splitting_of(opened).check(user, domains)


async def _begun(settings: Settings, user: str, domains: Sequence[str]) -> bool:
    """Note the domains that were given a login of their own, and return whether any was."""
    from sesauditd import bootstrap
    from sesauditd.bootstrap.keeping import kept_domains_of
    from sesauditd.store.splits import Splits

    async with bootstrap.application(settings) as program:
        kept = {one.name for one in await kept_domains_of(program).all()}
        splits = Splits(database=program.database)
        moved = [one for one in domains if one in kept]
        for one in moved:
            await splits.begin(one, user, bootstrap.now())
        return bool(moved)


async def _looked(settings: Settings) -> _Seen:
    from sesauditd import bootstrap
    from sesauditd.store.splits import Splits

    async with bootstrap.application(settings) as program:
        return _Seen(await Splits(database=program.database).all(), bootstrap.now())


def _retired(settings: Settings, user: str, *, yes: bool, as_json: bool) -> None:
    plans.confirm(f"Make all access keys of {user} Inactive?", yes=yes)
    keys = finished(_switched_off(settings, user))
    if as_json:
        output.emit_json({"user": user, "inactive": keys})
        return
    output.say(
        f"Inactive: {', '.join(keys) or 'no key was active'}. If a site was forgotten: `aws iam "
        f"update-access-key --user-name {user} --access-key-id ID --status Active`."
    )


async def _switched_off(settings: Settings, user: str) -> Sequence[str]:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.credentials import splitting_of
    from sesauditd.bootstrap.onboarding import administration

    async with administration(settings, clock=bootstrap.now) as opened:
        return await splitting_of(opened).retire(user, bootstrap.now())


def _tell(splits: Sequence[Split], now: datetime, *, as_json: bool) -> None:
    from sesauditd.model.splitting import state_of

    rows = [
        {
            "user": split.user,
            "domain": use.domain,
            "shared_at": use.shared_at,
            "own_at": use.own_at,
            "state": "retired" if split.retired else state_of(use, now),
        }
        for split in splits
        for use in split.uses
    ]
    if as_json:
        silent = [one.user for one in splits if one.is_silent(now) and not one.retired]
        output.emit_json({"uses": rows, "can_be_retired": silent})
        return
    if not rows:
        output.say("No shared login is split: name one with --from USER --file CSV.")
        return
    output.table(
        ("Shared login", "Domain", "Last by it", "Last by its own", "State"),
        [tuple(map(_cell, row.values())) for row in rows],
    )
    for one in splits:
        if one.is_silent(now) and not one.retired:
            output.say(f"Nobody uses {one.user}: sesauditd credentials split --retire {one.user}")


def _cell(value: object) -> str:
    """Return a time to the minute, UTC, and what else there is as it is."""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "-")
