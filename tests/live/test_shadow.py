"""Shadow mode: the same mail, the same verdicts, and nothing is changed at AWS."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.bootstrap import now
from tests.support.daemons import TAKEN, VIRUS, stage
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
CARL, SUE = "carl@people.example", "sue@people.example"
LIMITS = """
[policy.customers.shop.rules.hard_bounce]
warn.small_count = 2
disable.small_count = 3
"""
"""A small shop for a quick test: three dead addresses in a week instead of fifteen."""
RULES = {
    "hard_bounce.block": 3,
    "hard_bounce.disable": 1,
    "complaint.block": 1,
    "soft_bounce.block": 1,
    "virus.disable": 1,
}


def last_wednesday() -> datetime:
    """Return the morning of the Wednesday in the ISO week before this one."""
    today = now()
    monday = datetime.combine(today.date(), time(9), today.tzinfo) - timedelta(today.weekday())
    return monday - timedelta(days=5)


def fed(live: Stage, begins_at: datetime) -> None:
    """Send a bad week's mail before anybody listens, so that no decision changes it."""
    live.mailboxes(
        {"address": "*@gone.example", "answer": "hard"},
        {"address": CARL, "answer": "complain", "after": "1m"},
        {"address": SUE, "answer": "soft", "after": "1m"},
    )
    for step in range(5):
        moment = begins_at + timedelta(minutes=10 * step)
        live.ask("POST", "clock", {"now": moment.isoformat()})
        to_shop = [SUE, *([f"p{step}@gone.example"] if step < 3 else [])]
        to_club = [f"p{step}@good.example", *([CARL] if step < 3 else [])]
        assert live.mail(SHOP, *to_shop) == TAKEN
        assert live.mail(CLUB, *to_club) == TAKEN
    assert live.mail(CLUB, "p@good.example", attachment=VIRUS) == TAKEN
    live.ask("POST", "clock", {"now": (begins_at + timedelta(hours=2)).isoformat()})
    live.ask("POST", "clock", {})
    live.tell()
    live.forget_calls()
    # What is acknowledged is recorded. Counts of events go past any number that one waits for:
    # those of the daemon's own notices come too, and two receivers may get one message.
    live.daemon().until(lambda: live.queue_depths() == (0, 0), "all events")
    live.done("enforce")


def verdicts(program: Program) -> list[tuple[Any, ...]]:
    """Return what a dry run lists, without what became of it."""
    keys = ("rule", "lane", "action", "customer", "domain", "recipient", "window", "reason")
    listed = program.run("enforce", "--dry-run", "--json").json["verdicts"]
    return sorted(tuple(str(one[key]) for key in keys) for one in listed)


def replayed(live: Stage, folder: Path, domains: dict[str, str]) -> list[tuple[Any, ...]]:
    """Return the verdicts of an empty database into which the archive is read."""
    program = Program.made(folder, f'mode = "enforce"\n{LIMITS}')
    for domain, customer in domains.items():
        program.adopt(domain, customer, "--iam-user", domain, "--since", "2020-01-01")
    for number, line in enumerate(live.archived()):
        (folder / f"{number:03d}.jsonl").write_text(json.dumps(line))
    assert program.run("replay", *map(str, sorted(folder.glob("*.jsonl")))).code == 0
    return verdicts(program)


def test_shadow_mode_lists_what_enforcing_does_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domains, begins_at = {SHOP: "shop", CLUB: "club"}, last_wednesday()

    with stage(tmp_path / "s", monkeypatch, domains, f'mode = "shadow"\n{LIMITS}') as shadow:
        before = shadow.state()
        fed(shadow, begins_at)
        would_be = verdicts(shadow.program)
        assert set(shadow.actions().values()) == {"shadow"}
        assert shadow.writes() == []
        assert shadow.state()["iam"] == before["iam"]
        assert shadow.mail(CLUB, "p@good.example") == TAKEN
    with stage(tmp_path / "e", monkeypatch, domains, f'mode = "enforce"\n{LIMITS}') as enforcing:
        fed(enforcing, begins_at)
        done = verdicts(enforcing.program)
        stopped = [f"disable_domain {one}" for one in (SHOP, CLUB)]
        enforcing.daemons[-1].until(
            lambda: [enforcing.actions().get(one) for one in stopped] == ["done", "done"],
            "both domains to be stopped",
        )
        assert len(enforcing.writes()) >= 4
        assert enforcing.mail(CLUB, "p@good.example") == 554

        again = replayed(enforcing, tmp_path / "r", domains)

    assert would_be == done == again
    assert {rule: [one[0] for one in done].count(rule) for rule in RULES} == RULES


def test_after_arming_new_verdicts_are_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(tmp_path / "s", monkeypatch, {CLUB: "club"}, 'mode = "shadow"') as live:
        live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
        assert live.mail(CLUB, "p1@gone.example") == TAKEN
        live.tell()
        daemon = live.daemon()
        first, second = (f"block_recipient p{number}@gone.example" for number in (1, 2))
        daemon.until(lambda: live.actions() == {first: "shadow"}, "the shadow of a block")

        live.done("arm", "--yes")
        assert live.mail(CLUB, "p2@gone.example") == TAKEN
        live.tell()
        daemon.until(lambda: live.actions().get(second) == "done", "a block")

        assert live.actions()[first] == "shadow", "what was judged before is left alone"
        assert live.mail(CLUB, "p1@gone.example") == TAKEN
        assert live.mail(CLUB, "p2@gone.example") == 554
