"""What `sesauditd drift` prints of what it compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.cli import drift
from sesauditd.model.plan import Change, Plan, Verb
from sesauditd.onboard.drift import Comparison

if TYPE_CHECKING:
    import pytest

REMARKED = Comparison(subject="shop.example", plan=Plan(remarks=("DNS does not answer",)))
GONE = Change(
    resource="IAM user club.example",
    verb=Verb.CREATE,
    before=None,
    after={"path": "/sesaudit/"},
    why="sends for it alone",
)


def test_all_good_is_said_once_also_where_there_is_something_to_remark(
    capsys: pytest.CaptureFixture[str],
) -> None:
    drift._tell([Comparison(subject="account"), REMARKED])

    assert capsys.readouterr().out.strip().splitlines() == [
        "shop.example:",
        "i DNS does not answer",
        "",
        "Everything stands as it was made.",
    ]


def test_what_differs_comes_with_its_repair(capsys: pytest.CaptureFixture[str]) -> None:
    different = Comparison(subject="club.example", plan=Plan(changes=(GONE,)), repair="mend it")

    drift._tell([REMARKED, different])

    said = capsys.readouterr().out
    assert "  to repair it: mend it\n" in said
    assert "1 to make." in said
    assert said.endswith("\nAs it was made: shop.example\n")
    assert "Everything" not in said
