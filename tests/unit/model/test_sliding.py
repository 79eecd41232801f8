"""Windows that slide over strikes, and the incidents that they open."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.history import Decisions, Strike
from sesauditd.model.sliding import Incidents, Slide, slides
from tests.unit.model.builders import BLOG, SHOP, at, enforcing, strike

DAY = timedelta(hours=24)


def found(
    struck: list[Strike], *, least: int = 1, decisions: Decisions | None = None
) -> list[tuple[str, tuple[Slide, ...]]]:
    known = decisions or Decisions()
    return list(slides(struck, DAY, Incidents(decisions=known), least))


def on(*hours: float, domain: str = SHOP) -> list[Strike]:
    return [strike(at(hours=hour), recipient=f"r{hour}@x.example", domain=domain) for hour in hours]


@pytest.mark.parametrize(
    ("hours", "counts"),
    [
        ((), []),
        ((0, 1), [1, 2]),
        ((0, 24), [1, 2]),
        ((0, 24.01), [1, 1]),
        ((0, 12, 25), [1, 2, 2]),
    ],
)
def test_a_window_ends_at_each_strike_and_holds_both_ends(
    hours: tuple[float, ...], counts: list[int]
) -> None:
    assert [each[0].count for _, each in found(on(*hours))] == counts


def test_strikes_of_one_moment_are_one_window() -> None:
    same = [strike(at(), recipient=f"r{number}@x.example") for number in range(5)]
    assert [each[0].count for _, each in found(same)] == [5]


def test_windows_with_too_few_recipients_are_left_out() -> None:
    assert found(on(0, 1), least=3) == []
    assert found([strike(at(minutes=n)) for n in range(9)], least=3) == []


def test_a_reinstatement_begins_the_window() -> None:
    cut = enforcing(shop=[at(hours=1)])
    slide = found(on(0, 1, 2), decisions=cut)[-1][1][0]
    assert (slide.start, slide.count) == (at(hours=1), 2)


def test_a_reinstatement_at_the_moment_of_a_strike_begins_the_window_with_it() -> None:
    slide = found(on(0, 1), decisions=enforcing(shop=[at(hours=1)]))[-1][1][0]
    assert (slide.start, slide.count) == (at(hours=1), 1)


def test_several_domains_are_looked_at_alone_and_together() -> None:
    struck = [*on(0), *on(1, domain=BLOG)]
    last = found(struck)[1:]
    assert [(name, [one.domain for one in each]) for name, each in last] == [
        (BLOG, [BLOG, None]),
        (SHOP, [SHOP, None]),
    ]
    together = found(struck, least=2)
    assert [[one.domain for one in each] for _, each in together] == [[None], [None]]


def test_a_domain_whose_strikes_are_all_left_behind_has_no_share() -> None:
    (_, (alone, *others)) = found([*on(0), *on(25, domain=BLOG)])[-1]
    assert (alone.domain, others) == (BLOG, [])
    assert [name for name, _ in found([*on(0), *on(25, domain=BLOG)])] == [SHOP, BLOG]


def test_a_domains_own_window_counts_no_other_domains_strikes() -> None:
    (_, slides_of_shop) = found([*on(0, 1), *on(2, domain=BLOG)])[-1]
    assert [(one.count, set(one.starts)) for one in slides_of_shop] == [
        (2, {SHOP}),
        (3, {SHOP, BLOG}),
    ]
    assert [len(list(one.strikes)) for one in slides_of_shop] == [2, 3]


def test_what_stands_where_a_window_begins_is_one_of_its_strikes() -> None:
    (_, (slide,)) = found(on(0, 24))[-1]
    assert [one.at for one in slide.strikes] == [at(), at(hours=24)]


def test_windows_that_end_before_a_moment_are_left_out() -> None:
    incidents = Incidents(decisions=Decisions())
    ends = [each[0].end for _, each in slides(on(0, 1, 2), DAY, incidents, 1, since=at(hours=1))]
    assert ends == [at(hours=1), at(hours=2)]


def armed_after(days: float) -> Decisions:
    end = at(days=days)
    return Decisions(shadow_since=None, shadows=((at(days=-300), end),))


def disarmed(days: float, *, reinstated: float) -> Decisions:
    return Decisions(
        shadow_since=at(days=days),
        shadows=((at(days=-300), at(days=-200)),),
        reinstated={SHOP: (at(days=reinstated),)},
    )


@pytest.mark.parametrize(
    ("decisions", "moment", "lasts"),
    [
        pytest.param(Decisions(), at(days=7), True, id="shadow: seven days"),
        pytest.param(Decisions(), at(days=7.01), False, id="shadow: more"),
        pytest.param(enforcing(), at(days=7), True, id="enforce: not reinstated"),
        pytest.param(enforcing(), at(days=7.01), False, id="enforce: goes on, so not stopped"),
        pytest.param(enforcing(shop=[at(days=2)]), at(days=2), True, id="enforce: at it"),
        pytest.param(enforcing(shop=[at(days=2)]), at(days=2.01), False, id="enforce: after"),
        pytest.param(enforcing(blog=[at(days=2)]), at(days=3), True, id="enforce: another's"),
        pytest.param(
            disarmed(5, reinstated=2), at(days=3), False, id="disarmed: opened and over before"
        ),
        pytest.param(
            disarmed(5, reinstated=6), at(days=6.5), False, id="disarmed: what stood is reinstated"
        ),
        pytest.param(
            disarmed(-1, reinstated=2), at(days=3), True, id="disarmed: opened in shadow since"
        ),
        pytest.param(armed_after(2), at(days=2), True, id="until armed"),
        pytest.param(armed_after(2), at(days=2.01), False, id="armed: what goes on is new"),
        pytest.param(armed_after(20), at(days=7.01), False, id="armed later: seven days"),
    ],
)
def test_an_incident_lasts(decisions: Decisions, moment: datetime, lasts: bool) -> None:
    incidents = Incidents(decisions=decisions)
    assert not incidents.is_open(SHOP, moment)
    assert incidents.open(SHOP, at()) == 1
    assert incidents.is_open(SHOP, moment) is lasts
    assert not incidents.is_open(BLOG, moment)


def test_incidents_are_numbered_by_domain() -> None:
    incidents = Incidents(decisions=Decisions())
    numbers = [incidents.open(name, at()) for name in (SHOP, BLOG, SHOP)]
    assert numbers == [1, 1, 2]


def test_an_open_incident_hides_its_domain() -> None:
    incidents = Incidents(decisions=Decisions())
    incidents.open(SHOP, at())
    struck = [*on(1), *on(2, domain=BLOG)]
    assert [name for name, _ in slides(struck, DAY, incidents, 1)] == [BLOG]


@given(st.lists(st.integers(0, 200), unique=True, max_size=20), st.data())
def test_the_order_of_strikes_changes_no_window(hours: list[int], data: st.DataObject) -> None:
    struck = on(*hours)
    assert found(struck) == found(data.draw(st.permutations(struck)))
