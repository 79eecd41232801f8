"""What a page shows of a customer or a domain, made of what was counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.model.verdicts import Does
from sesauditd.web.values import Step, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.figures import Case, Domain
    from sesauditd.store.onboarding import Step as StoredStep

VERDICTS_SHOWN = 60
BLOCKS_SHOWN = 50


def subject_of(
    found: Behaviour,
    *,
    mode: str,
    domains: Sequence[Domain],
    cases: Sequence[Case],
    steps: Sequence[StoredStep],
) -> Subject:
    """Return what a page shows of a behaviour: what is kept must not grow with the strikes.

    Verdicts that block are many: as many of the newest are shown as harder ones leave room for.
    """
    blocking = [one for one in found.verdicts if one.does is Does.BLOCK]
    weighty = [one for one in found.verdicts if one.does is not Does.BLOCK][:VERDICTS_SHOWN]
    shown = [*weighty, *blocking[: VERDICTS_SHOWN - len(weighty)]]
    blocks = sorted(found.blocks, key=lambda one: (one.since, one.recipient), reverse=True)
    return Subject(
        behaviour=replace(found, strikes=(), verdicts=(), blocks=tuple(blocks[:BLOCKS_SHOWN])),
        mode=mode,
        domains=tuple(one for one in domains if one.customer == found.customer),
        cases=tuple(cases),
        blocked=len(blocks),
        shown_verdicts=tuple(
            sorted(shown, key=lambda one: (one.window_end, one.key), reverse=True)
        ),
        blocked_by_rule=dict(Counter(str(one.rule) for one in blocking)),
        steps=tuple(map(_step, steps)),
    )


def _step(stored: StoredStep) -> Step:
    """Return a step in words; what a change set is not shown, only what it was."""
    verb, missing = stored.detail.get("verb"), stored.detail.get("missing")
    state = str(stored.detail.get("stage") or stored.state)
    lacking = ", ".join(str(one) for one in missing) if isinstance(missing, list) else ""
    return Step(
        name=stored.step,
        state=state,
        changed_at=stored.changed_at,
        said=f"missing: {lacking}" if lacking else str(verb or ""),
    )
