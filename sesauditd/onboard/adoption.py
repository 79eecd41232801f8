"""Looks at a domain that somebody else set up, and takes it over when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Missing, Refused
from sesauditd.model.adoption import AdoptedDomain, AdoptedUser
from sesauditd.model.plan import Plan
from sesauditd.onboard import takeover
from sesauditd.onboard.allowing import texts
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.sets import EVENTS

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sesauditd.model.plan import Document
    from sesauditd.onboard.engine import Applied, Engine, Stage, Steps, Watch
    from sesauditd.onboard.onboarding_stages import Adapters, Layout


class Reports(Protocol):
    """Where configuration sets report to."""

    async def destinations(self, configuration_set: str) -> Sequence[Document]:
        """Return all event destinations of a set, none of one that does not exist."""
        ...


class Keys(Protocol):
    """The access keys of IAM users."""

    async def keys(self, user: str) -> Mapping[str, bool]:
        """Return whether each key is active; raises Missing without the user."""
        ...


class Notes(Protocol):
    """What is remembered of domains that were taken over."""

    async def begin(self, domain: str, iam_user: str, now: datetime) -> None:
        """Note that a domain is taken over, with a user or with an empty name for none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A domain as the register has it."""

    name: str
    customer: str | None
    iam_users: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """What taking a domain over would change."""

    domain: str
    user: str
    """Empty where the user stays as it is."""
    plan: Plan
    stages: Sequence[Stage] = ()
    seen: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """Looks at adopted domains, and makes them ours."""

    engine: Engine
    layout: Layout
    adapters: Adapters
    reports: Reports
    keys: Keys
    notes: Notes
    steps: Callable[[str], Steps]
    claim: Callable[[str], AbstractAsyncContextManager[None]]

    async def look(self, domain: str, register: Sequence[Entry]) -> AdoptedDomain:
        """Return what is to be known of a domain; only reads.

        Raises Unavailable or Forbidden.
        """
        entry = next((one for one in register if one.name == domain), None)
        identity = tagged(await self.adapters.identities.identity(domain))
        set_name = None if identity is None else identity["configuration_set"]
        return AdoptedDomain(
            name=domain,
            owner=None if entry is None else entry.customer,
            has_identity=identity is not None,
            set_name=str(set_name) if set_name else None,
            set_shared_with=await self._sharing(domain, str(set_name or ""), register),
            told=await self._told(str(set_name or "")),
            needed=EVENTS,
            users=[await self._user(one, domain, register) for one in _users(entry)],
        )

    async def prepare(self, seen: AdoptedDomain) -> TakeOver:
        """Return what taking it over would change; only reads.

        Raises Refused where there is nothing to take over, Unavailable or Forbidden.
        """
        if seen.owner is None:
            raise Refused(
                f"{seen.name} is not registered: add --customer and --contact, and --iam-user "
                "for the user that it sends by"
            )
        if not seen.has_identity:
            raise Refused(f"SES has no identity {seen.name}: `sesauditd onboard` makes one")
        own = seen.own_users
        user = own[0].name if own else ""
        made = takeover.stages(
            self.layout.taking_over(), self.adapters, seen.name, user=user or None
        )
        planned = await self.engine.plan(made)
        return TakeOver(
            domain=seen.name,
            user=user,
            plan=planned + Plan(remarks=tuple(self._remarks(seen, planned))),
            stages=made,
            seen=planned,
        )

    async def carry_out(self, prepared: TakeOver, on_change: Watch, now: datetime) -> Applied:
        """Change it; what is there is kept as it then is. Raises Failed, Busy."""
        async with self.claim(prepared.domain):
            if not prepared.seen.conflicts:
                await self.notes.begin(prepared.domain, prepared.user, now)
            return await self.engine.apply(
                prepared.stages,
                steps=self.steps(prepared.domain),
                on_change=on_change,
                seen=prepared.seen,
            )

    async def _told(self, set_name: str) -> tuple[str, ...]:
        found = await self.reports.destinations(set_name) if set_name else ()
        ours = [one for one in found if one["enabled"] and one["topic"] == self.layout.topic_arn]
        return tuple(sorted({kind for one in ours for kind in texts(one["types"])}))

    async def _sharing(
        self, domain: str, set_name: str, register: Sequence[Entry]
    ) -> tuple[str, ...]:
        if not set_name:
            return ()
        found = []
        for one in register:
            other = one.name != domain and await self.adapters.identities.identity(one.name)
            if other and other["configuration_set"] == set_name:
                found.append(one.name)
        return tuple(found)

    async def _user(self, name: str, domain: str, register: Sequence[Entry]) -> AdoptedUser:
        shared = tuple(one.name for one in register if name in one.iam_users and one.name != domain)
        found = tagged(await self.adapters.users.user(name))
        if found is None:
            return AdoptedUser(name=name, exists=False, shared_with=shared)
        account = self.layout.account
        try:
            keys = await self.keys.keys(name)
        except Missing:
            keys = {}
        reach = (account.path, account.boundary_arn)
        return AdoptedUser(
            name=name,
            is_ours=self._is_ours(found),
            is_in_reach=(found["path"], found["boundary"]) == reach,
            shared_with=shared,
            active_keys=sum(keys.values()),
        )

    def _is_ours(self, found: Document | None) -> bool:
        return found is not None and found.get(KEY) == self.layout.ownership.installation

    def _remarks(self, seen: AdoptedDomain, planned: Plan) -> Sequence[str]:
        remarks = []
        ours = self.layout.account.set_name(seen.name)
        if seen.set_name not in {None, ours}:
            remarks.append(
                f"{seen.set_name} stays, but mail of {seen.name} that names no set goes through "
                f"{ours} from then on"
            )
        if any(one.resource.startswith("SES identity") for one in planned.changes):
            remarks.append(
                f"an IAM user whose policy names the identity alone is refused once {ours} is its "
                f"default: SES asks for rights on {ours}, too"
            )
        if any(one.resource.startswith("IAM user") for one in planned.changes):
            remarks.append(
                "inside the boundary the user sends by SMTP and SendRawEmail only; its ARN "
                "changes with its path, and policies that name the old one hold no more"
            )
        shared = [one.name for one in seen.users if one.shared_with]
        if shared:
            remarks.append(
                f"{', '.join(shared)} stays as it is: other domains send by it; "
                "`sesauditd credentials split` gives each its own"
            )
        return remarks


def _users(entry: Entry | None) -> Sequence[str]:
    return () if entry is None else entry.iam_users
