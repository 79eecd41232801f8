"""Builds the watches over the account's rates and over what is no longer heard of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.aws.metrics import Metrics
    from sesauditd.bootstrap.program import Application
    from sesauditd.jobs.alarms import Alarms
    from sesauditd.jobs.reputation import ReputationWatch
    from sesauditd.jobs.schedule import Frequent
    from sesauditd.store.watch import Memory

A_DAY = timedelta(days=1)


def watches(
    program: Application, metrics: Metrics, alarms: Alarms, memory: Memory
) -> Sequence[Frequent]:
    """Return the watches as jobs."""
    from sesauditd.jobs.schedule import Frequent

    watch = program.settings.watch
    return (
        Frequent(
            name="reputation",
            every=timedelta(minutes=watch.reputation_minutes),
            run=_reputation(program, metrics, alarms, memory).run,
        ),
    )


def _reputation(
    program: Application, metrics: Metrics, alarms: Alarms, memory: Memory
) -> ReputationWatch:
    from sesauditd.jobs.reputation import Measure, ReputationWatch
    from sesauditd.store.reputation import Polls

    watch = program.settings.watch
    no_feedback = frozenset(program.policies.common.general.no_complaint_feedback)
    return ReputationWatch(
        metrics=metrics,
        polls=Polls(program.database, no_feedback),
        memory=memory,
        alarms=alarms,
        measure=Measure(
            near=watch.near_percent / 100,
            tolerance=watch.tolerance_percent / 100,
            polls=watch.disagreeing_polls,
            settle=watch.settle_days * A_DAY,
        ),
    )
