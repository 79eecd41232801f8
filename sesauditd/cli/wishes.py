"""Which domains are to be onboarded: as arguments, or as the lines of a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.cli.owners import each_line, owned
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sesauditd.config.settings import Settings
    from sesauditd.model.newcomer import Asked
    from sesauditd.onboard.onboarding import Wish

OUR_OWN = ("iam_user", "since")
"""Columns of `adopt` that onboarding decides itself."""


def asked(
    settings: Settings,
    domains: Sequence[str],
    customer: str | None,
    contact: str | None,
    file: Path | None,
) -> Sequence[Wish]:
    """Return what to do for the domains of a command, or of the file; raises Refused."""
    if file is None:
        return from_arguments(settings, domains, customer, contact)
    if domains or customer or contact:
        raise Refused("give domains with --customer and --contact, or --file CSV, not both")
    return from_file(file)


def from_arguments(
    settings: Settings, domains: Sequence[str], customer: str | None, contact: str | None
) -> Sequence[Wish]:
    """Return what to do for domains of one customer; raises Refused with the reason.

    What is not said is as it was asked, or registered, before: whoever goes on with something
    need not repeat it.
    """
    from sesauditd.model.addresses import registrable

    if not all(domain.strip() for domain in domains) or not domains:
        raise Refused("name a domain, or give --file CSV")
    if customer and contact:
        return _each_once([_wish(domain, customer, contact) for domain in domains])
    before = finished(_remembered(settings, [registrable(domain) for domain in domains]))
    return _each_once(
        [
            _completed(domain, customer, contact, before.get(registrable(domain)))
            for domain in domains
        ]
    )


def from_file(file: Path) -> Sequence[Wish]:
    """Return what to do for each line of a CSV; raises Refused with the number of the line."""
    found = each_line(file, _from_row)
    if not found:
        raise Refused(f"{file} names no domain")
    return _each_once(found)


def _from_row(row: Mapping[str, str]) -> Wish:
    for column in OUR_OWN:
        if row.get(column, "").strip():
            raise Refused(
                f"{column} is made by `onboard`: leave it empty, or use `sesauditd adopt` for a "
                "domain that is set up already"
            )
    return _wish(row["domain"], row["customer"], row["contact"])


async def _remembered(settings: Settings, domains: Sequence[str]) -> Mapping[str, Asked]:
    from sesauditd.bootstrap.onboard import remembered

    return await remembered(settings, domains)


def _completed(
    domain: str, customer: str | None, contact: str | None, before: Asked | None
) -> Wish:
    if before is None:
        return _wish(domain, customer, contact)
    return _wish(domain, customer or before.customer, contact or before.contact)


def _wish(domain: str | None, customer: str | None, contact: str | None) -> Wish:
    from sesauditd.onboard.onboarding import Wish

    named = owned(domain, customer, contact)
    return Wish(domain=named.domain, customer=named.customer, contact=named.contact)


def _each_once(wishes: Sequence[Wish]) -> Sequence[Wish]:
    twice = sorted(_repeated([one.domain for one in wishes]))
    if twice:
        raise Refused(f"named twice: {', '.join(twice)}")
    return wishes


def _repeated(names: Sequence[str]) -> Iterator[str]:
    return (name for name in set(names) if names.count(name) > 1)
