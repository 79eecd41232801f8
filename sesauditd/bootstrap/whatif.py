"""Puts a what-if together: settings and a policy file in, a comparison out, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sesauditd.config import Policies
    from sesauditd.config.settings import Settings
    from sesauditd.report.whatif import WhatIf

    Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which part of the history is shown, and of whom."""

    since: datetime
    until: datetime | None = None
    customer: str | None = None


def tried_policies(settings: Settings, file: Path) -> Policies:
    """Return the limits of another policy file, with the customers' own numbers laid over them.

    A shipped policy is found by its name. Raises Refused in one line if the file is wrong.
    """
    from sesauditd import shipped
    from sesauditd.config import policies_of
    from sesauditd.config.limits_file import SHIPPED

    is_shipped = str(file) in SHIPPED and not file.exists()
    found = shipped.policy_file(str(file)) if is_shipped else file
    policy = settings.policy.model_copy(update={"file": found})
    return policies_of(settings.model_copy(update={"policy": policy}))


async def simulate(
    settings: Settings, tried: Policies, span: Span, now: datetime, bar: Bar
) -> WhatIf:
    """Return what other limits would have done; `bar` shows how many customers are looked at."""
    from sesauditd.bootstrap.program import stance_of
    from sesauditd.config import policies_of
    from sesauditd.store.whatif.opening import reading
    from sesauditd.store.whatif.replaying import Question, replayed

    question = Question(
        since=span.since,
        until=span.until,
        customer=span.customer,
        now=now,
        tried=stance_of(settings, tried),
        present=stance_of(settings, policies_of(settings)),
    )
    async with reading(settings.database.url) as connection:
        return await replayed(connection, question, bar)
