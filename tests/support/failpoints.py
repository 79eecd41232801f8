"""The failpoints of the program, as its own code names them."""

from __future__ import annotations

import re
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "sesauditd"
POINT = re.compile(r"""(?<![.\w])_?reach(?:ing)?\(\s*["']([\w.]+)["']""")
"""What is called where a process can be killed: the point itself, and the jobs' way to one."""


def in_the_code() -> frozenset[str]:
    """Return the name of every point at which a test can kill the program."""
    return frozenset(
        name
        for path in PROGRAM.rglob("*.py")
        for name in POINT.findall(path.read_text(encoding="utf-8"))
    )
