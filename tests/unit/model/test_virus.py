"""When a virus incident opens and ends, and what it brings."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.history import Decisions, Infection, VirusHistory
from sesauditd.model.verdicts import Rule, Verdict
from sesauditd.model.virus import incidents, judge_virus
from tests.unit.model.builders import BLOG, LIMITS, SHOP, at, enforcing, infection

DISABLE, TERMINATE = Rule.VIRUS_DISABLE, Rule.VIRUS_TERMINATE
OWN = frozenset({SHOP, "kim@home.example"})


def history(infections: Sequence[Infection], decisions: Decisions | None = None) -> VirusHistory:
    return VirusHistory(
        customer="kim",
        infections=tuple(infections),
        decisions=decisions or Decisions(),
        own_addresses=OWN,
    )


def judged(
    infections: Sequence[Infection],
    decisions: Decisions | None = None,
    *,
    confirm: bool = False,
) -> tuple[Verdict, ...]:
    return judge_virus(history(infections, decisions), LIMITS, confirm=confirm)


def rules(verdicts: Sequence[Verdict]) -> list[Rule]:
    return [one.rule for one in verdicts]


def on(*days: float) -> list[Infection]:
    return [infection(at(days=day)) for day in days]


def test_no_reject_is_no_incident() -> None:
    assert judged([]) == ()


def test_one_newsletter_to_forty_people_is_one_incident() -> None:
    forty = [infection(at(minutes=minute)) for minute in range(40)]
    assert rules(judged(forty)) == [DISABLE]


def test_each_further_domain_in_an_incident_is_disabled_too() -> None:
    found = judged([infection(at()), infection(at(hours=1), domain=BLOG)], enforcing())
    assert [(one.rule, one.domain) for one in found] == [(DISABLE, SHOP), (DISABLE, BLOG)]


@pytest.mark.parametrize(
    ("days", "decisions", "count"),
    [
        pytest.param((0, 7), Decisions(), 1, id="shadow: seven days later"),
        pytest.param((0, 7.01), Decisions(), 2, id="shadow: later than that"),
        pytest.param((0, 6, 12), Decisions(), 1, id="shadow: each within seven days of the last"),
        pytest.param((0, 300), enforcing(), 1, id="enforce: never reinstated"),
        pytest.param((0, 21), enforcing(shop=[at(days=5)]), 2, id="enforce: after it"),
        pytest.param((0, 5), enforcing(shop=[at(days=5)]), 1, id="enforce: at it"),
        pytest.param((0, 4), enforcing(shop=[at(days=5)]), 1, id="enforce: mail in flight"),
        pytest.param((0, 8), enforcing(blog=[at(days=5)]), 1, id="enforce: another domain"),
    ],
)
def test_an_incident_ends_by_reinstatement_or_in_shadow_by_quiet(
    days: tuple[float, ...], decisions: Decisions, count: int
) -> None:
    assert len(incidents(history(on(*days), decisions), LIMITS)) == count


def test_an_incident_lasts_until_all_its_domains_are_back() -> None:
    struck = [infection(at()), infection(at(hours=1), domain=BLOG), infection(at(days=9))]
    half = enforcing(shop=[at(days=2)])
    whole = enforcing(shop=[at(days=2)], blog=[at(days=3)])
    assert len(incidents(history(struck, half), LIMITS)) == 1
    assert len(incidents(history(struck, whole), LIMITS)) == 2


def test_an_incident_opened_in_shadow_ends_by_quiet_though_enforcement_came() -> None:
    decisions = armed_after(1)
    assert len(incidents(history(on(0, 9), decisions), LIMITS)) == 2


@pytest.mark.parametrize(
    ("second", "terminated"),
    [(21, True), (365, True), (365.01, False)],
)
def test_a_second_incident_within_a_year_terminates(second: float, terminated: bool) -> None:
    found = judged(on(0, second), enforcing(shop=[at(days=5)]))
    assert rules(found) == [DISABLE, TERMINATE if terminated else DISABLE]


def test_an_automatic_termination_absorbs_the_disables_of_its_incident() -> None:
    found = judged(on(0, 21), enforcing(shop=[at(days=5)]))
    assert [one.incident for one in found] == [f"incident-1-{SHOP}", "incident-2"]


def test_where_the_operator_confirms_the_domain_is_disabled_meanwhile() -> None:
    found = judged(on(0, 21), enforcing(shop=[at(days=5)]), confirm=True)
    assert rules(found) == [DISABLE, TERMINATE, DISABLE]


@pytest.mark.parametrize(
    ("recipients", "waits"),
    [
        pytest.param((f"info@{SHOP}",), True, id="own domain"),
        pytest.param((f"info@{SHOP}", "kim@home.example"), True, id="domain and contact"),
        pytest.param((f"info@{SHOP}", "a@x.example"), False, id="a stranger among them"),
        pytest.param((), False, id="nobody is known"),
    ],
)
def test_a_fed_contact_form_waits_for_the_operator(
    recipients: tuple[str, ...], waits: bool
) -> None:
    struck = [infection(at()), infection(at(days=21), recipients=recipients)]
    found = judged(struck, enforcing(shop=[at(days=5)]))
    termination = next(one for one in found if one.rule is TERMINATE)
    assert bool(termination.waits) is waits
    assert rules(found).count(DISABLE) == (2 if waits else 1)


def test_one_reject_to_a_stranger_in_the_second_incident_is_enough() -> None:
    struck = [
        infection(at()),
        infection(at(days=21), recipients=(f"info@{SHOP}",)),
        infection(at(days=22)),
    ]
    found = judged(struck, enforcing(shop=[at(days=5)]))
    assert [one.waits for one in found if one.rule is TERMINATE] == [None]


REJECTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([SHOP, BLOG])), max_size=8, unique=True
).map(lambda rows: [infection(at(days=day), domain=domain) for day, domain in rows])


@given(REJECTS, st.booleans(), st.data())
def test_the_order_of_rejects_changes_nothing(
    struck: list[Infection], enforced: bool, data: st.DataObject
) -> None:
    decisions = enforcing(shop=[at(days=9), at(days=30)]) if enforced else Decisions()
    shuffled = data.draw(st.permutations(struck))
    assert judged(struck, decisions) == judged(shuffled, decisions)
    assert bool(judged(struck, decisions)) is bool(struck)


def armed_after(days: float, *reinstated: float) -> Decisions:
    end = at(days=days)
    back = tuple(at(days=day) for day in reinstated)
    return Decisions(shadow_since=None, shadows=((at(days=-300), end),), reinstated={SHOP: back})


def test_an_outbreak_that_goes_on_after_shadow_mode_is_stopped_and_no_second_incident() -> None:
    found = judged(on(0, 1, 3), armed_after(2))
    assert [(one.rule, one.window.end) for one in found] == [
        (DISABLE, at()), (DISABLE, at(days=3)),
    ]  # fmt: skip
    assert len({one.key for one in found}) == 2


def test_reinstated_after_that_the_next_reject_is_the_second_incident() -> None:
    found = judged(on(0, 1, 3, 5), armed_after(2, 4))
    assert rules(found) == [DISABLE, DISABLE, TERMINATE]


def test_an_outbreak_that_ended_in_shadow_mode_stops_nobody() -> None:
    assert [one.window.end for one in judged(on(0, 1), armed_after(2))] == [at()]


def test_a_termination_of_shadow_mode_does_not_shield_who_goes_on() -> None:
    found = judged(on(0, 10, 12), armed_after(11))
    assert rules(found) == [DISABLE, TERMINATE, DISABLE, DISABLE]


def test_a_domain_that_joins_an_outbreak_after_shadow_mode_is_stopped_once() -> None:
    found = judged([*on(0), infection(at(days=3), domain=BLOG)], armed_after(2))
    assert [(one.domain, one.window.end) for one in found] == [(SHOP, at()), (BLOG, at(days=3))]
