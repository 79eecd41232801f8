"""Builds the nightly comparison of what stands with AWS, and tells of what it found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from sesauditd.daemon.failpoint import reach

if TYPE_CHECKING:
    from sesauditd.aws.access import Access
    from sesauditd.aws.clients import Clients
    from sesauditd.aws.mail import Mail
    from sesauditd.bootstrap.program import Application
    from sesauditd.enforce.naming import Names
    from sesauditd.enforce.reconcile import Reconciled
    from sesauditd.jobs.alarms import Alarms, Finding
    from sesauditd.jobs.table import Look
    from sesauditd.model.owed import Period

MOST_TOLD = 20
REVERSIBLE = timedelta(days=30)
"""How long after a termination keys and users stay for sure (policy.md sections 2 and 4)."""

Comparison: TypeAlias = Callable[["Period", datetime], Awaitable["Reconciled"]]


def reconciling(
    *,
    program: Application,
    clients: Clients,
    mail: Mail,
    access: Access,
    alarms: Alarms,
    beat: Callable[[], None],
) -> Comparison:
    """Return the job."""
    from sesauditd.enforce.executor import PATIENCE_SECONDS
    from sesauditd.enforce.levers import Levers
    from sesauditd.enforce.reconcile import Reconcile
    from sesauditd.enforce.turning import Turner
    from sesauditd.store.standing import Standings

    names = _names(program, clients)

    async def run(_period: Period, now: datetime) -> Reconciled:
        levers = Levers.at(names, mail, access)
        standing = Standings(program.database)
        comparison = Reconcile(
            standing=standing,
            stops=levers,
            denying=levers.blocking.denying,
            mail=mail,
            turner=Turner(patience_seconds=PATIENCE_SECONDS),
            unexplained=levers.unexplained(standing, beat),
            beat=beat,
        )
        found = await comparison.run(now)
        left = await standing.ended_before(now - REVERSIBLE)
        await alarms.report([_finding(found), ended_finding(left)], now)
        return found

    return run


def _names(program: Application, clients: Clients) -> Names:
    from sesauditd.enforce.naming import Names

    installation = program.settings.installation
    return Names(
        prefix=installation.prefix,
        installation=installation.name,
        account_id=clients.account_id,
        region=clients.region,
    )


def after_rebuild(program: Application, compare: Comparison) -> Look:
    """Return the job that compares a rebuilt database with AWS, and lets the daemon act then."""
    from sesauditd.errors import Failed
    from sesauditd.model.owed import daily
    from sesauditd.store import rebuilt

    async def run(now: datetime) -> None:
        async with program.database.read() as connection:
            known = await rebuilt.standing(connection)
        if known is None or not known.is_held:
            return
        found = await compare(daily("00:00").holding(now), now)
        if found.unseen:
            raise Failed(
                f"the database was rebuilt and AWS could not be compared ({found.unseen[0]}): "
                "nothing is enforced before that"
            )
        reach("rebuild.compared")
        async with program.database.write() as connection:
            await rebuilt.reconciled(connection, found.compared, found.mended, now)

    return run


def ended_finding(domains: Sequence[str]) -> Finding:
    """Return whether keys and users of customers stand who were terminated over 30 days ago."""
    from sesauditd.jobs.alarms import Finding

    shown = ", ".join(domains[:MOST_TOLD])
    return Finding(
        name="ended_long_ago",
        state=shown or None,
        summary=f"{len(domains)} domains of customers who were terminated over 30 days ago still "
        "have their keys and users"
        if domains
        else "nothing is left of customers who were terminated over 30 days ago",
        details={"domains": shown} if domains else {},
    )


def _finding(found: Reconciled) -> Finding:
    from sesauditd.jobs.alarms import Finding

    troubled = found.mended or found.strange or found.unseen
    details: dict[str, object] = {"compared": found.compared, "mended": found.mended}
    for key, said in (("not ours", found.strange), ("not seen", found.unseen)):
        if said:
            details[key] = "; ".join(said[:MOST_TOLD])
    return Finding(
        name="reconcile",
        state="drifted" if troubled else None,
        summary="AWS did not stand as blocks, disables and terminations say"
        if troubled
        else "AWS stands as blocks, disables and terminations say",
        details=details,
    )
