"""Half a percent is not a half: what a policy file may say about rates, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
        ('rate_percent = "0.5 %"', 2, "rate_percent"),
        ("rate = 0.5", 2, "rate"),
        ('rate = "0.5 %"', 2, "rate"),
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
