"""Takes a domain down: looks, shows what would go, removes it, closes the register's entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Refused
from sesauditd.model.plan import Change, Conflict, Plan, Verb
from sesauditd.onboard import removal, zones
from sesauditd.onboard.removal import Leaving
from sesauditd.onboard.rotation import user_of
from sesauditd.onboard.zones import Zone

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.model.newcomer import Asked
    from sesauditd.onboard.engine import Applied, Engine, Stage, Steps, Watch
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.removing import Removers


class Closing(Protocol):
    """The end of a domain in the database."""

    async def made(self, domain: str) -> frozenset[str]:
        """Return the names of what the engine changed for a domain."""
        ...

    async def is_closed(self, domain: str) -> bool:
        """Return whether the domain was taken down already."""
        ...

    async def begin(self, domain: str, now: datetime) -> None:
        """Note that a domain is being taken down."""
        ...

    async def close(self, domain: str, now: datetime) -> None:
        """Close the register's entry."""
        ...

    async def leave_tenant(self, domain: str, now: datetime) -> None:
        """Forget that the domain's mail was to name a tenant."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A domain that was looked at, and everything that would go."""

    domain: str
    plan: Plan
    stages: Sequence[Stage] = ()
    seen: Plan = field(default_factory=Plan)
    """The part of the plan that the engine carries out."""
    register: tuple[Change, ...] = ()
    """The part of it that closes the register's entry, last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarding:
    """Takes domains down, one at a time; repeating it goes on from wherever it ended."""

    engine: Engine
    layout: Layout
    adapters: Adapters
    removers: Removers
    closing: Closing
    steps: Callable[[str], Steps]
    claim: Callable[[str], AbstractAsyncContextManager[None]]

    async def prepare(self, kept: KeptDomain) -> Prepared:
        """Return what would be removed, without one write.

        Raises Unavailable or Forbidden if AWS or DNS cannot be looked at.
        """
        zone, remarks = await self._zone(kept)
        leaving = Leaving(
            domain=kept.name,
            user=user_of(kept),
            zone=zone,
            made=await self.closing.made(kept.name),
            tenant=kept.tenant,
        )
        made = removal.stages(self.layout, self.adapters, self.removers, leaving)
        seen = await self.engine.plan(made)
        closed = await self.closing.is_closed(kept.name)
        register = () if closed else _register(kept)
        return Prepared(
            domain=kept.name,
            plan=Plan(remarks=remarks) + seen + Plan(changes=register),
            stages=made,
            seen=seen,
            register=register,
        )

    async def prepare_tenant(self, kept: KeptDomain) -> Prepared:
        """Return what would be removed if the domain only left its tenant, without one write.

        Raises Refused for a domain that was never asked to name one, else as `prepare`.
        """
        if kept.tenant is None:
            raise Refused(f"{kept.name} names no tenant: there is none to leave")
        leaving = Leaving(
            domain=kept.name, user=user_of(kept), zone=None, made=(), tenant=kept.tenant
        )
        made = removal.tenant_stages(self.layout, self.adapters, self.removers, leaving)
        seen = await self.engine.plan(made)
        register = Change(
            resource=f"register entry of {kept.name}",
            verb=Verb.UPDATE,
            before={"tenant": kept.tenant},
            after={},
            why="its mail is to name no tenant: take the plugin from its site first",
        )
        return Prepared(
            domain=kept.name,
            plan=seen + Plan(changes=(register,)),
            stages=made,
            seen=seen,
            register=(register,),
        )

    async def leave_tenant(self, prepared: Prepared, on_change: Watch, now: datetime) -> Applied:
        """Take the domain out of its tenant, and forget that it had one; raises as `carry_out`."""
        domain = prepared.domain
        async with self.claim(domain):
            applied = await self.engine.apply(
                prepared.stages,
                steps=self.steps(domain),
                on_change=on_change,
                seen=prepared.seen,
            )
            if not applied.conflicts:
                await self.closing.leave_tenant(domain, now)
                applied = replace(applied, changes=(*applied.changes, *prepared.register))
        return applied

    async def carry_out(self, prepared: Prepared, on_change: Watch, now: datetime) -> Applied:
        """Remove what is ours, and close the register's entry last.

        Nothing is removed if anything is in the way. Raises Failed at what could not be
        removed, Busy while another process has the domain; doing it again goes on from there.
        """
        domain = prepared.domain
        async with self.claim(domain):
            if not prepared.seen.conflicts:
                await self.closing.begin(domain, now)
                reach("offboard.begun")
            applied = await self.engine.apply(
                prepared.stages,
                steps=self.steps(domain),
                on_change=on_change,
                seen=prepared.seen,
            )
            if not applied.conflicts:
                reach("offboard.removed")
                await self.closing.close(domain, now)
                applied = replace(applied, changes=(*applied.changes, *prepared.register))
        return applied

    async def _zone(self, kept: KeptDomain) -> tuple[Zone | None, tuple[str, ...]]:
        if kept.taken_over is not None:
            return None, (f"the records of {kept.name} were there before: they stay",)
        choice = await zones.choose(kept.name, self.adapters.hosted, self.adapters.dns)
        match choice:
            case Zone():
                return choice, ()
            case Conflict():
                why = f"{choice.resource}: {choice.found}"
            case elsewhere:
                why = f"they are in {elsewhere.zone}: {elsewhere.reason}"
        return None, (f"the records of {kept.name} stay, remove them by hand; {why}",)


def _register(kept: KeptDomain) -> tuple[Change, ...]:
    if kept.customer is not None:
        return (_closing(kept),)
    return () if kept.asked is None else (_taken_back(kept, kept.asked),)


def _taken_back(kept: KeptDomain, asked: Asked) -> Change:
    return Change(
        resource=f"onboarding of {kept.name}",
        verb=Verb.DELETE,
        before={"customer": asked.customer, "contact": asked.contact},
        after=None,
        why="it was begun and not finished, and is taken back",
    )


def _closing(kept: KeptDomain) -> Change:
    return Change(
        resource=f"register entry of {kept.name}",
        verb=Verb.DELETE,
        before={"customer": kept.customer, "iam_users": sorted(kept.iam_users)},
        after=None,
        why="it is closed in the journal; its events, verdicts and cases stay",
    )
