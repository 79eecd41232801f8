"""Rows of the register and of what was decided, as JSON objects of stable keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.plain import iso

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy
    from sesauditd.report.figures import (
        Block,
        Case,
        Customer,
        Domain,
        Quarantined,
        StoredAction,
        StoredEvent,
        StoredVerdict,
    )

Row = dict[str, object]


def customer_row(customer: Customer) -> Row:
    """Return a customer."""
    return {
        "customer": customer.name,
        "since": iso(customer.since),
        "registered_at": iso(customer.registered_at),
        "domains": list(customer.domains),
    }


def domain_row(domain: Domain) -> Row:
    """Return a domain."""
    return {
        "domain": domain.name,
        "customer": domain.customer,
        "state": domain.state,
        "waits_for": domain.waits_for,
        "contact": domain.contact,
        "iam_users": list(domain.iam_users),
        "tenant": _tenancy(domain.tenancy),
        "registered_at": iso(domain.registered_at),
        "closed_at": iso(domain.closed_at),
    }


def _tenancy(tenancy: Tenancy | None) -> Row | None:
    """Return a tenant; `trusted_since` is when an event first named it, null until then."""
    if tenancy is None:
        return None
    return {
        "name": tenancy.tenant,
        "trusted_since": iso(tenancy.first_seen_at),
        "last_seen_at": iso(tenancy.last_seen_at),
        "outside_at": iso(tenancy.outside_at),
    }


def verdict_row(verdict: StoredVerdict) -> Row:
    """Return a verdict; `action` is what it asks for, as `enforce --json` names it."""
    return {
        "key": verdict.key,
        "rule": str(verdict.rule),
        "lane": verdict.lane,
        "state": verdict.state,
        "action": str(verdict.does),
        "customer": verdict.customer,
        "domain": verdict.domain,
        "recipient": verdict.recipient,
        "window": {"start": iso(verdict.window_start), "end": iso(verdict.window_end)},
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence),
        "until": iso(verdict.until),
        "judged_at": iso(verdict.judged_at),
        "withdrawn_at": iso(verdict.withdrawn_at),
        "withdrawn_because": verdict.withdrawn_because,
        "action_id": verdict.action,
    }


def action_row(action: StoredAction) -> Row:
    """Return an action with everything that became of it."""
    return {
        "id": action.id,
        "action": action.kind,
        "state": str(action.state),
        "customer": action.customer,
        "domain": action.domain,
        "recipient": action.recipient,
        "lever": action.lever,
        "reason": action.reason,
        "actor": action.actor,
        "verdict": action.cause,
        "evidence_at": iso(action.evidence_at),
        "until": iso(action.until),
        "approved": action.approved,
        "requested_at": iso(action.requested_at),
        "changed_at": iso(action.changed_at),
        "attempts": action.attempts,
        "outcome": action.outcome,
        "before": action.before,
        "after": action.after,
    }


def block_row(block: Block) -> Row:
    """Return a block; its state is that of the action behind it."""
    return {
        "recipient": block.recipient,
        "customer": block.customer,
        "domain": block.domain,
        "rule": block.rule,
        "lever": block.lever,
        "state": str(block.state),
        "since": iso(block.since),
        "until": iso(block.until),
        "lifted_at": iso(block.lifted_at),
        "reason": block.reason,
        "action_id": block.action,
    }


def case_row(case: Case) -> Row:
    """Return a case."""
    return {
        "id": case.id,
        "customer": case.customer,
        "domain": case.domain,
        "rule": case.rule,
        "state": case.state,
        "opened_at": iso(case.opened_at),
        "explanation": case.explanation,
        "closed_at": iso(case.closed_at),
        "action_id": case.action,
    }


def event_row(event: StoredEvent) -> Row:
    """Return an event, and where its raw body is."""
    return {
        "event": event.key.hex(),
        "at": iso(event.at),
        "received_at": iso(event.received_at),
        "kind": event.kind,
        "type": event.type,
        "subtype": event.subtype,
        "detail": event.detail,
        "customer": event.customer,
        "domain": event.domain,
        "source": event.source,
        "identity": event.identity,
        "caller": event.caller,
        "message_id": event.message_id,
        "flags": list(event.flags),
        "recipients": [
            {
                "recipient": one.recipient,
                "outcome": one.outcome,
                "status": one.status,
                "diagnostic": one.diagnostic,
            }
            for one in event.recipients
        ],
        "archive": {"source": event.archive, "line": event.line, "sha256": event.sha256.hex()},
    }


def quarantined_row(quarantined: Quarantined) -> Row:
    """Return a notification that could not be read."""
    return {
        "received_at": iso(quarantined.received_at),
        "reason": quarantined.reason,
        "source": quarantined.source,
        "line": quarantined.line,
        "sha256": quarantined.sha256.hex(),
        "body": quarantined.body,
    }
