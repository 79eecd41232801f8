"""The queues: `sesauditd queue`, and dead letters back into them by `sesauditd queue redrive`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sesauditd.bootstrap.queues import Redriven

HOUR = 3600


def register(app: typer.Typer) -> None:
    """Add the group `queue`."""
    group = typer.Typer(
        help="Show how much waits in the queues; bring dead letters back.",
        invoke_without_command=True,
        epilog=examples("sesauditd queue", "sesauditd queue redrive"),
    )
    group.callback()(depths)
    group.command(
        "redrive", epilog=examples("sesauditd queue redrive", "sesauditd queue redrive --most 10")
    )(redrive)
    app.add_typer(group, name="queue", rich_help_panel=Heading.RECORDING)


def depths(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show how much waits in the queues; bring dead letters back."""
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(context)
    from sesauditd import bootstrap
    from sesauditd.bootstrap.queues import standings

    found = finished(standings(settings, bootstrap.now()))
    if as_json:
        output.emit_json({"queues": found})
        return
    output.table(
        ("Queue", "At SQS", "Waiting", "In flight", "Oldest"),
        [
            (one.name, one.queue, one.waiting, one.in_flight, _age(one.oldest_seconds))
            for one in found
        ],
    )
    if any(one.waiting for one in found[1:]):
        output.note("When what killed them is mended: sesauditd queue redrive")


def redrive(
    context: typer.Context,
    *,
    most: Annotated[int | None, typer.Option(min=1, help="At most so many messages.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Move dead letters back into the feedback queue.

    Each is sent first and deleted then: whatever ends this, none is lost, and one that stands
    in both queues is recorded once.
    """
    found = finished(_redrive(context, most))
    if as_json:
        output.emit_json({"moved": sum(one.moved for one in found), "queues": found})
        return
    for one in found:
        output.say(f"{one.name}: {one.moved} moved back.")
        if one.twice:
            output.note(f"{one.twice} of them could not be deleted: they come twice, harmlessly")
    if not found:
        output.say("There is no dead-letter queue: sesauditd setup makes one.")


async def _redrive(context: typer.Context, most: int | None) -> Sequence[Redriven]:
    from contextlib import ExitStack

    from sesauditd.bootstrap.queues import redrive as moved_back

    with ExitStack() as stack:

        def _begun(messages: int) -> Callable[[int], None]:
            return stack.enter_context(output.progress(messages, "Moving messages back"))

        return await moved_back(settings_of(context), most, _begun)


def _age(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return f"{seconds / HOUR:.1f} h" if seconds >= HOUR else f"{seconds:.0f} s"
