"""What people were told: the notices and their fate, previews, a test of every road."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.config import Settings
    from sesauditd.model.alerts import StoredAlert
    from sesauditd.model.notice import Notice, StoredNotice

ROWS_SHOWN = 200
TEXT_SHOWN = 200
MADE_UP = "PREVIEW: made-up values, nothing is sent."
STORED = "PREVIEW of a stored notice, state {state}: nothing is sent."
READER = "owner@bakery.example"
SENDER = "mail-desk@host.example"

StateOption = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help="Only requested, attempted, sent, failed, unknown, undeliverable or folded ones.",
    ),
]
KindArgument = Annotated[
    str | None,
    typer.Argument(metavar="[KIND|ID]", help="A kind of notice, or the ID of a stored one."),
]
EveryOption = Annotated[bool, typer.Option("--all", help="One of every kind.")]
TextOption = Annotated[bool, typer.Option("--text", help="The plain text; the default.")]
HtmlOption = Annotated[bool, typer.Option("--html", help="The HTML page instead of the text.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `sesauditd notices` shows it.")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why it is sent again; kept in the journal.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lines = (
        "sesauditd notices --state unknown",
        "sesauditd notices preview disabled",
        "sesauditd notices preview --all",
        "sesauditd notices resend 0123456789abcdef0123 --reason 'never arrived'",
        "sesauditd notices test",
    )
    group = typer.Typer(invoke_without_command=True, epilog=examples(*lines))
    group.callback()(notices)
    group.command("preview", epilog=examples(*lines[1:3]))(preview)
    group.command("resend", epilog=examples(lines[3]))(resend)
    group.command("test", epilog=examples(lines[4], f"{lines[4]} --json"))(try_out)
    app.add_typer(group, name="notices", rich_help_panel=Heading.LOOKING)


def notices(
    context: typer.Context, *, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """List what customers and operators were told, and what became of each.

    `unknown` may have arrived or not and is never sent again by itself; `folded` was told within
    a digest. Alarms that a road did not take are listed behind.
    """
    if context.invoked_subcommand is not None:
        return
    found, alerts = finished(_stored(settings_of(context), state))
    if as_json:
        document = {
            "notices": [_row(one) for one in found],
            "alerts": [_alert_row(one) for one in alerts],
        }
        output.emit_json(document)
        return
    from sesauditd.report.plain import shortened

    rows = [
        (one.notice.id, one.requested_at, _whom(one), shortened(_said(one), TEXT_SHOWN))
        for one in found[:ROWS_SHOWN]
    ]
    columns = ("ID", "Asked for", "To", "What, and what became of it")
    empty = "No notices yet." if state is None else f"No notice has the state {state}."
    output.table(columns, rows, empty=empty)
    if len(found) > len(rows):
        output.say(f"... and {len(found) - len(rows)} more: add --json to see all.")
    if alerts:
        shown = [(one.road, one.name, one.state, one.attempts, one.outcome) for one in alerts]
        output.say("")
        title = "Alarms that a road did not take"
        output.table(("Road", "Alarm", "State", "Tries", "Why"), shown[:ROWS_SHOWN], title=title)


def preview(
    context: typer.Context,
    what: KindArgument = None,
    *,
    every: EveryOption = False,
    text: TextOption = False,
    html: HtmlOption = False,
) -> None:
    """Show a notice as its reader gets it; nothing is sent.

    A KIND is shown with made-up values, an ID with those of a stored notice.
    """
    from sesauditd.errors import Refused
    from sesauditd.model.notice import NoticeKind
    from sesauditd.notices import samples

    kinds = [str(kind) for kind in NoticeKind]
    if every == (what is not None):
        raise Refused(f"name one kind or the ID of a notice, or give --all: {', '.join(kinds)}")
    if text and html:
        raise Refused("give --text or --html, not both")
    settings = settings_of(context)
    if what is not None and what not in kinds:
        stored = finished(_one(settings, what, kinds))
        mark = STORED.format(state=stored.state)
        _show(settings, stored.notice, mark=mark, html=html)
        return
    for number, kind in enumerate(kinds if every else [str(what)]):
        if number:
            output.say(f"\n{'=' * 76}\n")
        _show(settings, samples.notice(NoticeKind(kind)), mark=MADE_UP, html=html)


def resend(
    context: typer.Context, name: IdArgument, *, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Let a failed or unknown notice be sent again.

    The daemon sends it. Whoever got it after all gets it twice. The journal keeps your reason.
    """
    found = finished(_send_again(settings_of(context), name.strip(), reason))
    if as_json:
        output.emit_json({"notice": found.notice.id, "was": str(found.state), "state": "requested"})
        return
    output.say(
        f"The {found.notice.kind} notice to {_whom(found)} was {found.state}; the daemon sends "
        "it again. See `sesauditd notices`."
    )


def try_out(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Send a test to the operators on every road.

    Mail is tried too, if a sender and operators are configured. Ends with 1 if a road failed.
    """
    from sesauditd.bootstrap import now
    from sesauditd.bootstrap.telling import try_roads

    taken = finished(try_roads(settings_of(context), now()))
    failed = any(one.failure is not None for one in taken)
    if as_json:
        roads = [
            {"road": one.road, "taken": one.failure is None, "failure": one.failure}
            for one in taken
        ]
        output.emit_json({"roads": roads})
    else:
        rows = [
            (one.road, "taken" if one.failure is None else "FAILED", one.failure) for one in taken
        ]
        output.table(("Road", "Result", "Why"), rows)
    if failed:
        raise typer.Exit(1)


def _show(settings: Settings, notice: Notice, *, mark: str, html: bool) -> None:
    from sesauditd.bootstrap.telling import composer_of, operators_of
    from sesauditd.model.notice import Audience
    from sesauditd.notices.compose import Composer

    composer = composer_of(settings) or Composer(
        sender=SENDER,
        installation=settings.installation.name,
        configuration_set="preview",
    )
    if notice.audience is Audience.OPERATOR:
        to = operators_of(settings) or ["you@host.example"]
    else:
        to = [READER]
    if html:
        output.say(f"<!-- {mark} -->\n{composer.bodies(notice, to).page}")
        return
    from sesauditd.notices.subjects import subject_of

    output.say(f"{mark}\n")
    output.say(f"From: {composer.name} <{composer.sender}>\nTo: {', '.join(to)}")
    output.say(f"Subject: {subject_of(notice, composer.installation)}\n")
    output.say(composer.bodies(notice, to).text.rstrip("\n"))


def _whom(stored: StoredNotice) -> str:
    notice = stored.notice
    return notice.domain or notice.customer or "operators"


def _said(stored: StoredNotice) -> str:
    from sesauditd.notices.subjects import subject_of

    because = f" ({stored.outcome})" if stored.outcome else ""
    return f"{stored.state}: {subject_of(stored.notice)}{because}"


def _row(stored: StoredNotice) -> dict[str, object]:
    from sesauditd.notices.ringing import level_of
    from sesauditd.notices.subjects import subject_of

    notice = stored.notice
    return {
        "id": notice.id,
        "kind": str(notice.kind),
        "level": str(level_of(notice)),
        "audience": str(notice.audience),
        "customer": notice.customer,
        "domain": notice.domain,
        "subject": subject_of(notice),
        "about": notice.subject,
        "state": str(stored.state),
        "requested_at": stored.requested_at,
        "changed_at": stored.changed_at,
        "due_at": notice.due_at,
        "attempts": stored.attempts,
        "message_id": stored.message_id,
        "outcome": stored.outcome,
    }


def _alert_row(alert: StoredAlert) -> dict[str, object]:
    return {
        "road": alert.road,
        "alarm": alert.name,
        "state": alert.state,
        "attempts": alert.attempts,
        "due_at": alert.due_at,
        "outcome": alert.outcome,
    }


async def _stored(
    settings: Settings, state: str | None
) -> tuple[Sequence[StoredNotice], Sequence[StoredAlert]]:
    from sesauditd import bootstrap
    from sesauditd.errors import Refused
    from sesauditd.model.notice import NoticeState
    from sesauditd.store import told

    known = [str(one) for one in NoticeState]
    if state is not None and state not in known:
        raise Refused(f"{state!r} is no state of a notice: {', '.join(known)}")
    wanted = None if state is None else NoticeState(state)
    async with (
        bootstrap.application(settings) as application,
        application.database.read() as connection,
    ):
        alerts = await told.all_alerts(connection)
        return await told.all_notices(connection, wanted), alerts


async def _one(settings: Settings, name: str, kinds: Sequence[str]) -> StoredNotice:
    from sesauditd import bootstrap
    from sesauditd.errors import Refused
    from sesauditd.store import told

    async with (
        bootstrap.application(settings) as application,
        application.database.read() as connection,
    ):
        found = await told.one_notice(connection, name)
    if found is None:
        raise Refused(f"{name!r} is neither the ID of a notice nor a kind: {', '.join(kinds)}")
    return found


async def _send_again(settings: Settings, name: str, reason: str) -> StoredNotice:
    from sesauditd import bootstrap
    from sesauditd.store import told

    async with (
        bootstrap.application(settings) as application,
        application.database.write() as connection,
    ):
        return await told.send_again(
            connection, name, actor="operator", reason=reason, now=application.clock()
        )
