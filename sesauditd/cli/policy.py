"""The limits that hold, and others to try: `sesauditd policy check` and `policy simulate`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, SinceOption, moment_option, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused
from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.report.whatif import Tally, WhatIf

SPAN = timedelta(days=90)
SHOWN = 40
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", parser=moment_option, metavar="WHEN", help="End here; else now."),
]


def register(app: typer.Typer) -> None:
    """Add the group `policy`."""
    group = typer.Typer(
        help="Read, check and try the limits of a policy file.",
        epilog=examples(
            "sesauditd policy check policy.toml",
            "sesauditd policy simulate --policy policy.toml --since 90d",
        ),
    )
    group.command(
        "check",
        epilog=examples(
            "sesauditd policy check policy.toml", "sesauditd policy check policy.toml --json"
        ),
    )(check)
    group.command(
        "simulate",
        epilog=examples(
            "sesauditd policy simulate --policy new.toml",
            "sesauditd policy simulate --policy policy-strict.toml --since 30d --json",
        ),
    )(simulate)
    app.add_typer(group, name="policy", rich_help_panel=Heading.SETTING_UP)


def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Policy file; what it leaves out is as shipped.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Check a policy file, and say what each rule would do.

    A wrong key or number is named in one line, with exit code 2.
    """
    from sesauditd.cli.rule_texts import rule_texts
    from sesauditd.config import load_limits, policy_name

    limits = load_limits(file)
    rules = rule_texts(limits)
    if as_json:
        output.emit_json(
            {
                "file": str(file),
                "policy": policy_name(limits),
                "rules": [asdict(rule) for rule in rules],
                "limits": asdict(limits),
            }
        )
        return
    output.table(
        ("Rule", "Fires when", "Does", "Lane"),
        [(rule.rule, rule.fires_when, rule.does, rule.lane) for rule in rules],
    )
    output.say(
        f"{file} is a valid policy; verdicts made by it carry the name {policy_name(limits)}."
    )


def simulate(
    context: typer.Context,
    policy: Annotated[
        Path,
        typer.Option(
            "--policy", metavar="FILE", help="The policy to try, or a shipped one's name."
        ),
    ],
    *,
    since: SinceOption = None,
    until: UntilOption = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what another policy would have done on the stored history, beside what was done.

    Looks back 90 days, or to --since. Nothing is written; a running daemon is not disturbed.
    """
    from sesauditd import bootstrap
    from sesauditd.bootstrap.whatif import Span, tried_policies
    from sesauditd.bootstrap.whatif import simulate as simulated

    settings, now = settings_of(context), bootstrap.now()
    span = Span(since=since or (until or now) - SPAN, until=until, customer=customer)
    if span.since >= (until or now):
        raise Refused(
            f"--since {iso(span.since)} is not before {iso(until or now)}: nothing to show"
        )
    tried = tried_policies(settings, policy)
    bar = partial(output.progress, description="Judging customers")
    found = finished(simulated(settings, tried, span, now, bar))
    if as_json:
        from sesauditd.report.whatif import whatif_document

        output.emit_json(whatif_document(found, str(policy)))
    else:
        _show(found)


def _show(found: WhatIf) -> None:
    from sesauditd.report import whatif, whatif_lines

    differing = whatif.changed(found.differences)
    output.table(
        ("Change", "Who", "Would have been", "Was"),
        whatif_lines.rows(differing[:SHOWN]),
        title=f"What differs from {found.since:%Y-%m-%d} on",
        empty="No difference.",
    )
    if len(differing) > SHOWN:
        output.say(f"... and {len(differing) - SHOWN} more: add --json to see all.")
    for name, tallies in (
        ("Rule", whatif.by_rule(found.differences)),
        ("Customer", whatif.by_customer(found.differences)),
        ("Week", whatif.by_week(found.differences)),
    ):
        _show_counts(name, tallies)
    for remark in whatif_lines.remarks(found):
        output.say(remark)


def _show_counts(name: str, tallies: Mapping[str, Tally]) -> None:
    from sesauditd.report.whatif import COLUMNS

    rows = [(key, *one.row) for key, one in tallies.items()]
    if rows:
        output.say("")
        output.table((name, *COLUMNS), rows[:SHOWN])
    if len(rows) > SHOWN:
        output.say(f"... and {len(rows) - SHOWN} more: add --json to see all.")
