"""Setting domains up: `sesauditd onboard`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import handing_over, onboarded, output, plans, wishes
from sesauditd.cli.onboarded import Run
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.bootstrap.onboard import Onboarder
    from sesauditd.config.settings import Settings
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.onboarding import Outcome, Prepared, Wish
    from sesauditd.onboard.onboarding_wait import Verification

MINUTES = 15.0
MOST_IN_FULL = 3
"""Domains whose plans are shown change by change before the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the options of the command say."""

    plan_only: bool
    yes: bool
    wait_minutes: float | None
    out: Path | None
    as_json: bool


DomainsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="DOMAIN...", help="Domains that are to send.")
]
CustomerOption = Annotated[
    str | None,
    typer.Option(help="Whose they are: a short name. Not needed to go on with what was begun."),
]
ContactOption = Annotated[
    str | None, typer.Option(help="Whom to tell: an address. Not needed to go on.")
]
FileOption = Annotated[
    Path | None, typer.Option(help="CSV with the columns of `adopt`: domain,customer,contact.")
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only show what would be done; ends with 4 if anything.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait until SES has found the records; else ends with 4.")
]
MinutesOption = Annotated[float, typer.Option(min=0, help="How long --wait waits at most.")]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Write the credentials into this new file, not to the terminal."),
]
TakeOverOption = Annotated[
    bool, typer.Option("--take-over", help="Let what stands there without our tag become ours.")
]
ByHandOption = Annotated[
    bool,
    typer.Option(
        "--by-hand",
        help="Show the records to be entered elsewhere, although a hosted zone of the account has "
        "the domain's name, which nobody asks.",
    ),
]
TenantOption = Annotated[
    bool,
    typer.Option(
        "--tenant",
        help="Also make the customer a tenant at SES, and print the plugin that names it. Off by "
        "default: without the plugin's header a tenant does nothing, with it SES refuses mail "
        "that the tenant does not cover, and a site can leave it out.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command `onboard`."""
    app.command(
        "onboard",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples(
            "sesauditd onboard example.com --customer bakery --contact anna@example.org --plan",
            "sesauditd onboard example.com --customer bakery --contact anna@example.org --wait",
            "sesauditd onboard --file domains.csv --out credentials.txt",
            "sesauditd onboard example.com",
        ),
    )(onboard)


def onboard(
    context: typer.Context,
    domains: DomainsArgument = None,
    *,
    customer: CustomerOption = None,
    contact: ContactOption = None,
    file: FileOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    wait: WaitOption = False,
    wait_minutes: MinutesOption = MINUTES,
    out: OutOption = None,
    take_over: TakeOverOption = False,
    by_hand: ByHandOption = False,
    tenant: TenantOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set domains up to send through SES, and show the credentials of each once.

    Shows what would be done, asks, and does it: configuration set, feedback, identity, DNS
    records, a user that may send for this domain only. Whatever it was interrupted by, running it
    again, with nothing but the domain, goes on where it ended.
    """
    settings = settings_of(context)
    asked = wishes.asked(settings, domains or [], customer, contact, file)
    patience = wait_minutes if wait else None
    how = How(plan_only=plan, yes=yes, wait_minutes=patience, out=out, as_json=as_json)
    wished = [replace(one, tenant=tenant, take_over=take_over, by_hand=by_hand) for one in asked]
    try:
        run = finished(_run(settings, wished, how))
    except KeyboardInterrupt:
        output.note("Interrupted. The same command goes on where this one ended.")
        raise
    if as_json:
        output.emit_json(onboarded.document(run))
    raise typer.Exit(onboarded.exit_code(run, plan_only=how.plan_only))


async def _run(settings: Settings, asked: Sequence[Wish], how: How) -> Run:
    from sesauditd.bootstrap.onboard import onboarder

    async with onboarder(settings) as opened:
        ground = await opened.look()
        if ground.conflicts:
            _show(how, ground)
            return Run(ground=ground, prepared=())
        with output.progress(len(asked), "Looking") as advance:
            prepared = await opened.batch.prepare(asked, lambda _domain: advance(1))
        if not how.plan_only and _needs_key(prepared):
            handing_over.check(how.out, as_json=how.as_json)
        _show_plans(prepared, ground, how)
        if how.plan_only:
            return Run(ground=ground, prepared=prepared)
        outcomes = await _carried_out(opened, prepared, how)
        if not how.as_json:
            onboarded.tell(outcomes, how.out)
        verified = None
        if how.wait_minutes is not None:
            verified = await _waited(opened, outcomes, how)
        return Run(ground=ground, prepared=prepared, outcomes=outcomes, verified=verified)


def _needs_key(prepared: Sequence[Prepared | Outcome]) -> bool:
    return any(getattr(one, "needs_key", False) for one in prepared)


async def _carried_out(
    opened: Onboarder, prepared: Sequence[Prepared | Outcome], how: How
) -> Sequence[Outcome]:
    plans_made = [_plan_of(one) for one in prepared]
    if any(not one.is_empty and not one.conflicts for one in plans_made):
        plans.confirm("Do this?" if len(prepared) == 1 else "Do all of this?", yes=how.yes)
    file = how.out if _needs_key(prepared) else None
    with (
        handing_over.outlet(file, as_json=how.as_json) as show,
        plans.watching(_steps(prepared), "Onboarding") as watch,
    ):
        return await opened.batch.carry_out(
            prepared,
            show=show,
            on_change=watch,
            on_domain=lambda one: _note(one, of=len(prepared)),
        )


def _steps(prepared: Sequence[Prepared | Outcome]) -> int:
    """Return how many changes are watched, those that are known only later among them."""
    from sesauditd.onboard.onboarding import Prepared

    standing = [one for one in prepared if isinstance(one, Prepared) and not one.plan.conflicts]
    return sum(len(one.seen.changes) + len(one.seen.later) for one in standing)


def _note(outcome: Outcome, *, of: int) -> None:
    if of > 1:
        output.note(f"{outcome.domain}: {outcome.result}{onboarded.because(outcome)}")


async def _waited(
    opened: Onboarder, outcomes: Sequence[Outcome], how: How
) -> Mapping[str, Verification]:
    from sesauditd.onboard.onboarding import Result
    from sesauditd.onboard.onboarding_wait import Waiting

    standing = [one.domain for one in outcomes if one.result in {Result.DONE, Result.UNCHANGED}]
    waiting = Waiting(timeout_seconds=60 * (how.wait_minutes or 0))
    with output.progress(len(standing), "Waiting for SES") as advance:
        found = await opened.verified(standing, waiting, lambda _domain: advance(1))
    for domain, state in found.items():
        if not how.as_json:
            said = "; ".join(state.missing)
            output.say(f"{domain} is verified." if state.is_complete else f"{domain}: {said}")
    if not all(state.is_complete for state in found.values()):
        output.note("SES goes on looking for 72 hours, and the daemon tells you what it finds.")
    return found


def _plan_of(one: Prepared | Outcome) -> Plan:
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.onboarding import Prepared

    return one.plan if isinstance(one, Prepared) else Plan()


def _show(how: How, plan: Plan, title: str = "") -> None:
    if not how.as_json:
        plans.show(plan, title)


def _show_plans(prepared: Sequence[Prepared | Outcome], ground: Plan, how: How) -> None:
    from sesauditd.onboard.onboarding import Outcome

    for remark in () if how.as_json else ground.remarks:
        output.say(f"i {remark}")
    if len(prepared) > MOST_IN_FULL and not how.plan_only and not how.as_json:
        _show_in_short(prepared)
        return
    for one in prepared:
        if isinstance(one, Outcome):
            output.note(f"{one.domain}: {one.why}")
        else:
            _show(how, one.plan, f"\n{one.wish.domain}, customer {one.wish.customer}:")
            _show_records(one, how)


def _show_records(one: Prepared, how: How) -> None:
    """Print what is to be entered by hand; after an apply it is printed once, as a whole."""
    if how.plan_only and not how.as_json and one.elsewhere is not None:
        onboarded.tell_records(one.wish.domain, one.elsewhere.zone, one.rows)


def _show_in_short(prepared: Sequence[Prepared | Outcome]) -> None:
    from sesauditd.onboard.onboarding import Outcome

    output.table(
        ("Domain", "Customer", "Changes", "In the way"),
        [
            (one.domain, None, 0, one.why)
            if isinstance(one, Outcome)
            else (
                one.wish.domain,
                one.wish.customer,
                len(one.plan.changes),
                "; ".join(f"{each.resource}: {each.found}" for each in one.plan.conflicts),
            )
            for one in prepared
        ],
    )
    output.say("Each change in full: --plan")
