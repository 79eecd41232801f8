"""How `sesauditd actions --verify` says whether anything was changed behind the program's back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.cli import output
from sesauditd.cli.options import settings_of
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed

if TYPE_CHECKING:
    import typer

    from sesauditd.store.proving import Proof


def prove(context: typer.Context, *, as_json: bool) -> None:
    """Say that every row is as it was written; raises Failed, naming the first that is not."""
    found = finished(_proof(context))
    if as_json:
        output.emit_json(
            {"rows": found.rows, "head": found.head, "whole": not found.bad, "bad": found.bad}
        )
    if found.bad:
        raise Failed(_first(found))
    if not as_json:
        output.say(f"{found.rows} rows, chain whole, head {found.head}")


def _first(found: Proof) -> str:
    more = len(found.bad) - 1
    return found.bad[0] if more == 0 else f"{found.bad[0]} (and {more} more: see --json)"


async def _proof(context: typer.Context) -> Proof:
    from sesauditd import bootstrap
    from sesauditd.store import proving

    async with (
        bootstrap.application(settings_of(context)) as application,
        application.database.read() as connection,
    ):
        return await proving.prove(connection)
