"""Which jobs there are, when they are owed, and in which order they are run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from sesauditd.daemon.failpoint import reach
from sesauditd.jobs.schedule import Frequent, Job, Periodic, Since
from sesauditd.model.owed import Period, daily, monthly, weekly

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY_TICK = timedelta(0)
REPORTED_AT = "06:00"
"""Of the first of a month: who reads it at breakfast has all of the last one in it."""
EVERY_FEW_MINUTES = timedelta(minutes=5)

ForPeriod: TypeAlias = Callable[[Period, datetime], Awaitable[object]]
Look: TypeAlias = Callable[[datetime], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the jobs do; every part is harmless to repeat."""

    watch_clock: Look
    roll_up: ForPeriod
    """Close one day."""
    enforce: ForPeriod
    """Judge every week that ended before the period's due time."""
    may_judge: Callable[[Period, datetime], Awaitable[bool]]
    """Whether a week can be judged yet."""
    digest: ForPeriod
    """Tell each customer of one day's blocks."""
    shadow_digest: ForPeriod
    """Tell operators what one day would have brought."""
    summarise: ForPeriod
    """Tell operators about one week."""
    report: ForPeriod
    """Tell each customer how their mail did in a month, where that is switched on."""
    tell_waiting: Look
    """Tell operators what waits for them."""
    watch_account: Look
    watch_pipe: Look
    watches: Sequence[Frequent]
    """The other watches, each with its own pace."""
    copy_journal: Look
    reconcile: ForPeriod
    """Compare what stands with AWS."""
    after_rebuild: Look
    """Do so at once with a database that was rebuilt: nothing is enforced before."""
    raise_horizon: ForPeriod
    """Say from when on events are old."""
    forget: Look
    """Let some of them go, for a few seconds."""
    back_up: ForPeriod
    """Keep a copy of the database in the archive."""


def table(work: Work, *, rollup: str, enforcement: str) -> Sequence[Job]:
    """Return the jobs, with the two times of the configuration: `00:30`, `monday 03:00`."""
    days, weeks = daily(rollup), weekly(enforcement)
    event, run = Since.FIRST_EVENT, Since.FIRST_RUN
    roll_up = _reaching("jobs.rolled_up", work.roll_up)
    enforce = _reaching("jobs.enforced", work.enforce)
    digest = _reaching("jobs.digested", work.digest)
    shadow_digest = _reaching("jobs.shadow_digested", work.shadow_digest)
    summarise = _reaching("jobs.summarised", work.summarise)
    reconcile = _reaching("jobs.reconciled", work.reconcile)
    retention = _reaching("jobs.horizon_raised", work.raise_horizon)
    back_up = _reaching("jobs.backed_up", work.back_up)
    return (
        Frequent(name="clock", every=EVERY_TICK, run=work.watch_clock),
        Frequent(name="journal", every=EVERY_TICK, run=work.copy_journal),
        Frequent(name="after_rebuild", every=EVERY_TICK, run=work.after_rebuild),
        Periodic(name="rollup", calendar=days, since=event, run=roll_up),
        Periodic(name="weekly", calendar=weeks, since=event, run=enforce, ready=work.may_judge),
        Periodic(name="digest", calendar=days, since=run, run=digest),
        Periodic(name="shadow_digest", calendar=days, since=run, run=shadow_digest),
        Periodic(name="summary", calendar=weeks, since=run, run=summarise, after="weekly"),
        Periodic(name="report", calendar=monthly(REPORTED_AT), since=run, run=work.report),
        Periodic(name="reconcile", calendar=days, since=run, run=reconcile),
        Periodic(name="retention", calendar=days, since=run, run=retention),
        Frequent(name="forgetting", every=EVERY_TICK, run=work.forget),
        Periodic(name="backup", calendar=days, since=run, run=back_up),
        Frequent(name="waiting", every=EVERY_TICK, run=work.tell_waiting),
        Frequent(name="account", every=EVERY_FEW_MINUTES, run=work.watch_account),
        Frequent(name="pipe", every=EVERY_FEW_MINUTES, run=work.watch_pipe),
        *work.watches,
    )


def _reaching(failpoint: str, run: ForPeriod) -> ForPeriod:
    async def _run(period: Period, now: datetime) -> None:
        await run(period, now)
        reach(failpoint)

    return _run
