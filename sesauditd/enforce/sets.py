"""Configuration sets as levers: which belong to a domain, and who else would be stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sesauditd.enforce.knobs import Plan, Problem, Pull
from sesauditd.enforce.knobs_ses import SENDING, Sending, Switches
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sesauditd.model.execution import Surroundings


class Identity(Protocol):
    """An SES identity."""

    @property
    def configuration_set(self) -> str | None:
        """Return the set that its mail uses unless the mail names another."""


class Identities(Protocol):
    """The identities of the account."""

    async def identity(self, name: str, /) -> Identity | None:
        """Return an identity, None if there is none."""

    async def all_identities(self) -> Sequence[str]:
        """Return every identity of the account, whoever it belongs to."""

    async def identities_under(self, domain: str, /) -> Sequence[str]:
        """Return the domain's identity and all subdomains and addresses below it."""


@dataclass(slots=True, kw_only=True)
class Sets:
    """Finds and turns the configuration sets of domains.

    What AWS said of an identity is believed until `forget`: a termination asks about every
    registered domain, at one call a second.
    """

    identities: Identities
    switches: Switches
    known: dict[str, str | None] = field(default_factory=dict)

    def forget(self) -> None:
        """Look anew at what is asked for next."""
        self.known.clear()

    async def plan(self, customer: str, domains: Iterable[str], around: Surroundings) -> Plan:
        """Return which sets are to be stopped or let send again, for some of the domains."""
        plan = Plan()
        found: dict[str, set[str]] = defaultdict(set)
        for domain in domains:
            for name, facts in around.holds.items():
                if name.startswith(SENDING) and facts.get("domain") == domain:
                    found[name.removeprefix(SENDING)].add(domain)
            try:
                for one in await self._of(domain, around):
                    found[one].add(domain)
            except Failed as error:
                part = f"the configuration set of {domain}"
                plan += Plan(problems=(Problem(part=part, error=error),))
        for name, domains_of_it in sorted(found.items()):
            try:
                plan += await self._turned(customer, name, domains_of_it, around)
            except Failed as error:
                part = f"configuration set {name}"
                plan += Plan(problems=(Problem(part=part, error=error),))
        return plan

    async def _turned(
        self, customer: str, name: str, domains: set[str], around: Surroundings
    ) -> Plan:
        """Return the pull at one set: it is off while every domain that uses it is off."""
        knob = Sending(switches=self.switches, configuration_set=name)
        held = around.holds.get(knob.name)
        users = domains | ({str(held["domain"])} if held else set())
        on = sorted(users - around.off)
        if not on:
            on = await self._others_on(name, around)
        if not on:
            holds = {"customer": customer, "domain": min(domains)}
            return Plan(pulls=(Pull(knob=knob, wanted=False, holds=holds),))
        if held is not None:
            pull = Pull(knob=knob, wanted=True, may_be_gone=True)
            return Plan(pulls=(pull,), released=(knob.name,))
        if domains & around.off:
            remark = f"configuration set {name} goes on sending: {', '.join(on)} uses it, too"
            return Plan(remarks=(remark,))
        return Plan()

    async def _others_on(self, name: str, around: Surroundings) -> list[str]:
        """Return other identities with that default set that may send.

        Also those that nobody registered here: one set for all sites is how many accounts begin.
        """
        others = {*around.registered, *await self.identities.all_identities()}
        return [
            other
            for other in sorted(others)
            if _owner(other, around.registered) not in around.off
            and await self._default(other) == name
        ]

    async def _of(self, domain: str, around: Surroundings) -> set[str]:
        """Return the default sets of a domain and of the identities below it.

        An identity below with a default set of its own does not heed the domain's.
        """
        found = {await self._default(domain)}
        if domain in around.off:
            for name in await self.identities.identities_under(domain):
                if _owner(name, around.registered) == domain:
                    found.add(await self._default(name))
        return {one for one in found if one is not None}

    async def _default(self, identity: str) -> str | None:
        if identity not in self.known:
            found = await self.identities.identity(identity)
            self.known[identity] = None if found is None else found.configuration_set
        return self.known[identity]


def _owner(identity: str, registered: Iterable[str]) -> str | None:
    """Return the longest registered domain that an identity is, or is below."""
    name = identity.rpartition("@")[2].lower()
    above = [one for one in registered if name == one or name.endswith(f".{one}")]
    return max(above, key=len, default=None)
