"""Every sentence of the policy has a test that would fail if it were not so."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.stories.telling import stories

TESTS = Path(__file__).parents[1]
TABLE = tomllib.loads((Path(__file__).parent / "policy_sentences.toml").read_text("utf-8"))
SENTENCES = [(says, tuple(names)) for group in TABLE.values() for says, names in group.items()]
STORY = "story: "


@cache
def defined_in(file: str) -> frozenset[str]:
    """Return the names of the functions that a file of tests defines."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, kinds))


@cache
def told() -> frozenset[str]:
    """Return the names of all stories."""
    return frozenset(one.name for one in stories())


@pytest.mark.parametrize(("says", "names"), SENTENCES, ids=lambda one: one or "")
def test_a_sentence_has_tests_that_exist(says: str, names: tuple[str, ...]) -> None:
    assert names, f"nothing fails where this is not so: {says}"
    for name in names:
        if name.startswith(STORY):
            assert name.removeprefix(STORY) in told(), f"nobody tells {name}"
        else:
            file, _, function = name.partition("::")
            assert function in defined_in(file), f"there is no test {name}"
