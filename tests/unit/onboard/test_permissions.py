"""The policies of docs/iam: what the doctor tries is what they allow, and IAM takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sesauditd.onboard.permissions import NEEDED

FOLDER = Path(__file__).parents[3] / "docs" / "iam"
FILES = sorted(one.stem for one in FOLDER.glob("*.json"))
LONGEST_POLICY = 6144
"""Characters of a managed policy without white space (ses-facts 4)."""


def statements(name: str) -> list[dict[str, object]]:
    """Return the statements of a file."""
    found: list[dict[str, object]] = json.loads((FOLDER / f"{name}.json").read_text())["Statement"]
    return found


def actions(name: str) -> set[str]:
    """Return what a file allows."""
    listed = [one["Action"] for one in statements(name)]
    return {
        action
        for one in listed
        for action in (one if isinstance(one, list) else [one])
        if isinstance(action, str)
    }


@pytest.mark.parametrize("role", NEEDED)
def test_what_the_doctor_knows_is_what_the_file_allows(role: str) -> None:
    assert set(NEEDED[role]) == actions(role)


@pytest.mark.parametrize("name", FILES)
def test_iam_takes_the_policy(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()

    assert len("".join(text.split())) <= LONGEST_POLICY
    sids = [one["Sid"] for one in statements(name)]
    assert len(set(sids)) == len(sids)
    assert all(one["Effect"] == "Allow" for one in statements(name))
    assert not any("*" in one for one in actions(name))


@pytest.mark.parametrize("name", ["look", "observe"])
def test_who_looks_changes_nothing(name: str) -> None:
    assert all(one.split(":")[1].startswith(("Get", "List")) for one in actions(name))


@pytest.mark.parametrize("name", FILES)
def test_the_folder_says_what_each_file_is_for(name: str) -> None:
    assert f"[{name}]({name}.json)" in (FOLDER / "README.md").read_text()
