"""A thousand domains, customers or cases are shown some at a time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sesauditd.report.figures import Case, Domain
from sesauditd.report.pages import Standing
from sesauditd.web import pages
from sesauditd.web.values import SHOWN_A_PAGE, Cases, Frame, Part
from tests.support.dashboards import NOW
from tests.unit.web.test_concerns import WELL

FRAME = Frame(installation="x", version="0", now=NOW, mode="shadow")


def test_every_template_can_be_read_before_the_first_look() -> None:
    pages.prepare()


def domain(number: int, **more: Any) -> Domain:
    facts: dict[str, Any] = {
        "name": f"shop{number:04}.example",
        "customer": f"shop{number:04}",
        "contact": "owner@elsewhere.example",
        "registered_at": NOW,
        "iam_users": (),
        "state": "sending",
        "stopped": False,
    }
    return Domain(**(facts | more))


@pytest.mark.parametrize(
    ("count", "page", "shown", "at"),
    [
        (0, 1, (0, 0), (1, 1)),
        (SHOWN_A_PAGE, 1, (0, SHOWN_A_PAGE), (1, 1)),
        (SHOWN_A_PAGE + 1, 1, (0, SHOWN_A_PAGE), (1, 2)),
        (SHOWN_A_PAGE + 1, 2, (SHOWN_A_PAGE, SHOWN_A_PAGE + 1), (2, 2)),
        (SHOWN_A_PAGE + 1, 99, (SHOWN_A_PAGE, SHOWN_A_PAGE + 1), (2, 2)),
    ],
)
def test_each_stands_on_one_page(
    count: int, page: int, shown: tuple[int, int], at: tuple[int, int]
) -> None:
    part = Part.of(range(count), page)
    assert part.shown == tuple(range(*shown))
    assert (part.page, part.pages, part.total) == (*at, count)


def test_a_thousand_domains_are_found_page_by_page() -> None:
    everything = [domain(number) for number in range(1_000)]
    found: list[str] = []
    here: int | None = 1
    while here is not None:
        page = pages.domains(FRAME, everything, here)
        found += re.findall(r'<th scope="row"><a href="/domains/([^"]+)"', page)
        after = re.search(r'rel="next" href="/domains\?page=(\d+)"', page)
        here = int(after[1]) if after else None
    assert found == [one.name for one in everything]


def test_a_domain_that_is_being_onboarded_says_what_it_waits_for_and_leads_nowhere() -> None:
    coming = domain(1, registered_at=None, state="onboarding", waits_for="an answer")
    page = pages.domains(FRAME, [coming], 1)
    assert "shop0001.example" in page
    assert "waits for an answer" in page
    assert 'href="/domains/shop' not in page
    assert 'href="/customers/shop' not in page


def test_customers_and_cases_have_pages_too() -> None:
    (one,) = WELL.ranking.standings
    standings = tuple(
        Standing(
            customer=f"c{number}",
            mode=one.mode,
            score=None,
            domains=1,
            mailed=1,
            hard_bounces=0,
            complaints=0,
        )
        for number in range(SHOWN_A_PAGE + 1)
    )
    ranking = type(WELL.ranking)(at=NOW, standings=standings, account=WELL.ranking.account)
    last = pages.customers(FRAME, ranking, (), 2)
    assert f"/customers/c{SHOWN_A_PAGE}" in last
    assert "/customers/c0" not in last
    cases = tuple(
        Case(
            id=f"case-{number:04}",
            customer="k",
            domain=None,
            state="opened",
            rule="hard_bounce.disable",
            action=f"{number:04}",
            opened_at=NOW,
            explanation=None,
            closed_at=None,
        )
        for number in range(SHOWN_A_PAGE + 1)
    )
    page = pages.cases(FRAME, Cases(shown=cases, domains={}), 1)
    assert 'rel="next" href="/cases?page=2"' in page
    assert f"case-{SHOWN_A_PAGE:04}" not in page
