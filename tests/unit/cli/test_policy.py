"""`sesauditd policy check`: what a policy file would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sesauditd.cli.main import main
from sesauditd.cli.rule_texts import rule_texts
from sesauditd.config import load_limits, policy_name
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def test_a_valid_policy_is_explained_rule_by_rule(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("[complaint.block]\ncomplaints = 2")
    assert main(["policy", "check", str(file)]) == 0
    shown = capsys.readouterr().out
    assert all(rule.value in shown for rule in Rule)
    assert "complaint number 2" in shown
    assert policy_name(load_limits(file)) in shown
    table = shown.rpartition("\n\n")[0] or shown
    assert max(len(line) for line in table.splitlines()[:-1]) <= 80


def test_a_program_reads_the_same_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('[hard_bounce.disable]\nlane = "fast"')
    assert main(["policy", "check", str(file), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["file", "policy", "rules", "limits"]
    assert document["policy"] == policy_name(load_limits(file))
    rules = {rule["rule"]: rule for rule in document["rules"]}
    assert list(rules) == [rule.value for rule in rule_order()]
    assert rules["hard_bounce.disable"]["lane"] == "fast"
    assert rules["hard_bounce.disable"]["action"] == "disable_domain"
    assert document["limits"]["complaint"]["terminate"]["small_count"] == 15


@pytest.mark.parametrize("json_wanted", [[], ["--json"]], ids=["text", "json"])
def test_an_invalid_policy_is_one_line(
    file: Path, capsys: pytest.CaptureFixture[str], json_wanted: list[str]
) -> None:
    file.write_text("[complaint.warn]\nrate_percent = 0.0008")
    assert main(["policy", "check", str(file), *json_wanted]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"sesauditd: {file}: complaint.warn.rate_percent = 0.0008: 0.0008 would be 0.0008 %: "
        "rates are percent, write 0.08\n"
    )


def rule_order() -> list[Rule]:
    return [text.rule for text in rule_texts(Limits())]


def test_every_rule_has_its_words() -> None:
    assert sorted(rule_order()) == sorted(Rule)


@pytest.mark.parametrize(
    ("rule", "action", "fires_when"),
    [
        (
            Rule.SOFT_BOUNCE_BLOCK,
            Does.BLOCK,
            "5 soft bounces in a row within 30 days, no delivery between",
        ),
        (
            Rule.HARD_BOUNCE_WARN,
            Does.WARN,
            "8 hard bounces in a week of fewer than 100 recipients, else 5 that are 4 % or more",
        ),
        (
            Rule.COMPLAINT_DISABLE,
            Does.DISABLE,
            (
                "5 complaints in a week of fewer than 1000 recipients, "
                "else 5 that are 0.3 % or more; "
                "or 3 warnings in 8 weeks"
            ),
        ),
        (
            Rule.COMPLAINT_TERMINATE,
            Does.TERMINATE,
            (
                "15 complaints in a week of fewer than 1000 recipients, "
                "else 15 that are 1 % or more; "
                "or a second disable within 90 days after the reinstatement"
            ),
        ),
        (
            Rule.HARD_BOUNCE_SURGE,
            Does.DISABLE,
            (
                "100 hard bounces within 24 hours (25 in a customer's first 30 days) "
                "and 1 % of the recipients"
            ),
        ),
        (Rule.VIRUS_TERMINATE, Does.TERMINATE, "incident number 2 within 365 days"),
    ],
)
def test_a_rule_is_told_with_its_numbers(rule: Rule, action: Does, fires_when: str) -> None:
    text = {text.rule: text for text in rule_texts(Limits())}[rule]
    assert (text.action, text.fires_when) == (action, fires_when)
