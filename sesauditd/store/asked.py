"""What was asked for each domain, kept before the first write to AWS, until it is all there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sesauditd.model.newcomer import Asked, AskedStage
from sesauditd.store import journal, onboarding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.plan import JSON
    from sesauditd.store.onboarding import Step

STEP: Final = "asked"
"""The row of a domain among its onboarding steps."""


async def of(connection: AsyncConnection, domain: str) -> Asked | None:
    """Return what was asked for a domain, None if nothing ever was."""
    return among(await onboarding.steps(connection, domain=domain, step=STEP))


def among(steps: Iterable[Step]) -> Asked | None:
    """Return what was asked, from the steps of one domain."""
    return next((_asked(one) for one in steps if one.step == STEP), None)


async def ask(connection: AsyncConnection, domain: str, asked: Asked, now: datetime) -> None:
    """Keep what is asked, in the journal too; asked again in the same words it says nothing new."""
    known = await of(connection, domain)
    if known is not None and known.means(asked):
        return
    await _keep(connection, domain, asked, now)
    facts = {key: value for key, value in _facts(asked).items() if value not in {None, False}}
    await journal.append(
        connection, at=now, actor="operator", kind="onboard", subject=domain, facts=facts
    )


async def reached(
    connection: AsyncConnection, domain: str, stage: AskedStage, now: datetime
) -> None:
    """Keep how far it has come; what nobody asked for stays so."""
    known = await of(connection, domain)
    if known is not None and known.stage is not stage:
        await _keep(connection, domain, known, now, stage=stage)


async def without_tenant(connection: AsyncConnection, domain: str, now: datetime) -> None:
    """Keep that a domain is to have no tenant any more, if anything was asked for it."""
    known = await of(connection, domain)
    if known is not None and known.tenant is not None:
        fresh = replace(known, tenant=None)
        await _keep(connection, domain, fresh, now, stage=known.stage)


async def _keep(
    connection: AsyncConnection,
    domain: str,
    asked: Asked,
    now: datetime,
    *,
    stage: AskedStage = AskedStage.ASKED,
) -> None:
    await onboarding.note(connection, domain, STEP, str(stage), detail=_facts(asked), now=now)


def _facts(asked: Asked) -> Mapping[str, JSON]:
    return {
        "customer": asked.customer,
        "contact": asked.contact,
        "tenant": asked.tenant,
        "take_over": asked.take_over,
        "by_hand": asked.by_hand,
    }


def _asked(step: Step) -> Asked:
    detail = step.detail
    tenant = detail.get("tenant")
    return Asked(
        customer=str(detail["customer"]),
        contact=str(detail["contact"]),
        tenant=None if tenant is None else str(tenant),
        take_over=bool(detail.get("take_over")),
        by_hand=bool(detail.get("by_hand")),
        stage=AskedStage(step.state),
    )
