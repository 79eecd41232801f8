"""Resources of Terraform with their import blocks, and what is left out of them, as values."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.hcl import Block, Comment, Reference

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON
    from sesauditd.onboard.hcl import Part, Value

OF_AWS: Final = "aws:"
"""How tags begin that AWS sets itself; nobody else may."""
WIDEST: Final = 98
"""Columns of a comment behind its mark."""
_NO_NAME: Final = re.compile(r"[^a-z0-9_-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A resource that stands, and under which id Terraform finds it."""

    kind: str
    label: str
    id: str
    body: tuple[Part, ...]
    remarks: tuple[str, ...] = ()
    """What a person should know before taking it over."""

    @property
    def address(self) -> str:
        """Return its name in Terraform."""
        return f"{self.kind}.{self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is not written down, and why, as a sentence."""

    why: str


Written = Taken | LeftOut


def label(*words: str) -> str:
    """Return a name that Terraform takes: a dot becomes `_`, so that no two domains share one."""
    made = _NO_NAME.sub("_", "_".join(words).lower())
    return made if made[:1].isalpha() or made.startswith("_") else f"_{made}"


def to(kind: str, name: str, argument: str) -> Reference:
    """Return a reference to an argument of another resource."""
    return Reference(f"{kind}.{name}.{argument}")


def tags(found: JSON) -> Mapping[str, Value]:
    """Return the argument `tags`, none where there are none."""
    if not isinstance(found, Mapping):
        return {}
    kept = {name: str(value) for name, value in found.items() if not name.startswith(OF_AWS)}
    return {"tags": kept} if kept else {}


def texts(found: JSON) -> Sequence[str]:
    """Return a list of texts, none where there is none."""
    if isinstance(found, str) or not isinstance(found, Sequence):
        return ()
    return [str(one) for one in found]


def parts(written: Sequence[Written]) -> Iterator[Part]:
    """Yield what stands in the file."""
    for one in written:
        match one:
            case LeftOut(why=why):
                yield _folded(f"Left out: {why}")
                yield {}
            case Taken(remarks=remarks):
                if remarks:
                    yield _folded("\n".join(remarks))
                yield Block("import", (), ({"to": Reference(one.address), "id": one.id},))
                yield Block("resource", (one.kind, one.label), one.body)


def _folded(text: str) -> Comment:
    """Return a comment whose lines fit; what is indented is to be copied and stays whole."""
    lines = []
    for line in text.splitlines():
        whole = line.startswith(" ") or not line
        lines += [line] if whole else textwrap.wrap(line, WIDEST, break_on_hyphens=False)
    return Comment("\n".join(lines))
