"""Exchanging the logins of sites: `sesauditd credentials`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import handing_over, output, plans, splitting
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.config.settings import Settings
    from sesauditd.model.rotation import RotationNote

KEPT_DAYS = 14


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        rich_markup_mode=None,
        help="Exchange the logins that sites send by.",
        epilog=examples("sesauditd credentials rotate example.com"),
    )
    group.command(
        "rotate",
        epilog=examples(
            "sesauditd credentials rotate example.com",
            "sesauditd credentials rotate example.com --retire",
        ),
    )(rotate)
    group.command(
        "split",
        epilog=examples(
            "sesauditd credentials split --from ses-smtp-user --file domains.csv --out new.txt",
            "sesauditd credentials split",
            "sesauditd credentials split --retire ses-smtp-user",
        ),
    )(splitting.split)
    app.add_typer(group, name="credentials", rich_help_panel=Heading.SETTING_UP)


def rotate(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(help="A domain that was onboarded.")],
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="All sites have the new login: switch the old one off.")
    ] = False,
    days: Annotated[
        int, typer.Option(min=0, max=365, help="How long the old login works without --retire.")
    ] = KEPT_DAYS,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the credentials into this new file, not to the terminal."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Give a domain a new login, shown once; the old one works until it is retired.

    With --retire the old key becomes Inactive, and is deleted a week later. Without, the daemon
    does so after --days.
    """
    settings = settings_of(context)
    if retire:
        note = finished(_retired(settings, domain))
    else:
        handing_over.check(out, as_json=as_json)
        note = finished(_rotated(settings, domain, timedelta(days=days), _Hand(out, yes, as_json)))
    if as_json:
        output.emit_json(_document(note))
    else:
        output.say(_said(note))


@dataclass(frozen=True, slots=True)
class _Hand:
    """How the new login is handed over."""

    out: Path | None
    yes: bool
    as_json: bool


async def _rotated(settings: Settings, domain: str, keep: timedelta, hand: _Hand) -> RotationNote:
    from sesauditd.bootstrap.credentials import exchange
    from sesauditd.model.addresses import registrable

    async with exchange(settings) as opened:
        kept = await opened.keeping.of(registrable(domain))
        old = await opened.rotation.old_key(kept)
        if not hand.as_json:
            output.say(
                f"{kept.name} gets a second access key beside {old}, which works for "
                f"{keep.days} days more or until --retire."
            )
        plans.confirm("Make it?", yes=hand.yes)
        with handing_over.outlet(hand.out, as_json=hand.as_json) as show:
            return await opened.rotate(kept, keep, show)


async def _retired(settings: Settings, domain: str) -> RotationNote:
    from sesauditd.bootstrap.credentials import exchange
    from sesauditd.model.addresses import registrable

    async with exchange(settings) as opened:
        return await opened.retire(registrable(domain))


def _document(note: RotationNote) -> Mapping[str, object]:
    return {
        "domain": note.domain,
        "user": note.user,
        "old": note.old,
        "new": note.new,
        "stage": note.stage,
        "due_at": note.due_at,
    }


def _said(note: RotationNote) -> str:
    from sesauditd.model.rotation import RotationStage

    day = f"{note.due_at:%Y-%m-%d %H:%M} UTC"
    match note.stage:
        case RotationStage.RETIRED:
            return f"Key {note.old} is Inactive. The daemon deletes it after {day}."
        case RotationStage.OVER:
            return f"Key {note.old} is deleted."
        case _:
            return (
                f"Key {note.new} is the new login of {note.domain}. Enter it on all its sites, "
                f"then run: sesauditd credentials rotate {note.domain} --retire\n"
                f"Otherwise the daemon makes {note.old} Inactive after {day}."
            )
