"""The operator's decisions: block, unblock, disable, reinstate, terminate, restore, arm."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import following, output
from sesauditd.cli.following import Followed
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.store.decisions import Decided, Decisions

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="The recipient.")]
DomainArgument = Annotated[str, typer.Argument(metavar="DOMAIN", help="The customer's domain.")]
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer.")]
DomainOption = Annotated[str, typer.Option(help="A domain of the customer.")]
ReasonOption = Annotated[str, typer.Option(help="Why: kept, and told to the customer.")]
ExplanationOption = Annotated[str, typer.Option(help="What the owner said: kept, and told back.")]

LONGEST_SAID = 4000
"""Characters of a reason or an explanation."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    example: dict[Callable[..., None], str] = {
        block: "sesauditd block anna@x.example --domain shop.example --reason 'asked by phone'",
        unblock: "sesauditd unblock anna@x.example --domain shop.example --reason 'fixed'",
        disable: "sesauditd disable shop.example --reason 'site was hacked'",
        reinstate: "sesauditd reinstate shop.example --explanation 'plugin removed'",
        terminate: "sesauditd terminate bakery --reason 'contract ended'",
        restore: "sesauditd restore bakery --explanation 'misunderstanding'",
        arm: "sesauditd arm bakery",
    }
    for command, line in example.items():
        app.command(command.__name__, rich_help_panel=Heading.DECIDING, epilog=examples(line))(
            command
        )


def block(
    context: typer.Context,
    address: AddressArgument,
    *,
    domain: DomainOption,
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """Block a recipient for the customer of a domain."""
    recipient, name = _address(address), _domain(domain)
    decide(context, lambda taken: taken.block(recipient, name, said(reason)), as_json=as_json)


def unblock(
    context: typer.Context,
    address: AddressArgument,
    *,
    domain: DomainOption,
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """Lift a block; only a later event can set it again."""
    recipient, name = _address(address), _domain(domain)
    decide(context, lambda taken: taken.unblock(recipient, name, said(reason)), as_json=as_json)


def disable(
    context: typer.Context,
    domain: DomainArgument,
    *,
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """Stop a domain until it is reinstated."""
    name = _domain(domain)
    decide(context, lambda taken: taken.disable(name, said(reason)), as_json=as_json)


def reinstate(
    context: typer.Context,
    domain: DomainArgument,
    *,
    explanation: ExplanationOption,
    as_json: JsonOption = False,
) -> None:
    """Let a domain send again; its windows begin anew."""
    name = _domain(domain)
    decide(context, lambda taken: taken.reinstate(name, said(explanation)), as_json=as_json)


def terminate(
    context: typer.Context,
    customer: CustomerArgument,
    *,
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """End a customer's access on all domains; it can be restored for 30 days."""
    decide(context, lambda taken: taken.terminate(customer, said(reason)), as_json=as_json)


def restore(
    context: typer.Context,
    customer: CustomerArgument,
    *,
    explanation: ExplanationOption,
    as_json: JsonOption = False,
) -> None:
    """Take a termination back."""
    decide(context, lambda taken: taken.restore(customer, said(explanation)), as_json=as_json)


def arm(
    context: typer.Context,
    customer: Annotated[str | None, typer.Argument(help="One customer; else all.")] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Back to shadow mode.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Switch from shadow mode to enforcing, after showing what is pending."""
    pending = finished(_pending(context, customer))
    if not undo and not yes and not as_json:
        output.table(("Rule", "Who", "Why"), pending, empty="Nothing is pending.")
        typer.confirm("Enforce from now on?", abort=True)
    decide(context, lambda taken: taken.arm(customer, armed=not undo), as_json=as_json)


def decide(
    context: typer.Context,
    decision: Callable[[Decisions], Awaitable[Decided]],
    *,
    as_json: bool,
) -> None:
    """Take one decision, wait for what a living daemon makes of it, and say what it came to.

    Ends with 1 if that failed, with 4 if it is left waiting.
    """
    decided = finished(_take(context, decision))
    if not as_json:
        output.say(f"Recorded: {decided.kind} {decided.subject}.")
    followed = finished(_follow(context, decided)) if decided.requested else Followed()
    if as_json:
        output.emit_json(
            {
                "decision": decided.kind,
                "subject": decided.subject,
                "requested": list(decided.requested),
                "cancelled": list(decided.cancelled),
                "actions": following.as_document(followed),
            }
        )
    following.told(followed, quietly=as_json)


async def _take(
    context: typer.Context, decision: Callable[[Decisions], Awaitable[Decided]]
) -> Decided:
    from sesauditd import bootstrap

    async with (
        bootstrap.application(settings_of(context)) as application,
        application.deciding(f"operator:{getpass.getuser()}") as taken,
    ):
        return await decision(taken)


async def _follow(context: typer.Context, decided: Decided) -> Followed:
    from sesauditd import bootstrap

    async with bootstrap.application(settings_of(context)) as application:
        return await following.followed(application, decided.requested)


async def _pending(context: typer.Context, customer: str | None) -> list[tuple[str, str, str]]:
    from sesauditd import bootstrap

    async with bootstrap.application(settings_of(context)) as application:
        documents = await application.verdict_documents()
    return [
        (
            str(one["rule"]),
            f"{one['customer']}: {one['recipient'] or one['domain']}",
            str(one["reason"]),
        )
        for one in documents
        if one["state"] == "shadow" and customer in {None, one["customer"]}
    ]


def _address(text: str) -> str:
    from sesauditd.model.addresses import contact

    return contact(text)


def _domain(text: str) -> str:
    from sesauditd.model.register import kept_name

    return kept_name(text)


def said(text: str) -> str:
    """Return what a person says, as it is kept; raises Refused if it is empty or too long."""
    # Bytes that were no text in the terminal's encoding come as what no database takes.
    words = text.encode(errors="replace").decode().strip()
    if not words:
        raise Refused("an empty reason explains nothing: say in a few words why")
    if len(words) > LONGEST_SAID:
        raise Refused(f"{len(words):,} characters: say it in at most {LONGEST_SAID:,}")
    return words
