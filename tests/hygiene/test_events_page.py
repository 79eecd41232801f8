"""The page about events names every line that the program logs, its levels and its values."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "events.md"
ROW = re.compile(r"^\| `(\w+)` \| ([\w, ]+) \|([^|]*)\|", re.MULTILINE)
LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
IDS = re.compile(r"^[a-z]+(_[a-z]+)*$")


@dataclass
class Event:
    levels: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)


@cache
def logged() -> dict[str, Event]:
    """Return every event that the code logs, by its name."""
    found: dict[str, Event] = defaultdict(Event)
    for path in sorted((ROOT / "sesauditd").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "log." in text else ():
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=method),
                    args=[ast.Constant(value=str(name))],
                    keywords=keywords,
                ) if method in LEVELS:
                    found[name].levels.add(LEVELS[method])
                    found[name].values |= {str(one.arg) for one in keywords}
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=method)):
                    assert method not in LEVELS, f"{path}:{node.lineno}: no name, or no constant"
                case _:
                    pass
    return dict(found)


def documented() -> dict[str, Event]:
    """Return the rows of the page."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len({name for name, _, _ in rows}) == len(rows), "an event has two rows"
    return {
        name: Event(set(levels.split(", ")), set(re.findall(r"`(\w+)`", values)))
        for name, levels, values in rows
    }


def test_the_page_and_the_code_name_the_same_events_with_their_levels_and_values() -> None:
    assert documented() == logged()


def test_names_are_plain_words() -> None:
    assert [name for name in logged() if not IDS.match(name)] == []


def test_every_row_has_five_columns() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {6}
