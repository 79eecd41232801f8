"""Values written into a configuration file as a careful person would: comments and rest stay."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from sesauditd.config import documents
from sesauditd.errors import Failed, Refused

Value: TypeAlias = str | int | bool | Sequence[str]
Values: TypeAlias = Mapping[tuple[str, str], Value]
"""Values by section and key."""


_KEY = re.compile(r"\s*#?\s*[A-Za-z0-9_-]+\s*=")


def missing(document: Mapping[str, object], values: Values) -> dict[tuple[str, str], Value]:
    """Return the values that a document does not hold."""
    return {
        (section, key): value
        for (section, key), value in values.items()
        if _at(document, section, key) != _plain(value)
    }


def pasted(values: Values) -> str:
    """Return the values as a piece of a configuration file."""
    sections: dict[str, list[str]] = {}
    for (section, key), value in values.items():
        sections.setdefault(section, []).append(_line(key, value))
    return "\n\n".join("\n".join((f"[{name}]", *lines)) for name, lines in sections.items())


def edited(text: str, values: Values) -> str:
    """Return a TOML text with the values in it, and nothing else changed.

    A key is changed where it stands, or put beside the comment that shows its default, or
    below its section's head. Raises Refused where that cannot be told safely.
    """
    ending = "\r\n" if text.count("\r\n") == text.count("\n") > 0 else "\n"
    try:
        document = tomllib.loads(text)
        wanted = missing(document, values)
        lines = text.split(ending)
        for (section, key), value in wanted.items():
            _put(lines, section, key, value)
        result = ending.join(lines)
        right = tomllib.loads(result) == documents.merged(document, _nested(wanted))
    except tomllib.TOMLDecodeError:
        right, result = False, text
    if not right:
        raise Refused("it is written in a way that a program cannot edit safely")
    return result


def write(path: Path, values: Values) -> bool:
    """Write values into a configuration file in one piece; return whether any was missing.

    The file's mode and owner stay. Raises Refused where it cannot be edited safely, Failed
    where it cannot be written.
    """
    file = path.resolve()
    documents.read(file)
    before = file.read_bytes().decode("utf-8")
    try:
        after = edited(before, values)
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}; write the lines above into it yourself") from None
    if after == before:
        return False
    try:
        _replace(file, after)
    except OSError as error:
        raise Failed(
            f"{path}: cannot be written ({error.strerror}); write the lines above into it yourself"
        ) from error
    return True


def _replace(file: Path, text: str) -> None:
    standing = file.stat()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchown(stream.fileno(), standing.st_uid, standing.st_gid)
            os.fchmod(stream.fileno(), stat.S_IMODE(standing.st_mode))
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _put(lines: list[str], section: str, key: str, value: Value) -> None:
    heads = [place for place, line in enumerate(lines) if _is_head(line, section)]
    if not heads:
        last = [] if lines[-1] else [lines.pop()]
        lines += ["", f"[{section}]", _line(key, value), *last]
        return
    start = heads[0] + 1
    end = next(
        (place for place in range(start, len(lines)) if lines[place].lstrip().startswith("[")),
        len(lines),
    )
    standing = re.compile(rf"\s*{re.escape(key)}\s*=")
    default = re.compile(rf"\s*#\s*{re.escape(key)}\s*=")
    for place in range(start, end):
        if standing.match(lines[place]):
            lines[place] = _line(key, value) + _comment(lines[place])
            return
    for place in range(start, end):
        if default.match(lines[place]):
            lines.insert(place + 1, _line(key, value))
            return
    lines.insert(_end_of_keys(lines, start, end), _line(key, value))


def _end_of_keys(lines: list[str], start: int, end: int) -> int:
    """Return where a key more may stand: behind the last one, above the next section's comment."""
    keys = [place for place in range(start, end) if _KEY.match(lines[place])]
    if not keys:
        return start
    try:
        tomllib.loads(lines[keys[-1]])
    except tomllib.TOMLDecodeError:
        # Its value goes on in the lines below it.
        return start
    return keys[-1] + 1


def _is_head(line: str, section: str) -> bool:
    return re.fullmatch(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?", line) is not None


def _comment(line: str) -> str:
    """Return the comment behind a value that ends on its own line, "" for none."""
    for place in (place for place, letter in enumerate(line) if letter == "#"):
        try:
            tomllib.loads(line[:place])
        except tomllib.TOMLDecodeError:
            continue
        return f"  {line[place:]}"
    return ""


def _line(key: str, value: Value) -> str:
    # JSON's texts, numbers, booleans and lists of texts are TOML's too.
    return f"{key} = {json.dumps(_plain(value), ensure_ascii=False)}"


def _plain(value: Value) -> object:
    return value if isinstance(value, str | int) else list(value)


def _at(document: Mapping[str, object], section: str, key: str) -> object:
    table = document.get(section)
    return table.get(key) if isinstance(table, Mapping) else None


def _nested(values: Values) -> dict[str, object]:
    nested: dict[str, dict[str, object]] = {}
    for (section, key), value in values.items():
        nested.setdefault(section, {})[key] = _plain(value)
    return {**nested}
