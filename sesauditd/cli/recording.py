"""Commands that record and judge: adopt, replay, rollup, enforce."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import adopting, following, output
from sesauditd.cli.following import Followed
from sesauditd.cli.options import JsonOption, SinceOption, moment_option, settings_of
from sesauditd.cli.owners import CSV_COLUMNS, each_line, owned
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sesauditd.model.recorded import Recorded
    from sesauditd.store.register import Adoption

SHOWN = 40

MomentOption = Annotated[
    datetime | None,
    typer.Option("--as-of", parser=moment_option, metavar="WHEN", help="Judge as at this time."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "adopt",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples(
            "sesauditd adopt example.com --customer bakery --contact anna@example.com",
            "sesauditd adopt --file domains.csv",
        ),
    )(adopt)
    app.command(
        "replay",
        rich_help_panel=Heading.RECORDING,
        epilog=examples(
            "sesauditd replay archive/raw",
            "sesauditd replay day.jsonl.gz --json",
            "sesauditd replay s3://sesaudit-123456789012-archive/sesauditd/raw/dt=2026-11-23",
        ),
    )(replay)
    app.command(
        "rollup", rich_help_panel=Heading.RECORDING, epilog=examples("sesauditd rollup --day 1d")
    )(rollup)
    app.command(
        "enforce",
        rich_help_panel=Heading.RECORDING,
        epilog=examples(
            "sesauditd enforce --dry-run", "sesauditd enforce --as-of 2026-11-23T03:00:00Z --json"
        ),
    )(enforce)


def adopt(
    context: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="A domain that sends already.")] = None,
    *,
    customer: Annotated[str | None, typer.Option(help="Whose it is: a short name.")] = None,
    contact: Annotated[str | None, typer.Option(help="Whom to tell: an address.")] = None,
    iam_user: Annotated[str | None, typer.Option(help="IAM user that the site sends by.")] = None,
    since: SinceOption = None,
    file: Annotated[
        Path | None, typer.Option(help=f"CSV with the columns {','.join(CSV_COLUMNS)}.")
    ] = None,
    check: adopting.CheckOption = False,
    take_over: adopting.TakeOverOption = False,
    plan: adopting.PlanOption = False,
    yes: adopting.YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Register a domain that is set up already; AWS is touched with --take-over only.

    Stored events that belong to it count from now on.
    """
    how = adopting.AtAws(check=check, take_over=take_over, plan=plan, yes=yes, as_json=as_json)
    if not how.is_nothing and domain is not None and customer is None:
        raise typer.Exit(adopting.run(settings_of(context), [domain], how))
    if file is not None and domain is not None:
        raise Refused("give a domain or --file CSV, not both")
    if file is not None:
        adoptions = each_line(file, _from_row)
    else:
        adoptions = [_adoption(domain, customer, contact, iam_user, since)]
    changed = finished(_adopt(context, adoptions))
    if not how.is_nothing:
        named = [one.domain for one in adoptions]
        raise typer.Exit(adopting.run(settings_of(context), named, how))
    if as_json:
        domains = [one.domain for one in adoptions]
        output.emit_json({"adopted": domains, "changed": changed})
        return
    for one in adoptions:
        output.say(f"{one.domain} is registered for customer {one.customer} ({one.contact}).")


def replay(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Files or folders of .jsonl[.gz], or s3://BUCKET/PREFIX."
        ),
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Read stored notifications into the database and judge them.

    A line is an archive record, a raw queue message or a bare SES event. What follows is only
    proposed: nothing is asked of AWS without your word. Whatever ends it, run it again: what is
    recorded already counts as a duplicate.
    """
    counts = finished(_replay(context, sources))
    document = {
        "read": counts.read,
        "recorded": counts.recorded,
        "duplicates": counts.duplicates,
        "quarantined": counts.quarantined,
        "ignored": counts.ignored,
    }
    if as_json:
        output.emit_json(document)
        return
    output.table(tuple(document), [tuple(document.values())])
    if counts.quarantined:
        output.note("What could not be read is kept: sesauditd events --quarantined")


def rollup(
    context: typer.Context,
    *,
    day: Annotated[
        datetime | None,
        typer.Option(parser=moment_option, metavar="DAY", help="The day; else today, UTC."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a day's roll-ups with its events, and mend what differs."""
    document = finished(_rollup(context, day))
    if as_json:
        output.emit_json(document)
        return
    output.say(f"{document['day']}: {document['rows']} roll-ups, {document['mended']} mended.")
    if "events_forgotten" in document:
        output.say(
            "Its events are older than retention.events_days: its roll-ups stay as they are."
        )


def enforce(
    context: typer.Context,
    *,
    as_of: MomentOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, keep nothing.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Withdrawn verdicts too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge the weeks that are owed and show the verdicts, each with its reason."""
    found, followed = finished(_enforce(context, as_of, dry_run=dry_run))
    document = dict(found)
    verdicts = list(_verdicts(document))
    if not everything:
        verdicts = [one for one in verdicts if one["state"] != "withdrawn"]
    document["verdicts"] = verdicts
    if as_json:
        output.emit_json(document)
    else:
        _show(verdicts)
    following.told(followed, quietly=True)


async def _adopt(context: typer.Context, adoptions: Sequence[Adoption]) -> int:
    from sesauditd import bootstrap

    async with bootstrap.application(settings_of(context)) as application:
        return await application.adopt(adoptions)


async def _replay(context: typer.Context, sources: Sequence[str]) -> Recorded:
    from contextlib import ExitStack

    from sesauditd import bootstrap
    from sesauditd.bootstrap.replaying import replay

    async with bootstrap.application(settings_of(context)) as application:
        with ExitStack() as stack:

            def _begun(size: int) -> Callable[[int], None]:
                return stack.enter_context(output.progress(size, "Replaying"))

            return await replay(application, sources, _begun)


async def _rollup(context: typer.Context, day: datetime | None) -> Mapping[str, object]:
    from sesauditd import bootstrap

    async with bootstrap.application(settings_of(context)) as application:
        return await application.rollup(day)


async def _enforce(
    context: typer.Context, as_of: datetime | None, *, dry_run: bool
) -> tuple[Mapping[str, object], Followed]:
    """Return the document, and what a living daemon made of the actions in it."""
    from sesauditd import bootstrap
    from sesauditd.store import executions

    async with bootstrap.application(settings_of(context)) as application:
        document = await application.enforce(as_of, dry_run=dry_run)
        if dry_run or not any(one["state"] == "requested" for one in _verdicts(document)):
            return document, Followed()
        async with application.database.read() as connection:
            names = await executions.requested(connection)
        followed = await following.followed(application, names)
        if followed.daemon_lives:
            document = await application.enforce(as_of)
        return document, followed


def _verdicts(document: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    found = document["verdicts"]
    return found if isinstance(found, list) else []


def _show(verdicts: Sequence[Mapping[str, object]]) -> None:
    output.table(
        ("Rule", "State", "Who", "Why"),
        [
            (
                one["rule"],
                one["state"],
                f"{one['customer']}: {one['recipient'] or one['domain']}",
                one["reason"],
            )
            for one in verdicts[:SHOWN]
        ],
        empty="No verdicts: nobody did anything that a rule is about.",
    )
    if len(verdicts) > SHOWN:
        output.say(f"... and {len(verdicts) - SHOWN} more: add --json to see all.")


def _from_row(row: Mapping[str, str]) -> Adoption:
    since = row.get("since", "").strip()
    return _adoption(
        row["domain"],
        row["customer"],
        row["contact"],
        row.get("iam_user", "").strip() or None,
        moment_option(since) if since else None,
    )


def _adoption(
    domain: str | None,
    customer: str | None,
    contact: str | None,
    iam_user: str | None,
    since: datetime | None,
) -> Adoption:
    from sesauditd.store.register import Adoption

    named = owned(domain, customer, contact)
    return Adoption(
        domain=named.domain,
        customer=named.customer,
        contact=named.contact,
        iam_user=iam_user,
        since=since,
    )
