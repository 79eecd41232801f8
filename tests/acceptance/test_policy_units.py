"""Half a percent is not a half: what a policy file may say about rates, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import ses
from tests.support.cases import when

if TYPE_CHECKING:
    from tests.support.cli import Cli


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("rate_percent = 0.5", 0, ""),
        ("rate_percent = 0.3", 0, ""),
        ("rate_percent = 0.003", 2, "write 0.3"),
        ("rate_percent = 0.0", 2, "rate_percent"),
        ("rate_percent = -1", 2, "rate_percent"),
        ("rate_percent = 101", 2, "rate_percent"),
        ("rate_percent = nan", 2, "rate_percent"),
        ("rate_percent = inf", 2, "rate_percent"),
        ("rate_percent = true", 2, "rate_percent"),
        ('rate_percent = "0.5"', 2, "rate_percent"),
        ('rate_percent = "0.5 %"', 0, ""),
        ('rate_percent = "0.5%"', 0, ""),
        ('rate_percent = "0.003 %"', 2, "write 0.3"),
        ('rate_percent = "-1 %"', 2, "rate_percent"),
        ('rate_percent = "101 %"', 2, "rate_percent"),
        ('rate_percent = "0,5 %"', 2, "rate_percent"),
        ("rate = 0.5", 2, "rate"),
        ('rate = "0.5"', 2, "rate"),
        ('rate = "0.5 %"', 0, ""),
        ('count = "5 %"', 2, "count"),
        ('small_below = "5 %"', 2, "small_below"),
        ("count = 5.5", 2, "count"),
    ],
)
def test_a_rate_is_percent_or_refused(cli: Cli, written: str, code: int, says: str) -> None:
    file = cli.folder / "own.toml"
    file.write_text(f"[complaint.disable]\n{written}\n", encoding="utf-8")
    ran = cli.run("policy", "check", file)
    assert ran.code == code, ran.err
    assert says in ran.err
    assert len(ran.said) == (1 if code else 0)


@pytest.mark.parametrize(
    ("written", "complainers", "rules"),
    [
        ('rate = "1 %"', 8, ["complaint.warn"]),
        ('rate = "0.5 %"', 8, ["complaint.disable"]),
        ("rate_percent = 0.5", 8, ["complaint.disable"]),
    ],
)
def test_a_rate_with_its_unit_is_the_same_as_in_percent(
    cli: Cli, written: str, complainers: int, rules: list[str]
) -> None:
    policy = f"[policy.customers.k.rules.complaint.disable]\n{written}"
    cli.configure(policy=policy)
    cli.adopt("a.example", "k")
    people = ses.people(1500)
    told = ses.sends("a.example", people, when(1))
    told += [ses.complaint("a.example", one, when(2)) for one in people[:complainers]]
    cli.replay(ses.lines(told))
    assert [one["rule"] for one in cli.verdicts()] == rules
