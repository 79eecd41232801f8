"""What `sesauditd adopt` does at AWS: `--check` looks, `--take-over` makes it ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output, plans
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.config.settings import Settings
    from sesauditd.model.adoption import AdoptedDomain
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.adoption import TakeOver

CheckOption = Annotated[
    bool,
    typer.Option(
        "--check", help="Look at AWS: what is missing, what could stop it; ends with 4 if any."
    ),
]
TakeOverOption = Annotated[
    bool, typer.Option("--take-over", help="Make its set, identity and IAM user ours.")
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="With --take-over: only show it; ends with 4 if anything.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="With --take-over: do not ask.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAws:
    """What is to be done at AWS with adopted domains."""

    check: bool
    take_over: bool
    plan: bool
    yes: bool
    as_json: bool

    @property
    def is_nothing(self) -> bool:
        """Return whether AWS is left alone."""
        return not (self.check or self.take_over)


def run(settings: Settings, domains: Sequence[str], how: AtAws) -> int:
    """Look at domains or take them over, and return the exit code."""
    from sesauditd.model.addresses import registrable

    if how.check and how.take_over:
        raise Refused("--check only looks, --take-over changes: give one of them")
    names = [registrable(one) for one in domains]
    if how.check:
        return _checked(finished(_looks(settings, names)), how)
    return finished(_taken_over(settings, names, how))


async def _looks(settings: Settings, domains: Sequence[str]) -> Sequence[AdoptedDomain]:
    from sesauditd.bootstrap.adopting import adopting

    async with adopting(settings) as opened:
        return [await opened.look(one) for one in domains]


def _checked(seen: Sequence[AdoptedDomain], how: AtAws) -> int:
    from sesauditd.model import adoption

    if how.as_json:
        output.emit_json({"domains": [adoption.document(one) for one in seen]})
    for one in () if how.as_json else seen:
        lines = [*adoption.attribution(one), *adoption.levers(one)]
        output.table(
            ("", "Of " + one.name, "State", "To do"),
            [("ok" if line.works else "!", line.what, line.says, line.advice) for line in lines],
        )
    return 0 if all(map(adoption.is_complete, seen)) else plans.PENDING


async def _taken_over(settings: Settings, domains: Sequence[str], how: AtAws) -> int:
    from sesauditd.bootstrap.adopting import adopting
    from sesauditd.model.plan import Plan

    async with adopting(settings) as opened:
        await opened.refuse_own(domains)
        prepared = [await opened.prepare(one) for one in domains]
        whole = sum((one.plan for one in prepared), Plan())
        _show(prepared, how)
        if how.plan or whole.conflicts or whole.is_empty:
            _emit(whole, how, applied=False)
            return plans.exit_code(whole)
        plans.confirm("Take this over?", yes=how.yes)
        met = Plan()
        with plans.watching(len(whole.changes), "Taking over") as watch:
            for one in prepared:
                applied = await opened.carry_out(one, watch)
                met += Plan(conflicts=applied.conflicts)
        _emit(whole + met, how, applied=True)
        return 1 if met.conflicts else 0


def _show(prepared: Sequence[TakeOver], how: AtAws) -> None:
    for one in () if how.as_json else prepared:
        plans.show(one.plan, f"\n{one.domain}:")


def _emit(plan: Plan, how: AtAws, *, applied: bool) -> None:
    from sesauditd.onboard import rendering

    if how.as_json:
        output.emit_json({**rendering.document(plan), "applied": applied})
    elif applied:
        output.say("Done, each change read back.")
