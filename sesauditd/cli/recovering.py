"""Nothing of the database is lost: `sesauditd db backup`, `verify`, `rebuild` and `diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, SinceOption, settings_of
from sesauditd.cli.sections import examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sesauditd.bootstrap.recovery import Rebuilt
    from sesauditd.bootstrap.verifying import Verified
    from sesauditd.store.compare import Difference

COMPLAINTS_SHOWN = 10
DIFFERENCES_SHOWN = 20
FINDINGS_SHOWN = 20

FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ARCHIVE",
        help="s3://BUCKET/PREFIX, or a folder with a copy of it; else the configured archive.",
    ),
]


def add(group: typer.Typer) -> None:
    """Add the commands to the group `db`."""
    group.command(
        "backup",
        epilog=examples("sesauditd db backup", "sesauditd db backup /mnt/usb/sesauditd.db"),
    )(backup)
    group.command(
        "verify",
        epilog=examples("sesauditd db verify", "sesauditd db verify --from ./archive --json"),
    )(verify)
    group.command(
        "rebuild",
        epilog=examples(
            "sesauditd db rebuild",
            "sesauditd db rebuild --from s3://sesaudit-123456789012-archive/sesauditd",
            "sesauditd db rebuild --from ./archive --out ./trial.db",
        ),
    )(rebuild)
    group.command(
        "diff",
        epilog=examples("sesauditd db diff /var/lib/sesauditd/sesauditd.db ./trial.db"),
    )(diff)


def backup(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(help="File or folder of the copy; else beside the database."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Copy the database while the daemon works on it.

    The copy is opened anew, checked and counted before it gets its name.
    """
    settings = settings_of(context)
    from sesauditd import bootstrap
    from sesauditd.bootstrap import recovery

    with output.progress(None, "Copying pages") as advance:
        done = 0

        def _told(pages: int, _total: int) -> None:
            nonlocal done
            advance(pages - done)
            done = pages

        made = recovery.backup(settings, path, bootstrap.now(), _told)
    rows = sum(made.rows.values())
    if as_json:
        output.emit_json(
            {"path": made.path, "bytes": made.size_bytes, "rows": made.rows, "verified": True}
        )
        return
    output.say(f"{made.path}: {rows} rows, {made.size_bytes} bytes, checked.")


def verify(
    context: typer.Context,
    *,
    source: FromOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare store and archive by SHA-256, and find a single byte that changed.

    Looks at the file, at the journal's chain, at what it sealed, at every archived object and at
    every event. Ends with 1 if anything is not as it was written.
    """
    found = finished(_verify(context, source))
    if as_json:
        output.emit_json({"whole": not found.findings, **_numbers(found)})
    else:
        for one in found.findings[:FINDINGS_SHOWN]:
            output.say(one.what)
            output.say(f"  -> {one.do}")
        more = len(found.findings) - FINDINGS_SHOWN + found.more
        if more > 0:
            output.say(f"... and {more} more: see --json")
        output.say(
            f"{found.objects} objects, {found.lines} lines, {found.rows} rows and "
            f"{found.journal} rows of the journal compared: "
            f"{'all as written' if not found.findings else 'not all as written'}."
        )
        if found.elsewhere:
            output.note(
                f"{found.elsewhere} rows came from files that were replayed: keep those files"
            )
    if found.findings:
        raise typer.Exit(Failed.exit_code)


def _numbers(found: Verified) -> dict[str, object]:
    names = ("objects", "lines", "rows", "elsewhere", "journal", "findings", "more")
    return {name: getattr(found, name) for name in names}


async def _verify(context: typer.Context, source: str | None) -> Verified:
    from contextlib import ExitStack

    from sesauditd import bootstrap
    from sesauditd.bootstrap.shelves import shelves_of
    from sesauditd.bootstrap.verifying import verify

    settings = settings_of(context)
    with ExitStack() as stack:

        def _begun(objects: int) -> Callable[[int], None]:
            return stack.enter_context(output.progress(objects, "Comparing with the archive"))

        async with (
            shelves_of(settings, source) as shelves,
            bootstrap.application(settings) as application,
        ):
            return await verify(application, shelves, _begun)


def rebuild(
    context: typer.Context,
    *,
    source: FromOption = None,
    since: SinceOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Make it here and leave the configured database alone."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the database anew from the journal and the raw messages in the archive.

    The old one stays beside it. Stop the daemon first. What had not been begun is only
    proposed, and nothing is enforced before the daemon has compared all with AWS.
    """
    settings = settings_of(context)
    from sesauditd.bootstrap.program import alone

    if out is not None:
        made = finished(_rebuild(context, source, since, out))
    else:
        with alone(settings):
            made = finished(_rebuild(context, source, since, None))
    if as_json:
        output.emit_json(_document(made))
        return
    _say(made)


def diff(
    context: typer.Context,
    first: Annotated[Path, typer.Argument(help="A SQLite file, such as the live database.")],
    second: Annotated[Path, typer.Argument(help="Another one, such as a rebuilt one.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Compare what was recorded, judged and decided in two database files.

    Ends with 0 if nothing differs, else with 1.
    """
    settings_of(context)
    from sesauditd.store.compare import compare

    with output.progress(None, "Comparing rows") as advance:
        found = compare(first, second, advance)
    if as_json:
        output.emit_json(
            {"differences": found.differences, "rows": found.rows, "first": found.first}
        )
    else:
        _show(found)
    if found.differences:
        raise typer.Exit(Failed.exit_code)


def _show(found: Difference) -> None:
    for sentence in found.first[:DIFFERENCES_SHOWN]:
        output.say(sentence)
    if found.differences > DIFFERENCES_SHOWN:
        output.say(f"... and {found.differences - DIFFERENCES_SHOWN} more.")
    rows = sum(found.rows.values())
    output.say(f"{found.differences} differences in {rows} rows of {len(found.rows)} tables.")


async def _rebuild(
    context: typer.Context, source: str | None, since: datetime | None, out: Path | None
) -> Rebuilt:
    from contextlib import ExitStack

    from sesauditd import bootstrap
    from sesauditd.bootstrap import recovery

    with ExitStack() as stack:

        def _begun(objects: int) -> Callable[[int], None]:
            return stack.enter_context(output.progress(objects, "Reading the archive"))

        return await recovery.rebuild(
            settings_of(context),
            source=source,
            since=since,
            out=out,
            now=bootstrap.now(),
            begun=_begun,
        )


def _document(made: Rebuilt) -> dict[str, object]:
    return {
        "path": made.path,
        "kept": made.kept,
        "objects": made.made.objects,
        "recorded": made.made.recorded.recorded,
        "quarantined": made.made.recorded.quarantined,
        "journal": made.made.entries,
        "weeks": made.made.weeks,
        "not_played": list(made.made.complaints),
    }


def _say(made: Rebuilt) -> None:
    counts = made.made.recorded
    output.say(
        f"{made.path}: {counts.recorded} events, {counts.quarantined} in quarantine, "
        f"from {made.made.objects} objects and {made.made.entries} rows of the journal."
    )
    if made.kept is not None:
        output.say(f"The old database is kept as {made.kept}.")
    for sentence in made.made.complaints[:COMPLAINTS_SHOWN]:
        output.note(f"not decided again: {sentence}")
    more = len(made.made.complaints) - COMPLAINTS_SHOWN
    if more > 0:
        output.note(f"... and {more} more: see --json")
    output.say("Next: sesauditd run. It compares all with AWS before it enforces anything.")
