"""The numbers in the shipped files and the numbers in the program are the same numbers."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sesauditd.config import load_limits
from sesauditd.config.documents import flattened
from sesauditd.model.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = Path(__file__).parents[2] / "config"
NOT_HALVED = frozenset({"complaint.block.complaints", "warnings"})
"""One complaint blocks; half of three warnings would be one, and no warning only a warning."""


def numbers(document: dict[str, object], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a document with its dotted name."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}.")
        elif isinstance(value, int | float):
            yield prefix + key, value


def test_the_shipped_policy_says_what_the_program_does() -> None:
    assert load_limits(CONFIG / "policy.toml") == Limits()


def test_the_shipped_policy_writes_out_every_key() -> None:
    written = tomllib.loads((CONFIG / "policy.toml").read_text(encoding="utf-8"))

    assert sorted(flattened(written)) == sorted(flattened(asdict(Limits())))


def test_every_key_of_the_shipped_policy_is_explained() -> None:
    lines = (CONFIG / "policy.toml").read_text(encoding="utf-8").splitlines()
    bare = [
        line for above, line in pairwise(lines) if line[:1].isalpha() and not above.startswith("#")
    ]

    assert bare == []


def test_the_strict_policy_is_valid_and_blocks_the_first_complainer() -> None:
    assert load_limits(CONFIG / "policy-strict.toml").complaint.block.complaints == 1


def test_the_strict_policy_halves_what_it_names() -> None:
    shipped = dict(numbers(asdict(Limits())))
    strict = tomllib.loads((CONFIG / "policy-strict.toml").read_text(encoding="utf-8"))
    halved = {
        name: number
        for name, number in numbers(strict)
        if not NOT_HALVED & {name, name.rpartition(".")[2]}
    }

    assert halved == {
        name: max(shipped[name] // 2, 1) if isinstance(shipped[name], int) else shipped[name] / 2
        for name in halved
    }
