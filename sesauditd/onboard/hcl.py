"""Terraform's language, written as `terraform fmt` would write it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, Union

INDENT: Final = "  "
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029]|(?:\$+|%+)(?=\{)')


@dataclass(frozen=True, slots=True)
class Reference:
    """An address in place of a value: `aws_iam_user.shop_example.name`."""

    address: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value that Terraform turns into a JSON text."""

    value: Value


@dataclass(frozen=True, slots=True)
class Comment:
    """Lines for people, each without its mark."""

    text: str


Value: TypeAlias = Union[
    str, bool, int, float, Reference, Encoded, "Sequence[Value]", "Mapping[str, Value]", None
]


@dataclass(frozen=True, slots=True)
class Block:
    """A block with its labels: `resource "aws_iam_user" "shop_example" { ... }`."""

    kind: str
    labels: tuple[str, ...] = ()
    body: tuple[Part, ...] = ()


Part: TypeAlias = Union["Mapping[str, Value]", Block, Comment]
"""What stands in a file or in a block: arguments together, a block, or a comment."""


def document(parts: Sequence[Part]) -> str:
    """Return a whole file, with its last line break."""
    return "\n".join(_body(parts, 0)) + "\n"


def quoted(text: str) -> str:
    """Return a text as a literal: nothing in it is a template, an escape or a line break.

    Before a brace `$` and `%` begin a template and are doubled. Of several the first ones are
    written by their number: `$$${` would be read as a doubled one and then a template.
    """
    return f'"{_SPECIAL.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    text = found[0]
    if text[0] in "$%":
        return f"\\u{ord(text[0]):04x}" * (len(text) - 1) + text[0] * 2
    return _ESCAPES.get(text) or f"\\u{ord(text):04x}"


def _body(parts: Sequence[Part], depth: int) -> Iterator[str]:
    joined = True
    for part in parts:
        if not joined:
            yield ""
        # A comment belongs to what comes after it.
        joined = isinstance(part, Comment)
        match part:
            case Comment(text=text):
                yield from (f"{INDENT * depth}# {line}".rstrip() for line in text.splitlines())
            case Block():
                yield from _block(part, depth)
            case arguments:
                yield from _pairs(arguments, depth, apart=True)


def _block(block: Block, depth: int) -> Iterator[str]:
    start = " ".join((block.kind, *(f'"{label}"' for label in block.labels)))
    if not block.body:
        yield f"{INDENT * depth}{start} {{}}"
        return
    yield f"{INDENT * depth}{start} {{"
    yield from _body(block.body, depth + 1)
    yield f"{INDENT * depth}}}"


def _pairs(pairs: Mapping[str, Value], depth: int, *, apart: bool = False) -> Iterator[str]:
    """Yield `name = value` lines; neighbours of one line each have their signs in one column."""
    rows = [(_key(name), _value(value, depth)) for name, value in pairs.items()]
    at = 0
    while at < len(rows):
        run = list(_while_short(rows[at:])) or [rows[at]]
        width = max(len(name) for name, _ in run) if len(run[0][1]) == 1 else 0
        if apart and at:
            yield ""
        for name, (first, *rest) in run:
            yield f"{INDENT * depth}{name.ljust(width)} = {first}"
            yield from rest
        at += len(run)


def _while_short(rows: Sequence[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    for row in rows:
        if len(row[1]) > 1:
            return
        yield row


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else quoted(name)


def _value(value: Value, depth: int) -> list[str]:
    """Return a value's lines; all but the first are indented."""
    match value:
        case None:
            return ["null"]
        case bool():
            return [str(value).lower()]
        case int() | float():
            return [str(value)]
        case str():
            return [quoted(value)]
        case Reference(address=address):
            return [address]
        case Encoded(value=inner):
            first, *rest = _value(inner, depth)
            lines = [f"jsonencode({first}", *rest]
            return [*lines[:-1], f"{lines[-1]})"]
        case Mapping():
            return _object(value, depth)
        case _:
            return _list(value, depth)


def _object(pairs: Mapping[str, Value], depth: int) -> list[str]:
    if not pairs:
        return ["{}"]
    return ["{", *_pairs(pairs, depth + 1), f"{INDENT * depth}}}"]


def _list(values: Sequence[Value], depth: int) -> list[str]:
    made = [_value(one, depth + 1) for one in values]
    if not made:
        return ["[]"]
    if len(made) == len(made[0]) == 1:
        return [f"[{made[0][0]}]"]
    lines = ["["]
    for first, *rest in made:
        inner = [f"{INDENT * (depth + 1)}{first}", *rest]
        lines += [*inner[:-1], f"{inner[-1]},"]
    return [*lines, f"{INDENT * depth}]"]
