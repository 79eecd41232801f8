"""Goes on with onboardings that were interrupted, as far as no key has to be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sesauditd.errors import Busy, Failed
from sesauditd.model.newcomer import AskedStage
from sesauditd.model.plan import Conflict
from sesauditd.onboard import takeover, zones
from sesauditd.onboard.access import user_name
from sesauditd.onboard.drift import repair
from sesauditd.onboard.onboarding_stages import stages
from sesauditd.onboard.zones import Elsewhere, Zone

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.engine import Engine, Stage, Steps
    from sesauditd.onboard.onboarding_stages import Adapters, Layout

log = structlog.get_logger(__name__)

AGAIN: Final = timedelta(minutes=15)
"""Between two tries at a domain that could not be finished."""


class Standing(Protocol):
    """How far domains have come."""

    async def one(self, domain: str) -> KeptDomain | None:
        """Return how a domain stands now, None if it is not kept any more."""
        ...

    async def settle(self, domain: str, now: datetime) -> None:
        """Mark what was begun as done: a look found that it holds."""
        ...


class Register(Protocol):
    """Whose domains are, and how far that has come which was asked for them."""

    async def register(self, domain: str, customer: str, contact: str, iam_user: str) -> bool:
        """Register a domain with the user that it sends by."""
        ...

    async def reached(self, domain: str, stage: AskedStage) -> None:
        """Keep how far that has come which was asked for a domain."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A domain that somebody has to finish."""

    domain: str
    why: str
    command: str


@dataclass(slots=True, kw_only=True)
class Resumer:
    """Makes what was begun and is missing; who its key is for only a person knows."""

    engine: Engine
    layout: Layout
    adapters: Adapters
    standing: Standing
    register: Register
    steps: Callable[[str], Steps]
    claim: Callable[[str], AbstractAsyncContextManager[None]]
    _left: dict[str, Left] = field(default_factory=dict, init=False)
    _tried: dict[str, datetime] = field(default_factory=dict, init=False)

    async def resume(self, domains: Sequence[KeptDomain], now: datetime) -> Sequence[Left]:
        """Go on with every unfinished domain, and return those that wait for somebody."""
        unfinished = {one.name for one in domains if one.is_unfinished}
        for name in [one for one in self._left if one not in unfinished]:
            del self._left[name]
        for name in sorted(unfinished):
            tried = self._tried.get(name)
            if tried is None or not tried <= now < tried + AGAIN:
                await self._try(name, now)
        return [self._left[name] for name in sorted(self._left)]

    async def _try(self, name: str, now: datetime) -> None:
        try:
            async with self.claim(name):
                # Whoever had the claim until now may have finished it.
                kept = await self.standing.one(name)
                left = None if kept is None else await self._finish(kept, now)
        except Busy:
            # Somebody is at it just now, before a screen.
            return
        self._tried[name] = now
        if left is None:
            self._left.pop(name, None)
            return
        log.warning("onboarding_not_finished", domain=name, reason=left.why)
        self._left[name] = left

    async def _finish(self, kept: KeptDomain, now: datetime) -> Left | None:
        if kept.terminated and kept.customer is None and kept.asked is not None:
            whose = kept.asked.customer
            ended = f"the access of customer {whose} was ended"
            return Left(domain=kept.name, why=ended, command=f"sesauditd restore {whose}")
        if not kept.is_made:
            why: str | None
            try:
                why = await self._make(kept, now)
            except Failed as error:
                why = str(error)
            if why is not None:
                return Left(domain=kept.name, why=why, command=repair(kept))
        made = await self.standing.one(kept.name) or kept
        if made.lacks is not None:
            return Left(domain=kept.name, why=made.lacks, command=repair(made))
        await self.register.reached(kept.name, AskedStage.GRANTED)
        return None

    async def _make(self, kept: KeptDomain, now: datetime) -> str | None:
        """Make what is missing; return what is in the way."""
        made = await self._stages(kept)
        if isinstance(made, str):
            return made
        applied = await self.engine.apply(made, steps=self.steps(kept.name))
        if applied.conflicts:
            first = applied.conflicts[0]
            return f"{first.resource}: there is {first.found}, wanted is {first.wanted}"
        if kept.asked is not None:
            asked, user = kept.asked, user_name(kept.name)
            await self.register.register(kept.name, asked.customer, asked.contact, user)
            await self.register.reached(kept.name, AskedStage.MADE)
        await self.standing.settle(kept.name, now)
        log.info("onboarding_resumed", domain=kept.name, changes=len(applied.changes))
        return None

    async def _stages(self, kept: KeptDomain) -> Sequence[Stage] | str:
        if kept.taken_over is not None:
            return takeover.stages(
                self.layout,
                self.adapters,
                kept.name,
                user=kept.taken_over or None,
                tenant=kept.tenant,
            )
        choice = await zones.choose(kept.name, self.adapters.hosted, self.adapters.dns)
        if isinstance(choice, Conflict):
            return f"{choice.resource}: there is {choice.found}, wanted is {choice.wanted}"
        if isinstance(choice, Elsewhere) and choice.conflict and not _by_hand(kept):
            return f"{choice.conflict.resource}: there is {choice.conflict.found}"
        zone = choice if isinstance(choice, Zone) else None
        return stages(
            self.layout,
            self.adapters,
            kept.name,
            zone=zone,
            tenant=kept.tenant,
            may_send=not kept.is_stopped,
        )


def _by_hand(kept: KeptDomain) -> bool:
    """Return whether a zone that nobody asks is no surprise: so it was said, or so it became."""
    said = kept.asked is not None and kept.asked.by_hand
    return said or user_name(kept.name) in kept.iam_users
