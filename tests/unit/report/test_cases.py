"""Which cases are second offences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sesauditd.report.cases import offences
from sesauditd.report.figures import Case

DAY = timedelta(days=1)
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def case(
    name: str,
    *,
    rule: str = "complaint.disable",
    opened: float = 0,
    closed: float | None = None,
    state: str = "reinstated",
    customer: str = "k",
) -> Case:
    """Return a case that opens and closes days after the start."""
    return Case(
        id=name,
        customer=customer,
        domain="a.example",
        rule=rule,
        action=name,
        state=state,
        opened_at=START + opened * DAY,
        explanation=None,
        closed_at=None if closed is None else START + closed * DAY,
    )


FIRST = case("1", closed=2)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        pytest.param(case("2", opened=92), "2nd complaint case", id="90 days after"),
        pytest.param(case("2", opened=92.01), None, id="later than that"),
        pytest.param(case("2", opened=1), None, id="before the reinstatement"),
        pytest.param(case("2", opened=2), "2nd complaint case", id="in its very moment"),
        pytest.param(case("2", opened=9, rule="virus.disable"), None, id="of another kind"),
        pytest.param(case("2", opened=9, customer="l"), None, id="of another customer"),
        pytest.param(case("2", opened=9, state="withdrawn"), None, id="groundless"),
    ],
)
def test_a_case_soon_after_a_reinstatement_is_a_second_offence(
    later: Case, said: str | None
) -> None:
    found = offences([later, FIRST])
    assert set(found) == (set() if said is None else {"2"})
    assert found.get("2", "").startswith(said or "")


@pytest.mark.parametrize("order", [1, -1], ids=["as opened", "backwards"])
def test_cases_that_open_and_close_in_one_moment_are_counted_one_after_the_other(
    order: int,
) -> None:
    same = [case(name, closed=0) for name in ("1", "2", "3")]
    assert [found[:3] for found in offences(same[::order]).values()] == ["2nd", "3rd"]


def test_what_an_operator_decides_himself_is_no_offence() -> None:
    drills = [case(name, rule="operator", opened=day, closed=day) for day, name in enumerate("12")]
    assert offences(drills) == {}
