"""Whatever stands in a text of the database, no command's output obeys it."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sesauditd.cli import output
from sesauditd.store import tables
from sesauditd.store.engine import Database
from tests.support.cli import Cli, program
from tests.unit.store_reports.filled import NOW, WEEK, Filling, filling

if TYPE_CHECKING:
    from pathlib import Path

INVISIBLE = "\u061c\u200b\u200e\u200f\u2060\u2061\u2064\u206a\ufeff"
TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
EVERY_MARK = "".join(map(chr, (*range(1, 0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F)))) + (
    "\u2066\u2067\u2068\u2069" + INVISIBLE
)
TEXTS = {
    "marks": f"a{EVERY_MARK}b",
    "terminal": "\x1b]0;title\x07\x1b[2J\x1b[8m\x9b31m[red]boom[/red]:smile:",
    "lines": "one\r\nMode: shadow\n\x0b\x0c\x85\u2028two",
    "sql": "'; DROP TABLE events; -- %_\\ \" ) OR 1=1",
    "formula": "=cmd|' /C calc'!A0",
    "formula behind a tab": "\t=1+1",
    "formula behind a mark": "\ufeff@SUM(A1)",
    "markup": "<script>alert(1)</script>{{ 7 * 7 }}${7*7}%s%n",
    "long": "x" * 10_000,
}
# Each alone is tried with the slow tests.
ALL_AT_ONCE = "".join((TEXTS["formula"], *TEXTS.values()))
LISTS = (
    "status", "customers", "domains", "events", "events --quarantined", "events --unattributed",
    "blocks", "actions", "cases", "cases case-1", "quarantine list", "quarantine show 0000000000",
    "report",
)  # fmt: skip


def obeyed(text: str) -> set[str]:
    """Return what a terminal would obey or a person could not see."""
    return {
        mark
        for mark in set(text)
        if (unicodedata.category(mark) in {"Cc", "Zl", "Zp", "Cs"} and mark != "\n")
        or unicodedata.bidirectional(mark) in TURNS
        or mark in INVISIBLE
    }


async def everywhere(fill: Filling, text: str) -> None:
    """Put a text into every column in which strangers or customers can have a word."""
    await fill.source(text)
    await fill.domain("a.example", text)
    await fill.domain("b.example")
    await fill.event("a.example", WEEK, "Bounce", text, outcome="hard_bounce")
    await fill.event(None, WEEK, "Send", text, flags="unattributed")
    await fill.rollup("a.example", 60)
    await fill.block(text)
    told = {"customer": text, "reason": text, "outcome": text, "actor": text}
    action = await fill.action(state="waiting", **told)
    await fill.verdict(NOW, reason=text, mode="shadow", customer=text)
    await fill.put(
        tables.cases,
        id="case-1",
        customer=text,
        domain="a.example",
        rule="operator",
        action=action,
        state="explained",
        opened_at=WEEK,
        explanation=text,
    )
    await fill.put(
        tables.quarantine,
        sha256=bytes(32),
        received_at=NOW,
        reason=text,
        body=text.encode(),
        archive_object=1,
        line=1,
    )


def installed(folder: Path, text: str) -> Cli:
    """Return a program whose database holds the text wherever it can."""
    made = program(folder)
    made.ok("customers")

    async def fill() -> None:
        database = Database.open(f"sqlite:///{made.database}")
        async with filling(database) as transaction:
            await everywhere(transaction, text)
        await database.close()

    asyncio.run(fill())
    return made


def looked_at(cli: Cli) -> None:
    """Run every command that shows the database, and hold each to plain text."""
    for command in LISTS:
        ran = cli.run(*command.split())
        assert ran.code == 0, f"{command}: {ran.err}"
        assert obeyed(ran.out + ran.err) == set(), command
        assert len(ran.out) < 60_000, command
        scripts = cli.ok(*command.split(), "--json")
        assert isinstance(scripts.document, dict)
        assert obeyed(scripts.out) == set(), command
    page = cli.ok("report", "--format", "html").out
    assert "<script" not in page.lower()
    for row in csv.reader(io.StringIO(cli.ok("report", "--format", "csv").out)):
        assert [one for one in row if one.lstrip().startswith(("=", "@", "+"))] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ALL_AT_ONCE, id="all at once"),
        *(pytest.param(one, id=name, marks=pytest.mark.slow) for name, one in TEXTS.items()),
    ],
)
def test_no_command_obeys_what_strangers_wrote(tmp_path: Path, text: str) -> None:
    looked_at(installed(tmp_path / "p", text))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
hostile = st.lists(st.sampled_from([*EVERY_MARK, *TEXTS.values()]) | texts, min_size=1, max_size=6)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(pieces=hostile)
def test_no_command_obeys_any_text(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    looked_at(installed(tmp_path_factory.mktemp("any") / "p", "".join(pieces)))


@given(st.text() | hostile.map("".join))
def test_any_text_is_cleaned_for_a_terminal_and_whole_in_json(text: str) -> None:
    assert obeyed(output.cleaned(text)) == set()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        output.emit_json({text: [text]})
    assert obeyed(printed.getvalue()) == set()
    assert json.loads(printed.getvalue()) == {text: [text]}
