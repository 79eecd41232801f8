"""Domains that are being onboarded, and what each waits for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sesauditd.model.newcomer import AskedStage
from sesauditd.model.verification import Stage
from sesauditd.report.figures import Domain
from sesauditd.report.sending import ONBOARDING
from sesauditd.store import access_keys, asked, onboarding, verifications
from sesauditd.store.kept_domains import OFFBOARDING, REMOVING, TAKING_OVER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.newcomer import Asked
    from sesauditd.store.onboarding import Step

Steps = dict[str, list["Step"]]


async def steps_of_domains(
    connection: AsyncConnection, domains: Iterable[str] | None = None
) -> Steps:
    """Return the steps of each domain, or of each of some, the oldest first."""
    found: Steps = defaultdict(list)
    if domains is not None:
        for name in domains:
            found[name] += await onboarding.steps(connection, domain=name)
        return found
    for one in await onboarding.steps(connection):
        if one.domain != onboarding.ACCOUNT:
            found[one.domain].append(one)
    return found


def unregistered(steps: Mapping[str, Sequence[Step]], known: Collection[str]) -> list[Domain]:
    """Return the domains that somebody asked for and that the register does not have yet."""
    found = []
    for name, made in steps.items():
        wanted = _wanted(made)
        if name not in known and wanted is not None:
            found.append(
                Domain(
                    name=name,
                    customer=wanted.customer,
                    contact=wanted.contact,
                    registered_at=None,
                    iam_users=(),
                    state=ONBOARDING,
                    stopped=False,
                    waits_for=waits_for(name, made),
                )
            )
    return found


def waits_for(name: str, steps: Sequence[Step]) -> str | None:
    """Return what the onboarding of a domain waits for, None if it is over or never was."""
    states = {one.step: one.state for one in steps}
    if not states or states.get(OFFBOARDING) == REMOVING:
        return None
    wanted = _wanted(steps)
    command = f"sesauditd onboard {name}"
    begun = onboarding.BEGUN in states.values()
    if begun or (wanted is not None and wanted.stage is AskedStage.ASKED):
        return f"what was begun and not finished: {command}"
    made = onboarding.DONE in states.values() and TAKING_OVER not in states
    if made and states.get(access_keys.STEP) != access_keys.SHOWN:
        return f"its login, which nobody was shown: {command}"
    return next(map(_records, filter(_is_waiting, steps)), None)


def _wanted(steps: Sequence[Step]) -> Asked | None:
    found = asked.among(steps)
    return None if found is None or found.stage is AskedStage.GRANTED else found


def _is_waiting(step: Step) -> bool:
    return (step.step, step.state) == (verifications.STEP, str(Stage.WAITING))


def _records(step: Step) -> str:
    missing = step.detail.get("missing")
    listed = ", ".join(map(str, missing)) if isinstance(missing, list) else ""
    return f"SES to find its records{f' ({listed})' if listed else ''}"
