"""The operator's own decisions: journaled, asked of AWS, and never forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from sesauditd.errors import Failed, Refused
from sesauditd.model.actions import (
    LIVE,
    NOT_STARTED,
    Lever,
    Reverse,
    State,
    action_id,
    deny_unless_own,
)
from sesauditd.model.verdicts import Does
from sesauditd.store import casebook, executions, journal, outbox, renewal
from sesauditd.store.register import first_domain_of, last_owner_of, own_addresses, owner_of
from sesauditd.store.tables import actions, blocks

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

OPEN = (*LIVE, *NOT_STARTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision came to."""

    kind: str
    subject: str
    requested: tuple[str, ...] = ()
    """Actions that now wait for the daemon."""
    cancelled: tuple[str, ...] = ()
    """Actions that had not begun and never will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing came to: reverses that are asked for, and actions that never began."""

    requested: tuple[str, ...]
    cancelled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Takes decisions of one operator inside the caller's writing transaction."""

    connection: AsyncConnection
    actor: str
    now: datetime

    async def block(self, address: str, domain: str, reason: str) -> Decided:
        """Block a recipient for the customer of a domain, for good; its own people never."""
        customer = await owner_of(self.connection, domain)
        known = await self._known("block", Does.BLOCK, customer, recipient=address)
        if known is not None:
            return known
        await self._journal("block", f"{customer}/{address}", {"domain": domain, "reason": reason})
        lever = deny_unless_own(address, await own_addresses(self.connection, customer))
        name = await self._request(
            Does.BLOCK, customer, domain, reason, recipient=address, lever=lever
        )
        await self.connection.execute(
            insert(blocks).values(
                action=name,
                customer=customer,
                recipient=address,
                spelling=address,
                domain=domain,
                rule="operator",
                lever=str(lever),
                since=self.now,
            )
        )
        return Decided(kind="block", subject=f"{customer}/{address}", requested=(name,))

    async def unblock(self, address: str, domain: str, reason: str) -> Decided:
        """Lift every block of a recipient for the customer of a domain."""
        customer = await last_owner_of(self.connection, domain)
        standing = await self.connection.scalar(
            select(blocks.c.action).where(
                blocks.c.customer == customer,
                blocks.c.recipient == address,
                blocks.c.lifted_at.is_(None),
            )
        )
        if standing is None and not await executions.unlifted(self.connection, customer, address):
            raise Failed(f"{address} is not blocked for {customer}: see sesauditd blocks")
        subject = f"{customer}/{address}"
        await self._journal("lift", subject, {"domain": domain, "reason": reason})
        wanted = (actions.c.recipient == address) & (actions.c.kind == str(Does.BLOCK))
        undone = await self._undo(customer, wanted, reason)
        return await self._reversed(
            Reverse.UNBLOCK, undone, customer, domain, reason, recipient=address
        )

    async def disable(self, domain: str, reason: str) -> Decided:
        """Stop a domain until it is reinstated."""
        customer = await owner_of(self.connection, domain)
        known = await self._known("disable", Does.DISABLE, customer, domain=domain)
        if known is not None:
            return known
        await self._journal("disable", domain, {"customer": customer, "reason": reason})
        name = await self._request(Does.DISABLE, customer, domain, reason)
        await self._open_case(name, customer, domain)
        return Decided(kind="disable", subject=domain, requested=(name,))

    async def reinstate(self, domain: str, explanation: str) -> Decided:
        """Let a domain send again; its windows begin anew now."""
        customer = await last_owner_of(self.connection, domain)
        await self._journal("reinstate", domain, {"customer": customer, "explanation": explanation})
        wanted = (actions.c.domain == domain) & (actions.c.kind == str(Does.DISABLE))
        await casebook.explain_stops(self.connection, wanted, explanation, self.now)
        undone = await self._undo(customer, wanted, explanation)
        return await self._reversed(Reverse.REINSTATE, undone, customer, domain, explanation)

    async def terminate(self, customer: str, reason: str) -> Decided:
        """End a customer's access on all domains; reversible for 30 days."""
        domain = await first_domain_of(self.connection, customer)
        known = await self._known("terminate", Does.TERMINATE, customer)
        if known is not None:
            return known
        await self._journal("terminate", customer, {"reason": reason})
        name = await self._request(Does.TERMINATE, customer, None, reason)
        await self._open_case(name, customer, domain)
        return Decided(kind="terminate", subject=customer, requested=(name,))

    async def restore(self, customer: str, explanation: str) -> Decided:
        """Take a termination back, with every disable of the customer's domains."""
        await first_domain_of(self.connection, customer)
        await self._journal("restore", customer, {"explanation": explanation})
        wanted = actions.c.kind.in_([str(Does.TERMINATE), str(Does.DISABLE)])
        whose = wanted & (actions.c.customer == customer)
        await casebook.explain_stops(self.connection, whose, explanation, self.now)
        undone = await self._undo(customer, wanted, explanation)
        return await self._reversed(Reverse.RESTORE, undone, customer, None, explanation)

    async def explain(self, case: str, explanation: str) -> Decided:
        """Record what a customer says about a case; nothing is undone by it."""
        name, customer = await casebook.explain(self.connection, case, explanation, self.now)
        await self._journal("explain", name, {"customer": customer, "explanation": explanation})
        return Decided(kind="explain", subject=name)

    async def arm(self, customer: str | None, *, armed: bool) -> Decided:
        """Switch from shadow mode to enforcing, for one customer or for all, or back."""
        if customer is not None:
            await first_domain_of(self.connection, customer)
        kind = "arm" if armed else "disarm"
        await self._journal(kind, customer or "*", {})
        if not armed:
            await renewal.hold_back(self.connection, customer, self.now)
        return Decided(kind=kind, subject=customer or "*")

    async def approve(self, name: str) -> Decided:
        """Let an action go ahead that waits for an operator or was only proposed."""
        row = (await self.connection.execute(select(actions).where(actions.c.id == name))).first()
        if row is None:
            raise Refused(f"there is no action {name}: see sesauditd actions")
        if row.state not in {State.PROPOSED, State.WAITING}:
            raise Failed(
                f"action {name} is {row.state}: only waiting and proposed ones are approved"
            )
        await self._journal("approve", name, {"kind": row.kind, "customer": row.customer})
        await self.connection.execute(
            update(actions)
            .where(actions.c.id == name)
            .values(state=str(State.REQUESTED), approved=True, outcome=None, changed_at=self.now)
        )
        return Decided(kind="approve", subject=name, requested=(name,))

    async def _known(
        self,
        kind: str,
        does: Does | Reverse,
        customer: str,
        *,
        domain: str | None = None,
        recipient: str | None = None,
    ) -> Decided | None:
        """Return the same decision if an operator took it before and it still stands."""
        query = select(actions.c.id, actions.c.state).where(
            actions.c.kind == str(does),
            actions.c.customer == customer,
            actions.c.cause.is_(None),
            actions.c.state.in_([str(one) for one in LIVE]),
        )
        if domain is not None:
            query = query.where(actions.c.domain == domain)
        if recipient is not None:
            query = query.where(actions.c.recipient == recipient)
        row = (await self.connection.execute(query.limit(1))).first()
        if row is None:
            return None
        subject = f"{customer}/{recipient}" if recipient else domain or customer
        waiting = () if row.state == State.DONE else (row.id,)
        return Decided(kind=kind, subject=subject, requested=waiting)

    async def _undo(self, customer: str, wanted: ColumnElement[bool], reason: str) -> Undone:
        rows = await self.connection.execute(
            select(actions.c.id)
            .where(
                actions.c.customer == customer,
                wanted,
                actions.c.state.in_([str(one) for one in (*OPEN, State.FAILED)]),
            )
            .order_by(actions.c.id)
        )
        requested, cancelled = [], []
        for name in rows.scalars().fetchall():
            reverse = await outbox.undo(self.connection, name, reason, self.actor, self.now)
            if reverse is None:
                cancelled.append(name)
            else:
                requested.append(reverse)
        return Undone(requested=tuple(requested), cancelled=tuple(cancelled))

    async def _reversed(
        self,
        reverse: Reverse,
        undone: Undone,
        customer: str,
        domain: str | None,
        reason: str,
        *,
        recipient: str | None = None,
    ) -> Decided:
        """Ask for the reverse also of what had not begun: who knows what was done by hand.

        The executor reads back what stands at AWS, and finds that nothing is to be done.
        """
        kind = reverse.partition("_")[0]
        subject = f"{customer}/{recipient}" if recipient else domain or customer
        requested = undone.requested
        if not requested:
            known = await self._known(kind, reverse, customer, domain=domain, recipient=recipient)
            requested = known.requested if known else ()
        if not requested:
            name = await self._request(reverse, customer, domain, reason, recipient=recipient)
            requested = (name,)
        return Decided(kind=kind, subject=subject, requested=requested, cancelled=undone.cancelled)

    async def _request(
        self,
        does: Does | Reverse,
        customer: str,
        domain: str | None,
        reason: str,
        *,
        recipient: str | None = None,
        lever: Lever | None = None,
    ) -> str:
        subject = f"{customer}/{recipient or domain or customer}"
        same = (actions.c.kind == str(does), actions.c.requested_at == self.now)
        earlier = await self.connection.scalar(select(func.count(actions.c.id)).where(*same))
        name = action_id(str(does), subject, self.now.isoformat(), int(earlier or 0))
        await self.connection.execute(
            insert(actions).values(
                id=name,
                kind=str(does),
                customer=customer,
                domain=domain,
                recipient=recipient,
                spelling=recipient,
                lever=str(lever) if lever else None,
                state=str(State.REQUESTED),
                actor=self.actor,
                reason=reason,
                evidence_at=self.now,
                approved=True,
                requested_at=self.now,
                changed_at=self.now,
                attempts=0,
            )
        )
        return name

    async def _open_case(self, action: str, customer: str, domain: str) -> None:
        await casebook.open_new(
            self.connection,
            action,
            customer=customer,
            domain=domain,
            rule=casebook.OPERATOR,
            opened_at=self.now,
        )

    async def _journal(self, kind: str, subject: str, facts: dict[str, object]) -> None:
        await journal.append(
            self.connection, at=self.now, actor=self.actor, kind=kind, subject=subject, facts=facts
        )
