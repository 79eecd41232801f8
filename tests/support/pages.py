"""The commands that the documents tell people to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = "sesauditd"
NOT_RUN = "<!-- not run: "
"""What stands in the line above a block that no test can run, with the reason."""

UNSEEN = re.compile(r"^<!-- run: (?P<unseen>.*) -->$", re.MULTILINE)
"""A command that no reader types, since a reader does it by Ctrl-C."""
_BLOCK = re.compile(
    r"^(?P<indent> *)```console\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"`((?:\.venv/bin/)?sesauditd [^`\n]*)`")
_ENDS_WITH = re.compile(r"# .*\bends with (\d+)")
_BREAKS = re.compile(r"[;&|<>()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command as it is typed: what stands behind a prompt, with the lines that continue it."""

    line: int
    """Where it stands on its page, from 1."""
    text: str
    code: int = 0
    """What it ends with, as its comment says."""
    not_run: bool = False


def pages() -> list[str]:
    """Return every page that people read, relative to the repository."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(str(one.relative_to(ROOT)) for one in found if one.name != "CHANGELOG.md")


def typed(page: str) -> Iterator[Typed]:
    """Yield the commands of the console blocks of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [*_BLOCK.finditer(text), *UNSEEN.finditer(text)]
    for block in sorted(found, key=re.Match.start):
        if block.re is UNSEEN:
            line = text.count("\n", 0, block.start()) + 1
            yield Typed(line=line, text=block["unseen"])
            continue
        above = text[: block.start()].rstrip("\n").rpartition("\n")[2]
        first = text.count("\n", 0, block.start()) + 2
        yield from _commands(block["body"], first, not_run=above.startswith(NOT_RUN))


def of_the_program(text: str) -> list[list[str]]:
    """Return the arguments of each call of the program in a line of shell."""
    if PROGRAM not in text:
        return []
    calls: list[list[str]] = []
    part: list[str] = []
    for word in [*_split(text), ";"]:
        if _BREAKS.fullmatch(word):
            calls += _arguments(part)
            part = []
        else:
            part.append(word)
    return calls


def named(page: str) -> list[str]:
    """Return the commands of the program that are named within sentences and tables."""
    text = _BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return _INLINE.findall(text)


def _commands(body: str, first: int, *, not_run: bool) -> Iterator[Typed]:
    lines: list[str] = []
    began = first
    for number, line in enumerate([*body.splitlines(), "$ "], start=first):
        prompt = line.lstrip()[:2]
        if prompt in {"$ ", "# "}:
            if lines:
                yield _made(lines, began, not_run=not_run)
            lines, began = [line.lstrip()[2:]], number
        elif lines and (prompt.rstrip() == ">" or lines[-1].endswith("\\")):
            lines.append(line.lstrip().removeprefix("> ").removeprefix(">"))
        elif lines:
            # What the program answers ends the command.
            yield _made(lines, began, not_run=not_run)
            lines = []


def _made(lines: list[str], began: int, *, not_run: bool) -> Typed:
    told = _ENDS_WITH.search(lines[-1])
    return Typed(
        line=began, text="\n".join(lines), code=int(told[1]) if told else 0, not_run=not_run
    )


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


def _arguments(words: list[str]) -> list[list[str]]:
    """Return what follows the program, if it is what is called, here or within a container."""
    while words and "=" in words[0]:
        words = words[1:]
    called = Path(words[0]).name if words else ""
    places = [at for at, word in enumerate(words) if Path(word).name == PROGRAM]
    if called not in {PROGRAM, "docker"} or not places or places[-1] + 1 == len(words):
        return []
    return [] if words[1] == "build" else [words[places[-1] + 1 :]]
