"""Leaving AWS's sandbox: `sesauditd production-access`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output, plans
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.owners import text_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.model.production import Language, MailType, Request

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings
    from sesauditd.model.production import Standing


def register(app: typer.Typer) -> None:
    """Add the command `production-access`."""
    app.command(
        "production-access",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples(
            "sesauditd production-access",
            "sesauditd production-access --website https://host.example --describe @reason.txt",
        ),
    )(production_access)


WebsiteOption = Annotated[
    str | None, typer.Option(help="Ask AWS, naming this web site; without it only look.")
]
MailTypeOption = Annotated[
    MailType, typer.Option(case_sensitive=False, help="What most of the mail is.")
]
LanguageOption = Annotated[Language, typer.Option(case_sensitive=False, help="Of AWS's answer.")]
DescribeOption = Annotated[
    str, typer.Option(help="Who gets mail and why, how bounces are handled; or @FILE.")
]
ContactOption = Annotated[
    list[str] | None, typer.Option(help="Further addresses that AWS may write to; up to 4.")
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only show what AWS would be told; ends with 4.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def production_access(
    context: typer.Context,
    *,
    website: WebsiteOption = None,
    mail_type: MailTypeOption = MailType.TRANSACTIONAL,
    language: LanguageOption = Language.ENGLISH,
    describe: DescribeOption = "",
    contact: ContactOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show whether SES lets the account write to everybody, or ask AWS that it does.

    The daemon follows an open request, and tells operators what becomes of it.
    """
    settings = settings_of(context)
    if website is None:
        _tell(finished(_looked(settings)), as_json=as_json)
        return
    request = Request(
        website=website,
        mail_type=mail_type,
        language=language,
        description=_text(describe),
        contacts=tuple(contact or ()),
    )
    how = _How(plan=plan, yes=yes, as_json=as_json)
    standing = finished(_asked(settings, request, how))
    if plan and not as_json:
        output.say("AWS was not asked yet: without --plan it is.")
    else:
        _tell(standing, as_json=as_json)
    if plan:
        raise typer.Exit(plans.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    plan: bool
    yes: bool
    as_json: bool


async def _looked(settings: Settings) -> Standing:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.onboarding import administration
    from sesauditd.bootstrap.production import production_access as access

    async with administration(settings, clock=bootstrap.now) as opened:
        return await access(opened).account.standing()


async def _asked(settings: Settings, request: Request, how: _How) -> Standing:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.onboarding import administration
    from sesauditd.bootstrap.production import production_access as access

    async with administration(settings, clock=bootstrap.now) as opened:
        asking = access(opened)
        standing = await asking.check()
        if not how.as_json:
            _show(request)
        if how.plan:
            return standing
        plans.confirm("Ask AWS this?", yes=how.yes)
        return await asking.ask(request, bootstrap.now())


def _show(request: Request) -> None:
    output.table(
        ("AWS is told", ""),
        [
            ("web site", request.website),
            ("most mail is", str(request.mail_type)),
            ("answer in", str(request.language)),
            ("further contacts", ", ".join(request.contacts)),
            ("description", request.description),
        ],
    )


def _tell(standing: Standing, *, as_json: bool) -> None:
    if not as_json:
        output.say(standing.said)
        return
    output.emit_json(
        {
            "production": standing.production,
            "review": str(standing.review) or None,
            "case": standing.case,
            "max_24h": standing.max_24h,
            "max_per_second": standing.max_per_second,
        }
    )


def _text(given: str) -> str:
    """Return the text itself, or that of the file behind an `@`."""
    from pathlib import Path

    return text_of(Path(given[1:])).strip() if given.startswith("@") else given
