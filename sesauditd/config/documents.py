"""TOML files as plain documents, and how one document lies over another."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_POSITION = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def read(path: Path) -> dict[str, object]:
    """Return the content of a TOML file; raises Refused with file and line if it is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Refused(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: not a TOML file: it is not UTF-8 text") from error
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(_located(path, text, str(error))) from error
    except RecursionError as error:
        raise Refused(f"{path}: not TOML: nested too deeply") from error


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Return `under` with every key that `over` names replaced, table by table."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def flattened(document: Mapping[str, object], prefix: str = "") -> list[str]:
    """Return the dotted names of all tables and keys in a document, in its order."""
    names: list[str] = []
    for key, value in document.items():
        names.append(prefix + key)
        if isinstance(value, dict):
            names += flattened(value, f"{prefix}{key}.")
    return names


def _located(path: Path, text: str, message: str) -> str:
    position = _POSITION.search(message)
    complaint = message[: position.start()] if position else message
    # Some complaints come when the parser is through, at the end of the document.
    line = position["line"] if position and position["line"] else len(text.splitlines())
    return f"{path}:{line}: not TOML: {complaint}"
