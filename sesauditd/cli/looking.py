"""How a command that only looks gets at the database, without all that works on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sesauditd.cli.options import invocation_of, log_as, settings_now

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import typer

    from sesauditd.bootstrap.looking import Look

Answer = TypeVar("Answer")


def looked(context: typer.Context, look: Callable[[Look], Coroutine[Any, Any, Answer]]) -> Answer:
    """Return what a look finds by the settings of this invocation; raises as the database does.

    Who only looks logs nothing: the log is set up where more than that has to be done.
    """
    invocation = invocation_of(context)
    settings = settings_now(invocation)
    log = partial(log_as, settings, invocation, is_daemon=False)
    if invocation.debug:
        log()
    from sesauditd.bootstrap import looking

    return looking.looked(settings, look, before_upgrade=log)
