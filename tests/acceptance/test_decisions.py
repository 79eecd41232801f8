"""What operators decide, what that changes, and what verdicts become when nobody decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import spread, when

if TYPE_CHECKING:
    from tests.support.cli import Cli

ANN = "ann@mail.example"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
NO_DAEMON = 4
STANDS_STILL = {"requested", "proposed", "waiting", "attempted", "done", "executed", "would-be"}


def standing(cli: Cli, recipient: str = ANN) -> list[dict[str, Any]]:
    """Return the blocks of a recipient that nobody lifted."""
    return [
        one
        for one in cli.rows("blocks")
        if one["recipient"] == recipient and one["lifted_at"] is None
    ]


def rules(cli: Cli, at: datetime | None = None) -> list[str]:
    """Return the rules of the verdicts that are no blocks."""
    found = cli.verdicts(at) if at else cli.verdicts()
    return [one["rule"] for one in found if one["recipient"] is None]


def dead(
    domain: str, count: int, reached: int, start: datetime, prefix: str = "old"
) -> list[ses.Event]:
    """Return mail to `reached` recipients, `count` of them closed mailboxes, within 20 hours."""
    everybody = ses.people(reached, prefix)
    times = spread(count, start + HOUR, start + 20 * HOUR)
    return [
        *ses.sends(domain, everybody, start),
        *(
            ses.bounce(domain, one, at, status="5.2.1")
            for one, at in zip(everybody, times, strict=False)
        ),
    ]


def angry(domain: str, count: int, reached: int, monday: datetime) -> list[ses.Event]:
    """Return a week's mail to `reached` recipients of whom `count` complain."""
    everybody = ses.people(reached)
    times = spread(count, monday + DAY, monday + 6 * DAY)
    return [
        *ses.sends(domain, everybody, monday + HOUR),
        *(ses.complaint(domain, one, at) for one, at in zip(everybody, times, strict=False)),
    ]


# Blocks


def test_a_lifted_block_is_set_again_only_by_a_later_event(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = ses.lines([ses.bounce("a.example", ANN, when(1))])
    cli.replay(told)
    assert len(standing(cli)) == 1
    lifted = cli.at(when(3))
    lifted.ok("unblock", ANN, "--domain", "a.example", "--reason", "fixed by phone")
    assert standing(cli) == []
    assert cli.replay(told)["recorded"] == 0
    cli.replay(ses.lines([ses.bounce("a.example", ANN, when(2))]))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert standing(cli) == []
    cli.replay(ses.lines([ses.bounce("a.example", ANN, when(4))]))
    assert len(standing(cli)) == 1


def test_a_lift_does_not_shorten_the_count_of_complaints(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.complaint("a.example", ANN, when(day)) for day in (0, 1, 2)]))
    assert len(standing(cli)) == 1
    cli.at(when(3)).ok("unblock", ANN, "--domain", "a.example", "--reason", "she asked for it")
    assert standing(cli) == []
    cli.replay(ses.lines([ses.complaint("a.example", ANN, when(4))]))
    assert len(standing(cli)) == 1


def test_an_operators_block_waits_for_the_daemon_and_a_lift_takes_it_back(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    ran = cli.run("block", ANN, "--domain", "a.example", "--reason", "asked by phone")
    assert ran.code == NO_DAEMON
    assert "daemon" in ran.err
    (block,) = standing(cli)
    assert (block["customer"], block["until"]) == ("k", None)
    assert [one["state"] for one in cli.rows("actions")] == ["requested"]
    assert cli.run("unblock", ANN, "--domain", "a.example", "--reason", "no more").code in {0, 4}
    assert standing(cli) == []


def test_a_block_is_one_customers_and_survives_anothers_lift(cli: Cli) -> None:
    cli.adopt("a.example", "one")
    cli.adopt("b.example", "two")
    cli.replay(ses.lines([ses.bounce(name, ANN, when(1)) for name in ("a.example", "b.example")]))
    cli.ok("unblock", ANN, "--domain", "b.example", "--reason", "fixed")
    assert [one["customer"] for one in standing(cli)] == ["one"]


def test_an_unblock_knows_the_address_in_any_spelling(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.bounce("a.example", "Ann@Mail.example", when(1))]))
    cli.ok("unblock", "ANN@mail.EXAMPLE", "--domain", "A.example", "--reason", "fixed")
    assert standing(cli) == []


# Domains and customers


def test_disable_and_reinstate_are_kept_and_shown(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    assert cli.run("disable", "a.example", "--reason", "hacked").code == NO_DAEMON
    (domain,) = cli.rows("domains")
    assert "disable" in str(domain["state"])
    assert cli.run("reinstate", "a.example", "--explanation", "cleaned").code in {0, NO_DAEMON}
    (domain,) = cli.rows("domains")
    assert "disable" not in str(domain["state"])


def test_terminate_and_restore_are_kept_and_shown(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "k")
    assert cli.run("terminate", "k", "--reason", "spam").code == NO_DAEMON
    assert all("terminat" in str(one["state"]) for one in cli.rows("domains"))
    assert cli.run("restore", "k", "--explanation", "mistake").code in {0, NO_DAEMON}
    assert not any("terminat" in str(one["state"]) for one in cli.rows("domains"))


def test_a_reinstatement_cuts_the_week(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 100, 200, when(0))))
    assert rules(cli, when(1)) == ["hard_bounce.surge"]
    cli.at(when(2, 12)).ok("reinstate", "a.example", "--explanation", "list cleaned")
    cli.replay(ses.lines(dead("a.example", 7, 60, when(3), "new")))
    assert rules(cli) == ["hard_bounce.surge"]
    cli.replay(ses.lines(dead("a.example", 8, 60, when(4), "newer")))
    found = [one for one in cli.verdicts() if one["lane"] == "weekly"]
    # 15 of 120 have a bound of 8.3 %.
    assert [one["rule"] for one in found] == ["hard_bounce.disable"]
    assert found[0]["window"]["start"].startswith("2026-11-18T12:00")
    assert found[0]["window"]["end"] == "2026-11-23T00:00:00Z"


def test_a_reinstatement_cuts_the_sliding_day(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 100, 200, when(1))))
    cli.at(when(1, 22)).ok("reinstate", "a.example", "--explanation", "list cleaned")
    times = spread(60, when(1, 22, 10), when(1, 23))
    more = [
        ses.bounce("a.example", one, at, status="5.2.1")
        for one, at in zip(ses.people(60, "new"), times, strict=True)
    ]
    cli.replay(ses.lines(more))
    surges = [one for one in cli.verdicts() if one["rule"] == "hard_bounce.surge"]
    assert len(surges) == 1
    far = ses.people(40, "newer")
    cli.replay(ses.lines([ses.bounce("a.example", one, when(2, 2), status="5.2.1") for one in far]))
    surges = [one for one in cli.verdicts() if one["rule"] == "hard_bounce.surge"]
    assert len(surges) == 2


@pytest.mark.parametrize(
    ("reinstated", "expected"),
    [
        pytest.param(when(-76), "complaint.terminate", id="within 90 days"),
        pytest.param(when(-95), "complaint.disable", id="after 90 days"),
        pytest.param(None, "complaint.disable", id="never"),
    ],
)
def test_a_second_complaint_disable_soon_after_the_reinstatement_terminates(
    cli: Cli, reinstated: datetime | None, expected: str
) -> None:
    cli.adopt("a.example", "k")
    first = when(-98 if reinstated is None or reinstated < when(-90) else -84)
    cli.replay(ses.lines(angry("a.example", 5, 400, first - WEEK)))
    monday = first + 3 * HOUR
    cli.at(monday).ok("enforce", "--as-of", monday.isoformat())
    if reinstated is not None:
        cli.at(reinstated).ok("reinstate", "a.example", "--explanation", "asked them all")
    cli.replay(ses.lines(angry("a.example", 5, 400, when())))
    assert rules(cli) == [expected]


def test_a_restored_customer_starts_anew(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(angry("a.example", 15, 400, when(-7))))
    monday = when(0, 3)
    (verdict,) = cli.at(monday).verdicts(monday, dry=False)
    assert verdict["action"] == "terminate_customer"
    cli.at(when(3)).ok("restore", "k", "--explanation", "list bought by an agency")
    early = [ses.complaint("a.example", one, when(2)) for one in ses.people(4, "early")]
    late = [ses.complaint("a.example", one, when(4)) for one in ses.people(2, "late")]
    cli.replay(ses.lines([*ses.sends("a.example", ses.people(300), when(4)), *early, *late]))
    assert rules(cli) == []


# Modes


def test_in_shadow_mode_verdicts_are_shown_and_nothing_is_asked(cli: Cli) -> None:
    cli.configure(mode="shadow")
    cli.adopt("a.example", "k")
    told = [ses.reject("a.example", ANN, when(1)), ses.bounce("a.example", ANN, when(2))]
    cli.replay(ses.lines([*told, *dead("a.example", 15, 60, when(3))]))
    assert {one["state"] for one in cli.verdicts(dry=False)} == {"shadow"}
    assert {one["rule"] for one in cli.verdicts()} == {
        "hard_bounce.block",
        "hard_bounce.disable",
        "virus.disable",
    }
    assert not {one["state"] for one in cli.rows("actions")} & STANDS_STILL
    assert cli.rows("domains")[0]["state"] != "disabled"


def test_in_off_mode_nothing_is_judged_and_events_are_kept(cli: Cli) -> None:
    cli.configure(mode="off")
    cli.adopt("a.example", "k")
    counts = cli.replay(ses.lines([ses.reject("a.example", ANN, when(1))]))
    assert counts["recorded"] == 1
    assert cli.verdicts(dry=False) == []
    assert cli.rows("actions") == []


def test_a_customer_may_have_a_mode_of_its_own(cli: Cli) -> None:
    customers = '[policy.customers.tried]\nmode = "enforce"\n[policy.customers.not]\nmode = "off"'
    cli.configure(mode="shadow", rest=customers)
    for domain, customer in (("a.example", "tried"), ("b.example", "rest"), ("c.example", "not")):
        cli.adopt(domain, customer)
        cli.replay(ses.lines([ses.reject(domain, ANN, when(1))]))
    states = {one["customer"]: one["state"] for one in cli.verdicts()}
    assert set(states) == {"tried", "rest"}
    assert states["rest"] == "shadow"
    assert states["tried"] in STANDS_STILL


def test_arming_a_customer_enforces_what_comes_after(cli: Cli) -> None:
    cli.configure(mode="shadow")
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "other")
    cli.replay(ses.lines([ses.reject("a.example", ANN, when(1))]))
    refused = cli.run("arm", "k", answer="n\n")
    assert refused.code == 1
    assert "virus.disable" in refused.out
    cli.at(when(2)).ok("arm", "k", answer="y\n")
    told = [ses.bounce(name, ANN, when(3)) for name in ("a.example", "b.example")]
    cli.replay(ses.lines(told))
    states = {
        one["customer"]: one["state"]
        for one in cli.verdicts()
        if one["rule"] == "hard_bounce.block"
    }
    assert states["other"] == "shadow"
    assert states["k"] in STANDS_STILL


def test_arming_all_enforces_for_everybody(cli: Cli) -> None:
    cli.configure(mode="shadow")
    cli.adopt("a.example", "k")
    cli.at(when(2)).ok("arm", "--yes")
    cli.replay(ses.lines([ses.bounce("a.example", ANN, when(3))]))
    assert [one["state"] for one in cli.verdicts()] != ["shadow"]


def test_a_termination_waits_if_it_must_be_confirmed(cli: Cli) -> None:
    rest = '[policy.customers.trusted]\ntermination = "automatic"'
    cli.configure(policy='termination = "confirm"', rest=rest)
    for domain, customer in (("a.example", "k"), ("b.example", "trusted")):
        cli.adopt(domain, customer)
        cli.replay(ses.lines(angry(domain, 15, 400, when())))
    states = {one["customer"]: (one["rule"], one["state"]) for one in cli.verdicts(dry=False)}
    assert states["k"] == ("complaint.terminate", "waiting")
    assert states["trusted"][0] == "complaint.terminate"
    assert states["trusted"][1] != "waiting"


def test_an_approved_termination_goes_ahead(cli: Cli) -> None:
    cli.configure(policy='termination = "confirm"')
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(angry("a.example", 15, 400, when())))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    (action,) = [one for one in cli.rows("actions") if one["state"] == "waiting"]
    assert action["action"] == "terminate_customer"
    assert cli.run("actions", "approve", action["id"]).code == NO_DAEMON
    states = {one["action"]: one["state"] for one in cli.verdicts()}
    # While the termination waited, the week's disable stood beside it.
    assert states == {"terminate_customer": "requested", "disable_domain": "requested"}
    assert cli.run("actions", "approve", action["id"]).code in {0, 1, 2, 4}
    assert len(cli.rows("actions")) == 2


# Blast radius


def crowd(cli: Cli, count: int) -> list[str]:
    """Register so many customers with a domain each; return the domains."""
    domains = [f"d{number}.example" for number in range(count)]
    cli.adopt_all([(name, f"c{number}") for number, name in enumerate(domains)])
    return domains


def on_its_own(found: Sequence[dict[str, Any]]) -> int:
    """Return how many disables and terminations do not wait for an operator."""
    hard = {"disable_domain", "terminate_customer"}
    return sum(one["action"] in hard and one["state"] != "waiting" for one in found)


@pytest.mark.parametrize(
    ("customers", "guilty", "most"), [(30, 27, 3), (100, 12, 5)], ids=["three", "five percent"]
)
def test_a_weekly_run_goes_only_so_far_on_its_own(
    cli: Cli, customers: int, guilty: int, most: int
) -> None:
    domains = crowd(cli, customers)
    told = [one for name in domains[:guilty] for one in dead(name, 15, 50, when(1))]
    cli.replay(ses.lines(told))
    for found in (cli.verdicts(), cli.verdicts(dry=False), cli.verdicts()):
        disables = [one for one in found if one["action"] == "disable_domain"]
        assert len(disables) == guilty
        assert on_its_own(found) == most
        blocks = [one for one in found if one["action"] == "block_recipient"]
        assert len(blocks) == 15 * guilty
        assert {one["state"] for one in blocks} & {"waiting"} == set()


def test_a_day_of_the_fast_lane_goes_only_so_far_on_its_own(cli: Cli) -> None:
    domains = crowd(cli, 30)
    flood = [
        ses.reject(name, ANN, when(1) + number * 30 * timedelta(minutes=1))
        for number, name in enumerate(domains[:27])
    ]
    cli.replay(ses.lines(flood))
    found = cli.verdicts()
    assert len(found) == 27
    assert on_its_own(found) <= 3


def test_what_waits_is_listed_and_goes_ahead_when_approved(cli: Cli) -> None:
    domains = crowd(cli, 30)
    told = [one for name in domains[:6] for one in dead(name, 15, 50, when(1))]
    cli.replay(ses.lines(told))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    waiting = [one for one in cli.rows("actions") if one["state"] == "waiting"]
    assert len(waiting) == 3
    ran = cli.run("actions", "approve", waiting[0]["id"])
    assert ran.code == NO_DAEMON
    assert on_its_own(cli.verdicts()) == 4


def test_a_proposed_action_of_a_replay_goes_ahead_only_when_approved(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.reject("a.example", ANN, when(1))]))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    (action,) = cli.rows("actions")
    assert action["state"] == "proposed"
    assert cli.run("actions", "approve", action["id"]).code == NO_DAEMON
    (action,) = cli.rows("actions")
    assert action["state"] == "requested"


def test_evidence_over_four_weeks_old_is_only_proposed(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 15, 50, when(1))))
    later = cli.at(when(60))
    (verdict,) = [one for one in later.verdicts(dry=False) if one["lane"] == "weekly"]
    assert verdict["state"] == "proposed"


# Withdrawal, repetition, late events


def test_a_late_send_withdraws_a_weekly_verdict(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 13, 100, when(1))))
    assert "hard_bounce.disable" in [one["rule"] for one in cli.verdicts(dry=False)]
    more = ses.sends("a.example", ses.people(400, "late"), when(1, 5))
    cli.at(when(8)).replay(ses.lines(more))
    cli.at(when(9)).ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == []
    (gone,) = [one for one in cli.verdicts(when(7, 3), "--all") if one["recipient"] is None]
    assert (gone["rule"], gone["state"]) == ("hard_bounce.disable", "withdrawn")
    assert cli.rows("domains")[0]["state"] not in {"disabled", "disable requested"}


def test_a_late_send_lowers_a_disable_to_a_warning(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 13, 100, when(1))))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    cli.replay(ses.lines(ses.sends("a.example", ses.people(60, "late"), when(1, 5))))
    cli.at(when(9)).ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == ["hard_bounce.warn"]


def test_a_late_send_withdraws_a_surge(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 100, 200, when(1))))
    assert "hard_bounce.surge" in rules(cli)
    cli.replay(ses.lines(ses.sends("a.example", ses.people(12000, "late"), when(1, 0, 30))))
    assert "hard_bounce.surge" not in rules(cli)
    everything = [one for one in cli.verdicts(when(7, 3), "--all") if one["recipient"] is None]
    assert ("hard_bounce.surge", "withdrawn") in [(one["rule"], one["state"]) for one in everything]


def test_a_late_delivery_withdraws_a_soft_block_and_leaves_no_strike(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    first = [when(-40 + day, 9) for day in range(5)]
    cli.replay(ses.lines([ses.soft("a.example", ANN, at) for at in first]))
    (verdict,) = cli.verdicts(when(-34))
    assert verdict["rule"] == "soft_bounce.block"
    cli.replay(ses.lines([ses.delivery("a.example", ANN, first[2] + HOUR)]))
    assert cli.verdicts(when(-34)) == []
    (gone,) = cli.verdicts(when(-34), "--all")
    assert gone["state"] == "withdrawn"
    assert standing(cli) == []
    cli.replay(ses.lines([ses.soft("a.example", ANN, when(day, 9)) for day in range(5)]))
    (again,) = cli.verdicts()
    assert again["evidence"]["until"] == "2026-12-20T09:00:00Z"
    assert len(standing(cli)) == 1


def test_a_streak_that_grows_again_after_a_withdrawal_blocks_again(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.soft("a.example", ANN, when(day, 9)) for day in range(5)]))
    cli.replay(ses.lines([ses.delivery("a.example", ANN, when(1, 10))]))
    assert standing(cli) == []
    cli.replay(ses.lines([ses.soft("a.example", ANN, when(5, hour)) for hour in (1, 2)]))
    assert [one["rule"] for one in cli.verdicts()] == ["soft_bounce.block"]
    assert len(standing(cli)) == 1


def test_a_withdrawn_warning_takes_its_consequence_with_it(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [
        one for week in range(3) for one in dead("a.example", 8, 50, when(1 - 7 * week), f"w{week}")
    ]
    cli.replay(ses.lines(told))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == ["hard_bounce.disable"]
    more = ses.sends("a.example", ses.people(400, "late"), when(-13))
    cli.at(when(8)).replay(ses.lines(more))
    cli.at(when(9)).ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli, when(-7, 3)) == []
    assert rules(cli) == ["hard_bounce.warn"]


def test_a_late_warning_may_be_the_third_of_a_later_week(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [
        one for week in range(2) for one in dead("a.example", 8, 50, when(1 - 7 * week), f"w{week}")
    ]
    cli.replay(ses.lines(told))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == ["hard_bounce.warn"]
    cli.at(when(8)).replay(ses.lines(dead("a.example", 8, 50, when(-13), "w2")))
    cli.at(when(9)).ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == ["hard_bounce.disable"]


def test_a_late_fast_disable_withdraws_the_weeks_warning(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 8, 50, when(1))))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    cli.at(when(8)).replay(ses.lines([ses.reject("a.example", ANN, when(3))]))
    cli.at(when(9)).ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == ["virus.disable"]


def test_a_reinstatement_from_something_else_is_no_earlier_offence(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.reject("a.example", ANN, when(-20))]))
    cli.at(when(-18)).ok("reinstate", "a.example", "--explanation", "laptop cleaned")
    cli.replay(ses.lines(angry("a.example", 5, 400, when())))
    assert rules(cli) == ["complaint.disable"]


def test_a_surge_of_complaints_counts_as_the_earlier_offence(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    everybody = ses.people(9000)
    flood = [ses.complaint("a.example", one, when(-20, 12)) for one in everybody[:25]]
    cli.replay(ses.lines([*ses.sends("a.example", everybody, when(-20, 10)), *flood]))
    assert rules(cli, when(-19)) == ["complaint.surge"]
    cli.at(when(-18)).ok("reinstate", "a.example", "--explanation", "asked them all")
    cli.replay(ses.lines(angry("a.example", 5, 400, when())))
    assert rules(cli) == ["complaint.terminate"]


def test_that_a_customer_is_new_counts_also_when_it_is_told_late(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    hit = [ses.bounce("a.example", one, when(2), status="5.2.1") for one in ses.people(25)]
    cli.replay(ses.lines(hit))
    cli.adopt("a.example", "k", "--since", "2026-11-01")
    assert "hard_bounce.surge" in rules(cli)


def test_an_armed_program_says_so_wherever_it_is_asked(cli: Cli) -> None:
    cli.configure(mode="shadow")
    cli.adopt("a.example", "k")
    cli.ok("arm", "--yes")
    modes = {
        cli.run("status", "--json").document["mode"],
        cli.run("enforce", "--dry-run", "--json").document["mode"],
    }
    assert modes == {"enforce"}


def test_the_same_decision_twice_is_one_action(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    for _ in range(2):
        cli.ok("block", ANN, "--domain", "a.example", "--reason", "asked by phone")
        cli.ok("disable", "a.example", "--reason", "hacked")
        cli.ok("terminate", "k", "--reason", "spam")
    kinds = sorted(one["action"] for one in cli.rows("actions"))
    assert kinds == ["block_recipient", "disable_domain", "terminate_customer"]
    assert len(standing(cli)) == 1


def test_an_address_of_the_customers_own_is_never_denied(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    own = ("info@a.example", "owner@k-home.example")
    told = [ses.complaint("a.example", one, when(day)) for one in own for day in (1, 2, 3)]
    cli.replay(ses.lines(told))
    assert "iam_deny" not in [one["lever"] for one in cli.rows("blocks")]


def test_a_late_bounce_reopens_its_week(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 7, 50, when(1))))
    cli.ok("enforce", "--as-of", "2026-11-23T03:00:00Z")
    assert rules(cli) == []
    cli.at(when(8)).replay(
        ses.lines([ses.bounce("a.example", "late@mail.example", when(2), status="5.2.1")])
    )
    cli.at(when(14, 3)).ok("enforce", "--as-of", "2026-11-30T03:00:00Z")
    assert rules(cli) == ["hard_bounce.warn"]


def test_nothing_is_done_twice_however_often_it_is_run(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = ses.lines([*dead("a.example", 15, 60, when(1)), ses.reject("a.example", ANN, when(3))])
    cli.replay(told)
    first = cli.verdicts(dry=False)
    actions = sorted(one["id"] for one in cli.rows("actions"))
    for _ in range(2):
        assert cli.replay(told)["duplicates"] == len(told)
        assert cli.verdicts(dry=False) == first
    assert sorted(one["id"] for one in cli.rows("actions")) == actions
    assert len(cli.rows("cases")) == len({one["id"] for one in cli.rows("cases")})


def test_a_dry_run_keeps_nothing(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines(dead("a.example", 15, 60, when(1))))
    before = cli.rows("actions"), cli.rows("cases"), cli.run("status", "--json").document
    assert "hard_bounce.disable" in rules(cli)
    assert (cli.rows("actions"), cli.rows("cases"), cli.run("status", "--json").document) == before


# The strongest wins


def test_a_termination_absorbs_the_weeks_disables_and_warnings(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "k")
    cli.adopt("c.example", "k")
    told = [
        *angry("a.example", 15, 400, when()),
        *dead("b.example", 20, 90, when(1)),
        *dead("c.example", 9, 90, when(2), "other"),
    ]
    cli.replay(ses.lines(told))
    assert rules(cli) == ["complaint.terminate"]


def test_among_equals_every_rule_is_recorded_and_the_action_asked_once(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [*angry("a.example", 6, 40, when()), *dead("a.example", 16, 40, when(1), "gone")]
    cli.replay(ses.lines(told))
    found = [one["rule"] for one in cli.verdicts(dry=False) if one["recipient"] is None]
    assert sorted(found) == ["complaint.disable", "hard_bounce.disable"]
    asked = [one for one in cli.rows("actions") if one["action"] == "disable_domain"]
    assert len(asked) == 1


def test_a_disable_hides_the_warning_of_the_same_domain_only(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.adopt("b.example", "l")
    told = [
        *angry("a.example", 3, 40, when()),
        *dead("a.example", 16, 40, when(1), "gone"),
        *angry("b.example", 3, 90, when()),
    ]
    cli.replay(ses.lines(told))
    assert sorted(rules(cli)) == ["complaint.warn", "hard_bounce.disable"]


def test_no_warning_for_a_domain_that_is_off_already_that_week(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [*dead("a.example", 9, 90, when(1)), ses.reject("a.example", ANN, when(3))]
    cli.replay(ses.lines(told))
    assert rules(cli) == ["virus.disable"]


def test_a_weekly_disable_stands_beside_a_fast_one(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [*dead("a.example", 20, 90, when(1)), ses.reject("a.example", ANN, when(3))]
    cli.replay(ses.lines(told))
    assert sorted(rules(cli)) == ["hard_bounce.disable", "virus.disable"]
