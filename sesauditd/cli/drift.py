"""Comparing what stands with what was made: `sesauditd drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output, plans
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.config.settings import Settings
    from sesauditd.onboard.drift import Comparison


def register(app: typer.Typer) -> None:
    """Add the command `drift`."""
    app.command(
        "drift",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples("sesauditd drift", "sesauditd drift example.com --json"),
    )(drift)


def drift(
    context: typer.Context,
    domain: Annotated[
        str | None, typer.Argument(help="A domain; without it all of them and the account.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what is no longer as setup and onboarding made it, and what repairs it.

    Changes nothing. Ends with 4 if something differs, with 1 if something is in the way of a
    repair or cannot be looked at.
    """
    found = finished(_compared(settings_of(context), domain))
    if as_json:
        output.emit_json(_document(found))
    else:
        _tell(found)
    raise typer.Exit(_exit_code(found))


async def _compared(settings: Settings, domain: str | None) -> Sequence[Comparison]:
    from sesauditd.bootstrap.keeping import keeping
    from sesauditd.model.addresses import registrable

    async with keeping(settings) as opened:
        if domain is not None:
            chosen = [await opened.of(registrable(domain))]
        else:
            chosen = list(await opened.kept.all())
        account = domain is None
        with output.progress(len(chosen) + account, "Comparing") as advance:
            return await opened.compare(
                chosen, account=account, on_subject=lambda _subject: advance(1)
            )


def _tell(found: Sequence[Comparison]) -> None:
    from sesauditd.onboard import drift as comparing
    from sesauditd.onboard import rendering

    for one in found:
        if one.failure:
            output.say(f"\n{one.subject}: cannot be looked at: {one.failure}")
        elif not one.is_good:
            plans.show(one.plan, f"\n{one.subject}:")
        elif one.plan.remarks:
            output.say("\n".join((f"\n{one.subject}:", *rendering.remarks(one.plan), "")))
        _tell_remedy(one)
    good = [one.subject for one in found if one.is_good]
    if len(good) == len(found):
        output.say(comparing.summary(found))
    elif good:
        output.say(f"\nAs it was made: {', '.join(good)}")


def _tell_remedy(one: Comparison) -> None:
    """Print the command, and each record by itself, so that it can be copied."""
    if not one.plan.is_empty and one.repair:
        output.say(f"  to repair it: {one.repair}")
    if one.lines:
        output.say("  to be entered at its own DNS:")
    for line in one.lines:
        output.say(f"    {line}")


def _document(found: Sequence[Comparison]) -> Mapping[str, object]:
    from sesauditd.onboard import rendering

    return {
        "pending": any(not one.is_good for one in found),
        "subjects": [
            {
                "subject": one.subject,
                "repair": (one.repair or None) if not one.plan.is_empty else None,
                "by_hand": one.lines,
                "failure": one.failure or None,
                **rendering.document(one.plan),
            }
            for one in found
        ],
    }


def _exit_code(found: Sequence[Comparison]) -> int:
    if any(one.failure for one in found):
        return 1
    codes = {plans.exit_code(one.plan) for one in found}
    return 1 if 1 in codes else max(codes, default=0)
