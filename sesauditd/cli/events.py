"""`sesauditd events`: pages of what SES told, and of what could not be read."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption, SinceOption
from sesauditd.cli.sections import Heading, examples
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesauditd.bootstrap.looking import Look
    from sesauditd.report.figures import Quarantined, StoredEvent

EVENTS_SHOWN = 50
MOST_EVENTS = 10_000
RECIPIENTS_SHOWN = 3
TEXT_SHOWN = 120
"""Characters of one text in a table."""
KINDS = (
    "Bounce",
    "Complaint",
    "Delivery",
    "Send",
    "Reject",
    "DeliveryDelay",
    "Rendering Failure",
    "Open",
    "Click",
    "Subscription",
)
"""SES's own words for its events."""

DomainOption = Annotated[str | None, typer.Option(help="Only of this registered domain.")]
KindOption = Annotated[
    str | None, typer.Option(metavar="KIND", help="Only of this kind: Bounce, Complaint, ...")
]
LimitOption = Annotated[
    int, typer.Option(min=1, max=MOST_EVENTS, help="How many at most, the newest first.")
]
UnattributedOption = Annotated[
    bool, typer.Option("--unattributed", help="Only those that belong to no registered domain.")
]
QuarantinedOption = Annotated[
    bool, typer.Option("--quarantined", help="What could not be read, and why.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "events",
        rich_help_panel=Heading.LOOKING,
        epilog=examples(
            "sesauditd events --domain shop.example --kind Bounce --since 7d",
            "sesauditd events --quarantined --json",
        ),
    )(events)


def events(
    context: typer.Context,
    *,
    domain: DomainOption = None,
    kind: KindOption = None,
    since: SinceOption = None,
    limit: LimitOption = EVENTS_SHOWN,
    unattributed: UnattributedOption = False,
    quarantined: QuarantinedOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the newest events, and what each means for whom."""
    if unattributed and domain is not None:
        raise Refused("--unattributed events have no domain: leave --domain out")
    if quarantined:
        if unattributed or domain is not None or kind is not None:
            raise Refused("--quarantined goes with --since, --limit and --json only")
        _unreadable(looked(context, lambda look: _quarantined(look, limit, since)), as_json=as_json)
        return
    wanted = {"domain": _domain(domain), "kind": _kind(kind)}
    found = looked(
        context, lambda look: _events(look, wanted, since, limit, unattributed=unattributed)
    )
    from sesauditd.report.rows import event_row

    if as_json:
        output.emit_json({"events": [event_row(one) for one in found]})
        return
    _table(found)
    if len(found) == limit:
        output.note(f"The newest {limit}; --limit {min(10 * limit, MOST_EVENTS)} shows more.")


def _table(found: Sequence[StoredEvent]) -> None:
    from sesauditd.report.plain import minute, shortened

    output.table(
        ("Time (UTC)", "Kind", "Domain", "Recipients", "Outcome"),
        [
            (
                minute(one.at),
                one.kind,
                one.domain or f"? {shortened(one.source, TEXT_SHOWN)}",
                shortened(_recipients(one), TEXT_SHOWN),
                ", ".join(sorted({each.outcome for each in one.recipients})),
            )
            for one in found
        ],
        empty="No events: sesauditd replay FILE... reads stored notifications.",
    )


def _recipients(event: StoredEvent) -> str:
    names = [one.recipient for one in event.recipients]
    more = len(names) - RECIPIENTS_SHOWN
    return ", ".join([*names[:RECIPIENTS_SHOWN], *([f"{more} more"] if more > 0 else [])])


def _unreadable(found: Sequence[Quarantined], *, as_json: bool) -> None:
    from sesauditd.report.plain import minute, shortened
    from sesauditd.report.rows import quarantined_row

    if as_json:
        output.emit_json({"quarantined": [quarantined_row(one) for one in found]})
        return
    output.table(
        ("Received (UTC)", "Reason", "Source", "Line", "Begins with"),
        [
            (
                minute(one.received_at),
                shortened(one.reason, TEXT_SHOWN),
                shortened(one.source, TEXT_SHOWN),
                one.line,
                one.body,
            )
            for one in found
        ],
        empty="Nothing is in quarantine: everything could be read.",
    )


def _domain(domain: str | None) -> str | None:
    from sesauditd.model.register import kept_name

    return None if domain is None else kept_name(domain)


def _kind(kind: str | None) -> str | None:
    if kind is None:
        return None
    known = {one.lower().replace(" ", ""): one for one in KINDS}
    asked = kind.lower().replace(" ", "").replace("_", "")
    if asked not in known:
        near = get_close_matches(asked, known, n=1) or list(known)
        names = ", ".join(known[one] for one in near)
        raise Refused(f"--kind {kind!r} is none of SES's events: {names}")
    return known[asked]


async def _events(
    look: Look,
    wanted: dict[str, str | None],
    since: datetime | None,
    limit: int,
    *,
    unattributed: bool,
) -> Sequence[StoredEvent]:
    from sesauditd.store.reports import observed, pages

    if wanted["domain"] is not None:
        await pages.check_domain(look.connection, wanted["domain"])
    return await observed.events_page(
        look.connection,
        limit=limit,
        domain=wanted["domain"],
        kind=wanted["kind"],
        since=since,
        unattributed=unattributed,
    )


async def _quarantined(look: Look, limit: int, since: datetime | None) -> Sequence[Quarantined]:
    from sesauditd.store.reports import observed

    return await observed.quarantined_page(look.connection, limit=limit, since=since)
