"""Builds the watches over the account's rates and over what is no longer heard of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.aws.metrics import Metrics
    from sesauditd.bootstrap.housekeeping import Housekeeping
    from sesauditd.bootstrap.program import Application
    from sesauditd.jobs.alarms import Alarms, Siren
    from sesauditd.jobs.canary import Canary
    from sesauditd.jobs.intake import IntakeWatch
    from sesauditd.jobs.reputation import ReputationWatch
    from sesauditd.jobs.schedule import Frequent
    from sesauditd.jobs.silent_domains import SilenceWatch
    from sesauditd.jobs.strangers import StrangersWatch
    from sesauditd.store.watch import Memory

A_DAY = timedelta(days=1)
HOURLY = timedelta(hours=1)
OFTEN = timedelta(minutes=15)
EVERY_TICK = timedelta(0)


@dataclass(frozen=True, slots=True)
class Watching:
    """What the watches of one daemon work with."""

    house: Housekeeping
    metrics: Metrics
    alarms: Alarms
    memory: Memory

    @property
    def no_feedback(self) -> frozenset[str]:
        """Return the providers that report no complaints."""
        return frozenset(self.house.program.policies.common.general.no_complaint_feedback)


def watches(watching: Watching) -> Sequence[Frequent]:
    """Return the watches as jobs."""
    from sesauditd.jobs.schedule import Frequent

    every = timedelta(minutes=watching.house.program.settings.watch.reputation_minutes)
    found = [
        Frequent(name="reputation", every=every, run=_reputation(watching).run),
        Frequent(name="silence", every=HOURLY, run=_silence(watching).run),
        Frequent(name="strangers", every=OFTEN, run=_strangers(watching).run),
    ]
    canary = _canary(watching)
    if canary is not None:
        found.append(Frequent(name="canary", every=EVERY_TICK, run=canary.run))
    return found


def intake_watch(
    program: Application, siren: Siren, paused: Callable[[], str | None]
) -> IntakeWatch:
    """Return the watch over the intake, which looks every second and is no job."""
    from sesauditd.jobs.alarms import Alarms
    from sesauditd.jobs.intake import IntakeWatch
    from sesauditd.store.watch import Memory

    memory = Memory(program.database)
    alarms = Alarms(siren=siren, book=memory)
    return IntakeWatch(paused=paused, notes=memory, alarms=alarms, clock=program.clock)


def _reputation(watching: Watching) -> ReputationWatch:
    from sesauditd.jobs.reputation import Measure, ReputationWatch
    from sesauditd.store.reputation import Polls

    program = watching.house.program
    watch = program.settings.watch
    return ReputationWatch(
        metrics=watching.metrics,
        polls=Polls(program.database, watching.no_feedback),
        memory=watching.memory,
        alarms=watching.alarms,
        measure=Measure(
            near=watch.near_percent / 100,
            tolerance=watch.tolerance_percent / 100,
            polls=watch.disagreeing_polls,
            settle=watch.settle_days * A_DAY,
        ),
    )


def _silence(watching: Watching) -> SilenceWatch:
    from sesauditd.jobs.silent_domains import SilenceWatch
    from sesauditd.store.silence import Habits

    program = watching.house.program
    return SilenceWatch(
        habits=Habits(program.database, watching.no_feedback),
        metrics=watching.metrics,
        memory=watching.memory,
        alarms=watching.alarms,
        least=program.settings.watch.silent_days * A_DAY,
    )


def _strangers(watching: Watching) -> StrangersWatch:
    from sesauditd.jobs.strangers import StrangersWatch
    from sesauditd.store.silence import Strangers

    program = watching.house.program
    return StrangersWatch(
        strangers=Strangers(program.database),
        memory=watching.memory,
        alarms=watching.alarms,
        limit=program.settings.watch.strangers_a_day,
    )


def _canary(watching: Watching) -> Canary | None:
    """Return the canary, None where it is off or nobody is there to send from."""
    from sesauditd.bootstrap.program import NOTICES_SET
    from sesauditd.jobs.canary import Canary
    from sesauditd.model.addresses import canonical
    from sesauditd.store.silence import Traces

    house = watching.house
    settings = house.program.settings
    if not settings.watch.canary_minutes or settings.notices.sender is None:
        return None
    return Canary(
        mailer=house.mail,
        accounts=house.mail,
        traces=Traces(house.program.database),
        memory=watching.memory,
        alarms=watching.alarms,
        paused=house.paused,
        sender=canonical(settings.notices.sender),
        configuration_set=f"{settings.installation.prefix}-{NOTICES_SET}",
        every=timedelta(minutes=settings.watch.canary_minutes),
        within=timedelta(minutes=settings.watch.canary_within_minutes),
    )
