"""What is no longer as it was made: the plans of setup and onboarding, only looked at."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.errors import Missing, SesauditdError, Unavailable
from sesauditd.model.access_keys import Known, Needed
from sesauditd.model.plan import Change, Conflict, Plan, Verb
from sesauditd.onboard import takeover, zones
from sesauditd.onboard.access import activated, user_name
from sesauditd.onboard.onboarding_stages import stages
from sesauditd.onboard.records_elsewhere import Compared, ElsewhereRecords
from sesauditd.onboard.tenants import standing
from sesauditd.onboard.zones import Elsewhere, Zone

if TYPE_CHECKING:
    from sesauditd.model.access_keys import KeyState
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.engine import Engine
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.zones import ZoneChoice

PROGRAM: Final = "sesauditd"
ACCOUNT: Final = "account"
"""Stands in the place of a domain for what `setup` makes."""


class Key(Protocol):
    """A key that exists."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def active(self) -> bool:
        """Return whether one may log in by it."""
        ...


class Keys(Protocol):
    """The access keys of IAM users."""

    async def keys(self, user: str) -> Sequence[Key]:
        """Return the access keys of a user; raises Missing without the user."""
        ...


class KeyStates(Protocol):
    """What is remembered of domains' keys."""

    async def state(self, domain: str, user: str) -> KeyState:
        """Return whether somebody has a key, or one is needed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How one domain, or the account, stands against what was made of it."""

    subject: str
    plan: Plan = field(default_factory=Plan)
    repair: str = ""
    """The one command that sets it right, empty where there is none."""
    lines: tuple[str, ...] = ()
    """Records that somebody has to enter in a zone of others."""
    failure: str = ""
    """Why it could not be looked at."""

    @property
    def remedy(self) -> str:
        """Return all that sets it right, in one line."""
        lines = (f"enter at its own DNS: {'; '.join(self.lines)}",) if self.lines else ()
        return ", and ".join((*filter(None, (self.repair,)), *lines))

    @property
    def is_good(self) -> bool:
        """Return whether it was looked at and nothing differs."""
        return not self.failure and self.plan.is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Compares; never writes."""

    engine: Engine
    layout: Layout
    adapters: Adapters
    keys: Keys
    states: KeyStates

    async def domain(self, kept: KeptDomain) -> Compared:
        """Return what differs at a domain, and the lines that its zone elsewhere lacks.

        What keeps a stopped domain from sending is ours and no difference: its set that is off,
        the Deny policies of its user, its keys that are Inactive. Raises Unavailable or
        Forbidden.
        """
        if kept.taken_over is not None:
            made = takeover.stages(
                self.layout,
                self.adapters,
                kept.name,
                user=kept.taken_over or None,
                tenant=kept.tenant,
            )
            plan = await self.engine.plan(made) + await self._set(kept)
            return Compared(plan=plan + _tenant(kept))
        choice = await self._zone(kept.name)
        if isinstance(choice, Conflict):
            return Compared(plan=Plan(conflicts=(choice,)))
        zone = choice if isinstance(choice, Zone) else None
        made = stages(
            self.layout,
            self.adapters,
            kept.name,
            zone=zone,
            tenant=kept.tenant,
            may_send=not kept.is_stopped,
        )
        plan = await self.engine.plan(made) + await self._set(kept) + await self._key(kept)
        plan += _tenant(kept)
        by_hand = await self._elsewhere(kept.name, choice)
        return Compared(plan=plan + by_hand.plan, lines=by_hand.lines)

    async def _zone(self, domain: str) -> ZoneChoice | Unavailable:
        """Return where the records are, or why that is not to be known just now."""
        try:
            return await zones.choose(domain, self.adapters.hosted, self.adapters.dns)
        except Unavailable as error:
            return error

    async def _elsewhere(self, domain: str, choice: ZoneChoice | Unavailable) -> Compared:
        """Return what a zone of others lacks; what DNS does not say is no difference."""
        match choice:
            case Unavailable():
                remark = f"the records of {domain} were not compared: {choice}"
                return Compared(plan=Plan(remarks=(remark,)))
            case Elsewhere():
                looked_at = ElsewhereRecords(
                    domain=domain, elsewhere=choice, layout=self.layout, adapters=self.adapters
                )
                return await looked_at.compared()
            case _:
                return Compared()

    async def _set(self, kept: KeptDomain) -> Plan:
        """Return that the set is off although the domain may send."""
        name = self.layout.account.set_name(kept.name)
        found = await self.adapters.sets.configuration_set(name)
        if kept.is_stopped or found is None or found.get("sending_enabled"):
            return Plan()
        off = Conflict(
            resource=f"SES configuration set {name}",
            found="switched off",
            wanted="switched on, since the domain is not stopped",
            advice="Find out who switched it off. If it may send, switch it on: `aws sesv2 "
            f"put-configuration-set-sending-options --configuration-set-name {name} "
            "--sending-enabled`.",
        )
        return Plan(conflicts=(off,))

    async def _key(self, kept: KeptDomain) -> Plan:
        user = user_name(kept.name)
        try:
            present = await self.keys.keys(user)
        except Missing:
            present = ()
        match await self.states.state(kept.name, user):
            case Needed() if not kept.is_stopped:
                after = {"user": user}
                made = Change(
                    resource=f"access key of {user}",
                    verb=Verb.CREATE,
                    before=None,
                    after=after,
                    why="nobody has one by which its sites can log in",
                )
                return Plan(changes=(made,))
            case Known(key=key) if not kept.is_stopped:
                return _inactive(user, key, present)
            case _:
                return Plan()


def repair(kept: KeptDomain) -> str:
    """Return the command that sets a domain right."""
    is_known = kept.customer is not None or kept.asked is not None
    owner = () if is_known else ("--customer", "CUSTOMER", "--contact", "CONTACT")
    if kept.taken_over is not None:
        return shlex.join((PROGRAM, "adopt", kept.name, "--take-over"))
    return shlex.join((PROGRAM, "onboard", kept.name, *owner))


def _command(kept: KeptDomain, seen: Compared) -> str:
    """Return the command, unless all that differs is for hands: records, or what is in the way."""
    plan = seen.plan
    if not (plan.changes or plan.later):
        return ""
    differing = len(plan.changes) + len(plan.conflicts) + len(plan.later)
    return "" if seen.lines and differing == len(seen.lines) else repair(kept)


async def compared(
    drift: Drift, kept: Sequence[KeptDomain], on_domain: Callable[[str], None]
) -> Sequence[Comparison]:
    """Compare domains one after the other; one that cannot be looked at stops no other."""
    found = []
    for one in kept:
        try:
            seen = await drift.domain(one)
            command = _command(one, seen)
            found.append(
                Comparison(subject=one.name, plan=seen.plan, repair=command, lines=seen.lines)
            )
        except SesauditdError as error:
            found.append(Comparison(subject=one.name, failure=str(error)))
        on_domain(one.name)
    return found


def summary(found: Sequence[Comparison]) -> str:
    """Return in one line what differs, and what to do; of nothing, that nothing does."""
    bad = [one for one in found if not one.is_good]
    if not bad:
        return "Everything stands as it was made."
    parts = []
    for one in bad:
        plan = one.plan
        count = len(plan.changes) + len(plan.conflicts) + len(plan.later)
        parts.append(
            f"{one.subject} cannot be looked at ({one.failure})"
            if one.failure
            else f"{one.subject} differs in {count}: {one.remedy}"
        )
    return f"{'; '.join(parts)}. All of it: {PROGRAM} drift"


def _tenant(kept: KeptDomain) -> Plan:
    return Plan(remarks=() if kept.tenancy is None else standing(kept.tenancy))


def _inactive(user: str, key: str, present: Sequence[Key]) -> Plan:
    strange = [one.id for one in present if one.id != key]
    remarks = (f"{user} has another access key: {' and '.join(strange)}",) if strange else ()
    if all(one.active for one in present if one.id == key):
        return Plan(remarks=remarks)
    conflict = Conflict(
        resource=f"access key {key} of {user}",
        found="Inactive",
        wanted="Active, since the domain is not stopped",
        advice=f"Find out who made it so. If its sites may log in: {activated(user, key)}.",
    )
    return Plan(conflicts=(conflict,), remarks=remarks)
