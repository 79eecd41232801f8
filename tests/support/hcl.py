"""Terraform files read by python-hcl2, and by Terraform itself where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not installed"
)
ESCAPE = re.compile(r'\\u([0-9a-fA-F]{4})|\\([nrt"\\])|([$%])\3\{')
LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
ENCODED = "${jsonencode("
MARK = "__is_block__"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was parsed: resources by their address, and ids by the address they are for."""

    resources: Mapping[str, Any]
    imports: Mapping[str, str]
    others: Mapping[str, Any]


def parsed(text: str) -> File:
    """Return what a file says."""
    found = plain(hcl2.loads(text))
    resources = {
        f"{kind}.{label}": body
        for one in found.pop("resource", ())
        for kind, labels in one.items()
        for label, body in labels.items()
    }
    imports = {one["to"][2:-1]: one["id"] for one in found.pop("import", ())}
    return File(resources, imports, found)


def plain(value: Any) -> Any:
    """Return a value without python-hcl2's marks, its texts unquoted, what is encoded as it is."""
    match value:
        case dict():
            return {plain(key): plain(one) for key, one in value.items() if key != MARK}
        case list():
            return [plain(one) for one in value]
        case str() if value.startswith(ENCODED):
            return plain(hcl2.loads(f"value = {value[len(ENCODED) : -2]}\n"))["value"]
        case str() if value.startswith('"'):
            return ESCAPE.sub(_unescaped, value[1:-1])
        case _:
            return value


def _unescaped(found: re.Match[str]) -> str:
    number, letter, template = found.groups()
    if number:
        return chr(int(number, 16))
    return LETTERS[letter] if letter else f"{template}{{"


def terraform(folder: Path, *arguments: str, **environment: str) -> str:
    """Run Terraform in a folder and return what it prints; fails with what it says if it fails."""
    program = shutil.which("terraform")
    assert program is not None
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "CHECKPOINT_DISABLE": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def said(folder: Path, text: str) -> Mapping[str, Any]:
    """Return the outputs of a file as Terraform evaluates them."""
    (folder / "main.tf").write_text(text, encoding="utf-8")
    terraform(folder, "apply", "-auto-approve", "-no-color", "-input=false")
    outputs = json.loads(terraform(folder, "output", "-json"))
    return {name: one["value"] for name, one in outputs.items()}
