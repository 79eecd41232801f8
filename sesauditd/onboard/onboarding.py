"""Sets one domain up: looks, shows what is missing, makes it, registers it, makes its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Unavailable
from sesauditd.model.access_keys import Full, KeyState, Known, Needed
from sesauditd.model.newcomer import Asked, AskedStage
from sesauditd.model.plan import Conflict, Plan, change_between
from sesauditd.onboard import dmarc, zones
from sesauditd.onboard.access import user_name
from sesauditd.onboard.onboarding_outcomes import Outcome, Prepared, Result, Wish
from sesauditd.onboard.onboarding_stages import signing, stages
from sesauditd.onboard.onboarding_wishes import above, crowded, in_the_way, refusals, wanted
from sesauditd.onboard.records_elsewhere import ByHand, ElsewhereRecords
from sesauditd.onboard.tenants import standing
from sesauditd.onboard.zones import Elsewhere, Zone

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sesauditd.model.newcomer import Newcomer
    from sesauditd.model.plan import Document
    from sesauditd.onboard.access_keys import Show
    from sesauditd.onboard.engine import Engine, Facts, Stage, Steps, Watch
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.records_by_hand import Row
    from sesauditd.onboard.zones import ZoneChoice

__all__ = ["KeyMaking", "Onboarding", "Outcome", "Prepared", "Register", "Result", "Wish"]


class Register(Protocol):
    """Whose domains are, and who may send."""

    async def look(self, domain: str, customer: str) -> Newcomer:
        """Return what is known of a domain and the customer that it is to belong to."""
        ...

    async def register(self, domain: str, customer: str, contact: str, iam_user: str) -> bool:
        """Register a domain with the user that it sends by."""
        ...

    async def ask(self, domain: str, wanted: Asked) -> None:
        """Keep what is asked for a domain, committed before it returns."""
        ...

    async def reached(self, domain: str, stage: AskedStage) -> None:
        """Keep how far that has come which was asked for a domain."""
        ...


class KeyMaking(Protocol):
    """The access keys of domains' users."""

    async def state(self, domain: str, user: str) -> KeyState:
        """Return whether somebody has a key, or one is needed."""
        ...

    async def issue(self, domain: str, user: str, show: Show) -> str:
        """Make a key, show it, and return its id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """Onboards domains, one at a time; repeating it goes on from wherever it ended."""

    engine: Engine
    layout: Layout
    adapters: Adapters
    register: Register
    keys: KeyMaking
    steps: Callable[[str], Steps]
    claim: Callable[[str], AbstractAsyncContextManager[None]]
    """Holds a domain against other processes; raises Busy while one has it."""

    async def prepare(self, wish: Wish) -> Prepared:
        """Return what would be done for a domain, without one write.

        Raises Unavailable or Forbidden if AWS, DNS or the database cannot be looked at.
        """
        newcomer = await self.register.look(wish.domain, wish.customer)
        refused = await self._refused(wish, newcomer)
        if refused:
            return Prepared(wish=wish, plan=Plan(conflicts=refused))
        choice = await zones.choose(wish.domain, self.adapters.hosted, self.adapters.dns)
        unfit = in_the_way(wish, choice, newcomer)
        if unfit is not None:
            return Prepared(wish=wish, plan=Plan(conflicts=(unfit,)))
        asked = wanted(wish, newcomer, self.layout)
        made = self._stages(wish.domain, choice, newcomer, asked)
        seen = await self.engine.plan(made)
        key = await self.keys.state(wish.domain, user_name(wish.domain))
        elsewhere = self._elsewhere(wish.domain, choice)
        by_hand = ByHand() if elsewhere is None else await elsewhere.planned()
        return Prepared(
            wish=wish,
            plan=by_hand.plan
            + seen
            + await self._reporting(wish.domain, seen, by_hand)
            + _registering(wish, newcomer, asked.tenant)
            + _key(wish, key, newcomer),
            needs_key=isinstance(key, Needed) and not newcomer.disabled,
            elsewhere=choice if isinstance(choice, Elsewhere) else None,
            rows=by_hand.rows,
            stages=made,
            seen=seen,
            asked=asked,
            is_wanted=newcomer.is_wanted or newcomer.interrupted,
        )

    async def carry_out(self, prepared: Prepared, show: Show, on_change: Watch) -> Outcome:
        """Make everything that is missing; the key comes last, once the rest stands.

        What was asked is kept first of all, so that a death at any moment leaves word of it.
        Nothing is written if anything is in the way. Raises Failed at what could not be done,
        Busy while another process has the domain; doing it again goes on from there.
        """
        wish, plan = prepared.wish, prepared.plan
        if plan.conflicts:
            return _conflict(wish.domain, plan.conflicts)
        if prepared.asked is None or prepared.is_settled:
            return prepared.unchanged
        async with self.claim(wish.domain):
            # Whoever had the claim until now may have registered it for somebody else.
            newcomer = await self.register.look(wish.domain, wish.customer)
            refused = await self._refused(wish, newcomer)
            if refused:
                return _conflict(wish.domain, refused)
            await self.register.ask(wish.domain, prepared.asked)
            reach("onboard.asked")
            applied = await self.engine.apply(
                prepared.stages,
                steps=self.steps(wish.domain),
                on_change=on_change,
                seen=prepared.seen,
            )
            if applied.conflicts:
                return _conflict(wish.domain, applied.conflicts)
            registered, key = await self._granted(prepared, show)
        changed = bool(applied.changes or registered or key)
        return replace(
            prepared.unchanged,
            result=Result.DONE if changed else Result.UNCHANGED,
            changes=applied.changes,
            remarks=tuple(dict.fromkeys((*plan.remarks, *applied.remarks))),
            rows=await self._rows(wish.domain, applied.facts, prepared.elsewhere),
            elsewhere=prepared.elsewhere,
            key=key,
        )

    async def _refused(self, wish: Wish, newcomer: Newcomer) -> tuple[Conflict, ...]:
        """Return what the register has against it, its two neighbours among it."""
        found = refusals(wish, newcomer)
        if found or newcomer.iam_users:
            return found
        label, look = self.layout.mail_from_label, self.register.look
        below = await look(self.layout.mail_from(wish.domain), wish.customer)
        above_name = above(wish.domain, label)
        upper = None if above_name is None else await look(above_name, wish.customer)
        return crowded(wish.domain, label, below=below, upper=upper)

    async def _granted(self, prepared: Prepared, show: Show) -> tuple[bool, str | None]:
        """Register what stands, then give it its key; return what was new of both."""
        wish = prepared.wish
        user = user_name(wish.domain)
        registered = await self.register.register(wish.domain, wish.customer, wish.contact, user)
        reach("onboard.registered")
        key = await self._issued(prepared, user, show)
        await self.register.reached(wish.domain, AskedStage.GRANTED)
        reach("onboard.granted")
        return registered, key

    async def _issued(self, prepared: Prepared, user: str, show: Show) -> str | None:
        """Make and show a key, unless another process did so since this one looked."""
        domain = prepared.wish.domain
        if not prepared.needs_key or isinstance(await self.keys.state(domain, user), Known):
            return None
        return await self.keys.issue(domain, user, show)

    def _stages(
        self, domain: str, choice: ZoneChoice, newcomer: Newcomer, asked: Asked
    ) -> Sequence[Stage]:
        return stages(
            self.layout.taking_over() if asked.take_over else self.layout,
            self.adapters,
            domain,
            zone=choice if isinstance(choice, Zone) else None,
            tenant=asked.tenant,
            may_send=not newcomer.disabled,
        )

    def _elsewhere(self, domain: str, choice: ZoneChoice | None) -> ElsewhereRecords | None:
        if not isinstance(choice, Elsewhere):
            return None
        return ElsewhereRecords(
            domain=domain, elsewhere=choice, layout=self.layout, adapters=self.adapters
        )

    async def _rows(self, domain: str, facts: Facts, choice: Elsewhere | None) -> tuple[Row, ...]:
        """Return the records that have to be entered by hand."""
        elsewhere = self._elsewhere(domain, choice)
        return () if elsewhere is None else await elsewhere.entered_by(signing(facts, domain))

    async def _reporting(self, domain: str, seen: Plan, by_hand: ByHand) -> Plan:
        """Return a remark if the reports that a new DMARC record asks for would not come."""
        rua, name = self.layout.dmarc_rua, f"_dmarc.{domain}"
        made = any(one.resource == f"DMARC record of {domain}" for one in seen.changes)
        if not rua or not (made or any(one.absolute == f"{name}." for one in by_hand.rows)):
            return Plan()
        why = None
        with suppress(Unavailable):
            why = await dmarc.unwelcome(domain, rua, self.adapters.dns)
        return Plan(remarks=() if why is None else (why,))


def _registering(wish: Wish, newcomer: Newcomer, tenant: str | None) -> Plan:
    user, held = user_name(wish.domain), newcomer.tenancy
    named: Document = {} if tenant is None else {"tenant": tenant}
    after = {"customer": wish.customer, "contact": wish.contact, "iam_user": user, **named}
    before: Document | None = None
    if newcomer.owner is not None:
        before = {
            "customer": newcomer.owner,
            "contact": newcomer.contact,
            "iam_user": user if user in newcomer.iam_users else None,
            **({} if held is None else {"tenant": held.tenant}),
        }
    change = change_between(
        f"register entry of {wish.domain}", before, after, "whom its feedback counts for"
    )
    remarks = () if held is None else standing(held)
    return Plan(changes=() if change is None else (change,), remarks=remarks)


def _key(wish: Wish, state: KeyState, newcomer: Newcomer) -> Plan:
    user = user_name(wish.domain)
    name = f"access key of {user}"
    match state:
        case Full(present=present):
            conflict = Conflict(
                resource=name,
                found=f"access keys full: {' and '.join(present)}",
                wanted="room for one whose secret you get",
                advice="Delete the one that no site uses, then run this again.",
            )
            return Plan(conflicts=(conflict,))
        case Needed(orphans=orphans) if newcomer.disabled:
            return Plan(remarks=(f"{wish.domain} is stopped: it gets no access key",))
        case Needed(orphans=orphans):
            change = change_between(name, None, {"user": user}, "shown once; sites log in by it")
            remarks = tuple(f"{one}, which was never shown, is deleted" for one in orphans)
            return Plan(changes=() if change is None else (change,), remarks=remarks)
        case _:
            return Plan()


def _conflict(domain: str, conflicts: tuple[Conflict, ...]) -> Outcome:
    first = conflicts[0]
    return Outcome(
        domain=domain,
        result=Result.CONFLICT,
        why=f"{first.resource}: there is {first.found}, wanted is {first.wanted}",
        conflicts=conflicts,
    )
