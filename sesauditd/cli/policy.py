"""The limits that hold: `sesauditd policy check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples


def register(app: typer.Typer) -> None:
    """Add the group `policy`."""
    group = typer.Typer(help="Read and check the limits of a policy file.")
    group.command(
        "check",
        epilog=examples(
            "sesauditd policy check policy.toml", "sesauditd policy check policy.toml --json"
        ),
    )(check)
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
