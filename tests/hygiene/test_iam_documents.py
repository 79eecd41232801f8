"""The IAM policies in docs/ allow what the program asks of AWS, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.roles import COMMANDS, KEEPER

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "docs" / "iam"
DAEMON = ("consume", "archive", "observe", "notify", "enforce")
MODULES = ("access", "account", "archive", "mail", "metrics", "queue", "shelf", "transport")
"""Of `sesauditd.aws`: those by which the daemon works."""
ASKED = re.compile(r"\.(?:ask|every|_gone|_in_batches)\(\s*\"([A-Z]\w+)\"")
ALLOWED_BY = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    # Raw content makes it that one, also in version 2 (ses-facts.md 10).
    "SendEmail": "SendRawEmail",
}
NEEDS_NOTHING = {"GetCallerIdentity"}
ALONG = {"TagPolicy"}
"""What CreatePolicy needs as well when it is given tags."""


def _actions(name: str) -> set[str]:
    document = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    found: set[str] = set()
    for statement in document["Statement"]:
        actions = statement["Action"]
        found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def _asked() -> set[str]:
    package = ROOT / "sesauditd" / "aws"
    texts = [(package / f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    operations = {one for text in texts for one in ASKED.findall(text)} - NEEDS_NOTHING
    return {ALLOWED_BY.get(one, one) for one in operations}


def test_the_daemon_may_do_what_it_asks_for_and_nothing_else() -> None:
    allowed = {one.partition(":")[2] for name in DAEMON for one in _actions(name)}

    assert allowed - ALONG == _asked()


def test_every_policy_names_its_actions_one_by_one() -> None:
    assert [one for name in DAEMON for one in _actions(name) if "*" in one] == []


def test_no_policy_is_larger_than_iam_takes() -> None:
    for path in DOCUMENTS.glob("*.json"):
        assert len(re.sub(r"\s", "", path.read_text(encoding="utf-8"))) <= 6144, path.name


def test_commands_run_in_tests_with_what_the_documents_say() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = text.partition("| you run | with |")[2].partition("\n\n")[0]
    rows = re.finditer(r"^\| (?P<commands>.*`.*) \| (?P<roles>.*) \|$", table, re.MULTILINE)
    said = {
        command: tuple(row["roles"].split(", "))
        for row in rows
        for command in re.findall(r"`([^`]+)`", row["commands"])
        if command != "--plan"
    }

    assert said | {"run": KEEPER} == COMMANDS


def test_every_policy_is_named_in_its_folder() -> None:
    listed = (DOCUMENTS / "README.md").read_text(encoding="utf-8")

    assert [one.name for one in DOCUMENTS.glob("*.json") if f"]({one.name})" not in listed] == []
