"""What `sesauditd onboard` tells of what it found and did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.cli import output, plans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sesauditd.model.plan import Plan
    from sesauditd.onboard.onboarding import Outcome, Prepared
    from sesauditd.onboard.onboarding_wait import Verification
    from sesauditd.onboard.records_by_hand import Row

TIMED_OUT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one run found and did."""

    ground: Plan
    prepared: Sequence[Prepared | Outcome]
    outcomes: Sequence[Outcome] = ()
    verified: Mapping[str, Verification] | None = None


def tell(outcomes: Sequence[Outcome], out: Path | None) -> None:
    """Print what became of the domains, and the records that somebody has to enter."""
    if len(outcomes) > 1:
        output.table(
            ("Domain", "Result", "Changes", "Why"),
            [(one.domain, str(one.result), len(one.changes), one.why) for one in outcomes],
        )
    for one in outcomes:
        if len(outcomes) == 1:
            output.say(f"{one.domain}: {one.result}{because(one)}")
        if one.elsewhere is not None:
            tell_records(one.domain, one.elsewhere.zone, one.rows)
        if one.tenant is not None and not one.key:
            _tell_plugin(one.domain, one.tenant)
    if out is not None and any(one.key for one in outcomes):
        output.say(f"The credentials are in {out}, and nowhere else.")


def tell_records(domain: str, zone: str, rows: Sequence[Row]) -> None:
    """Print records a line a field: what a table breaks over lines cannot be copied."""
    if not rows:
        return
    output.say(
        f"\nRecords of {domain}, to be entered in {zone} (exactly one MX at the MAIL FROM name). "
        "A panel that appends the zone wants the short name."
    )
    for row in rows:
        output.say(
            f"\n{row.kind}, TTL {row.ttl}\n"
            f"  name        {row.absolute}\n"
            f"  short name  {row.relative}\n"
            f"  value       {row.value}"
        )


def _tell_plugin(domain: str, tenant: str) -> None:
    """Print what names the tenant; whoever gets credentials has it beside them."""
    from sesauditd.onboard.credentials import header_block

    block = header_block(tenant)
    output.say(f"\n{block.title}, on every site that sends as {domain}:\n{block.text}")


def because(outcome: Outcome) -> str:
    """Return the reason of an outcome, ready to follow its result."""
    return f": {outcome.why}" if outcome.why else ""


def document(run: Run) -> Mapping[str, object]:
    """Return the document that scripts read; it holds no secret."""
    from sesauditd.onboard import rendering
    from sesauditd.onboard.onboarding import Prepared

    return {
        "account": rendering.document(run.ground),
        "plans": {
            one.wish.domain: {**rendering.document(one.plan), "records": one.rows}
            for one in run.prepared
            if isinstance(one, Prepared)
        },
        "results": [_result(one, run.verified or {}) for one in run.outcomes],
    }


def _result(one: Outcome, verified: Mapping[str, Verification]) -> Mapping[str, object]:
    state = verified.get(one.domain)
    return {
        "domain": one.domain,
        "result": str(one.result),
        "why": one.why,
        "changes": [change.resource for change in one.changes],
        "access_key": one.key,
        "tenant": _tenant(one),
        "records": one.rows,
        "remarks": one.remarks,
        "verified": None if state is None else state.is_complete,
        "missing": () if state is None else state.missing,
    }


def _tenant(one: Outcome) -> Mapping[str, str] | None:
    from sesauditd.onboard.credentials import PLUGIN
    from sesauditd.onboard.tenants import plugin

    if one.tenant is None:
        return None
    return {"name": one.tenant, "file": PLUGIN, "plugin": plugin(one.tenant)}


def exit_code(run: Run, *, plan_only: bool) -> int:
    """Return 1 for whatever is in the way or failed, 4 for what is pending or not yet found."""
    from sesauditd.onboard.onboarding import Outcome, Result

    if run.ground.conflicts:
        return 1
    if plan_only:
        codes = {
            1 if isinstance(one, Outcome) else plans.exit_code(one.plan) for one in run.prepared
        }
        return 1 if 1 in codes else max(codes, default=0)
    if any(one.result in {Result.CONFLICT, Result.FAILED} for one in run.outcomes):
        return 1
    complete = all(one.is_complete for one in (run.verified or {}).values())
    return 0 if complete else TIMED_OUT
