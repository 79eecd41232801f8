"""Which domains are to be onboarded: as arguments, or as the lines of a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from sesauditd.cli.recording import CSV_COLUMNS
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sesauditd.onboard.onboarding import Wish

OUR_OWN = ("iam_user", "since")
"""Columns of `adopt` that onboarding decides itself."""


def from_arguments(
    domains: Sequence[str], customer: str | None, contact: str | None
) -> Sequence[Wish]:
    """Return what to do for domains of one customer; raises Refused with the reason."""
    if not domains:
        raise Refused("name a domain, or give --file CSV")
    return _each_once([_wish(domain, customer, contact) for domain in domains])


def from_file(file: Path) -> Sequence[Wish]:
    """Return what to do for each line of a CSV; raises Refused with the number of the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}") from error
    reader = csv.DictReader(text.splitlines())
    columns = set(reader.fieldnames or ())
    if columns - set(CSV_COLUMNS) or "domain" not in columns:
        raise Refused(f"{file} needs a first line with the columns {','.join(CSV_COLUMNS)}")
    found = []
    for row in reader:
        try:
            found.append(_from_row(row))
        except Refused as refusal:
            raise Refused(f"{file} line {reader.line_num}: {refusal}") from refusal
    if not found:
        raise Refused(f"{file} names no domain")
    return _each_once(found)


def _from_row(row: Mapping[str, str | None]) -> Wish:
    for column in OUR_OWN:
        if (row.get(column) or "").strip():
            raise Refused(
                f"{column} is made by `onboard`: leave it empty, or use `sesauditd adopt` for a "
                "domain that is set up already"
            )
    return _wish(row.get("domain"), row.get("customer"), row.get("contact"))


def _wish(domain: str | None, customer: str | None, contact: str | None) -> Wish:
    from sesauditd.model.addresses import contact as address
    from sesauditd.model.addresses import registrable
    from sesauditd.onboard.onboarding import Wish

    name = (customer or "").strip()
    if not (domain or "").strip():
        raise Refused("name a domain, or give --file CSV")
    if not name:
        raise Refused("name the customer with --customer, such as --customer bakery")
    if not name.isprintable() or "/" in name or name == "*":
        raise Refused(f"{name!r} is no name for a customer: use letters, digits and dashes")
    if not contact:
        raise Refused("name whom to tell with --contact, such as --contact owner@example.com")
    return Wish(domain=registrable(domain or ""), customer=name, contact=address(contact))


def _each_once(wishes: Sequence[Wish]) -> Sequence[Wish]:
    twice = sorted(_repeated([one.domain for one in wishes]))
    if twice:
        raise Refused(f"named twice: {', '.join(twice)}")
    return wishes


def _repeated(names: Sequence[str]) -> Iterator[str]:
    return (name for name in set(names) if names.count(name) > 1)
