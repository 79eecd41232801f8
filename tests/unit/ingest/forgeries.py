"""The corpus of forged messages: rows of `forgeries.toml`, made into bodies of the queue."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.ingest import sns
from tests.unit.ingest.samples import encoded

FILE = Path(__file__).with_name("forgeries.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """One way to forge, with one version of the signature."""

    name: str
    reason: str
    fetched: bool
    """Whether SNS's own certificate is looked at before it is refused."""
    body: bytes


def forgeries() -> list[Forgery]:
    """Return every row, with each version that it is tried with."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["forgery"]
    return [_made(row, version) for row in rows for version in _versions(row)]


def _versions(row: dict[str, Any]) -> tuple[str, ...]:
    return (row["version"],) if "version" in row else ("1", "2")


def _made(row: dict[str, Any], version: str) -> Forgery:
    true = sns.notification(**row.get("before", {}))
    if "Subject" in row.get("after", {}) and "Subject" not in row.get("before", {}):
        # A true notification may lack a subject, and a forger would put one in.
        del true["Subject"]
    fields = {**sns.signed(true, version=version, by=row.get("by", "SNS")), **row.get("after", {})}
    for name in row.get("without", ()):
        if name not in row.get("after", {}):
            del fields[name]
    return Forgery(
        name=f"{row['name']}, version {version}",
        reason=row["reason"],
        fetched=row.get("fetched", False),
        body=encoded(fields),
    )
