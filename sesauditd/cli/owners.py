"""Whose domains are named, on the command line or line by line in a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import typer

from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

WHOSE = ("domain", "customer", "contact")
"""Columns that every CSV of domains has."""
CSV_COLUMNS = (*WHOSE, "iam_user", "since")
BEYOND = ""
"""Where a line's values end that no column is for; no name of a column is empty."""

Made = TypeVar("Made")


class Owned(NamedTuple):
    """A domain, whose it is, and whom to tell."""

    domain: str
    customer: str
    contact: str


def owned(domain: str | None, customer: str | None, contact: str | None) -> Owned:
    """Return the three as they are stored; raises Refused, saying what is missing or wrong."""
    from sesauditd.model.addresses import contact as address
    from sesauditd.model.addresses import registrable

    name = (customer or "").strip()
    if not (domain or "").strip():
        raise Refused("name a domain, or give --file CSV")
    if not name:
        raise Refused("name the customer with --customer, such as --customer bakery")
    if not name.isprintable() or "/" in name or name == "*":
        raise Refused(f"{name!r} is no name for a customer: use letters, digits and dashes")
    if not contact:
        raise Refused("name whom to tell with --contact, such as --contact owner@example.com")
    return Owned(registrable(domain or ""), name, address(contact))


def text_of(file: Path) -> str:
    """Return a file's text, UTF-8 with or without its mark; raises Refused if that cannot be."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{file} cannot be read: it is no text in UTF-8, save it as that") from error


def each_line(file: Path, make: Callable[[Mapping[str, str]], Made]) -> list[Made]:
    """Return what is made of each line of a CSV; raises Refused with the number of the line."""
    reader = csv.DictReader(text_of(file).splitlines(), restkey=BEYOND, restval="")
    reader.fieldnames = [one.strip().lower() for one in reader.fieldnames or ()]
    named = set(reader.fieldnames)
    if named - set(CSV_COLUMNS) or not named.issuperset(WHOSE):
        wanted = f"the columns {','.join(WHOSE)}, with commas in between"
        raise Refused(f"{file} needs a first line with {wanted}")
    found = []
    for row in reader:
        try:
            found.append(make(_whole(row)))
        except (Refused, typer.BadParameter) as error:
            raise Refused(f"{file} line {reader.line_num}: {error}") from error
    return found


def _whole(row: Mapping[str, str]) -> Mapping[str, str]:
    if BEYOND in row:
        raise Refused("more values than columns: put one that holds a comma in quotes")
    empty = [one for one in WHOSE if not row[one].strip()]
    if empty:
        raise Refused(f"nothing in the column {' and '.join(empty)}")
    return row
