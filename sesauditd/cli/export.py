"""Handing domains on to other tools: `sesauditd export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import handing_over, output
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.config.settings import Settings
    from sesauditd.onboard.terraform import Export


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        rich_markup_mode=None,
        help="Hand domains on to other tools.",
        epilog=examples("sesauditd export terraform example.com"),
    )
    # A group of one command would swallow its name.
    group.callback()(lambda: None)
    group.command(
        "terraform",
        epilog=examples(
            "sesauditd export terraform example.com --out example.tf",
            "sesauditd export terraform example.com example.org --fragment",
        ),
    )(terraform)
    app.add_typer(group, name="export", rich_help_panel=Heading.SETTING_UP)


def terraform(
    context: typer.Context,
    domains: Annotated[list[str], typer.Argument(metavar="DOMAIN...", help="Onboarded domains.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Write into this new file.")] = None,
    fragment: Annotated[
        bool,
        typer.Option("--fragment", help="Leave out what a folder has once: version, provider."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write domains down for Terraform as they stand, with import blocks to take them over.

    Changes nothing. No secret is in it; access keys are left out. Records are there only if
    their zone is in Route 53 here.
    """
    if out is not None:
        handing_over.refuse_unless_new(out)
    exports, text = finished(_exported(settings_of(context), domains, fragment=fragment))
    if out is not None:
        _write(out, text)
        output.note(f"Wrote {out}.")
    if as_json:
        output.emit_json(_document(exports, text))
    elif out is None:
        typer.echo(text, nl=False)


async def _exported(
    settings: Settings, domains: Sequence[str], *, fragment: bool
) -> tuple[Sequence[Export], str]:
    from sesauditd.bootstrap.terraform import exporter
    from sesauditd.model.addresses import registrable

    names = dict.fromkeys(registrable(one) for one in domains)
    async with exporter(settings) as opened:
        with output.progress(len(names), "Looking") as advance:
            exports = []
            for name in names:
                exports.append(await opened.export(name))
                advance(1)
        return exports, opened.text(exports, fragment=fragment)


def _document(exports: Sequence[Export], text: str) -> Mapping[str, object]:
    return {
        "domains": [
            {
                "domain": one.domain,
                "imports": [{"to": taken.address, "id": taken.id} for taken in one.taken],
                "left_out": one.left_out,
            }
            for one in exports
        ],
        "hcl": text,
    }


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Failed(f"{out}: cannot be written: {error.strerror}") from error
