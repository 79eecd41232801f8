"""One pace for all processes of an installation that ask the same account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.bootstrap.program import now

if TYPE_CHECKING:
    from sesauditd.aws.pace import Pace, Turns
    from sesauditd.store.engine import Database


def shared(database: Database, region: str, own: Pace | None) -> Turns | None:
    """Return the pace of SES's control calls, shared through the database; None for no pace.

    SES counts for each account and Region, whoever asks: the daemon, a command beside it, a
    daemon on another host.
    """
    from sesauditd.aws.pace import SharedPace
    from sesauditd.store.paces import Paces

    if own is None:
        return None
    return SharedPace(name=f"ses/{region}", slots=Paces(database), own=own, clock=now)
