"""The failpoints of the program, as its own code names them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parents[2] / "sesauditd"
REACHING = frozenset({"reach", "_reaching"})
"""What is called where a process can be killed: the point itself, and the jobs' way to one."""


def in_the_code() -> frozenset[str]:
    """Return the name of every point at which a test can kill the program."""
    return frozenset(name for path in PROGRAM.rglob("*.py") for name in _in(path))


def _in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=called), args=[ast.Constant(value=str(name)), *_]):
                if called in REACHING:
                    yield name
            case _:
                pass
