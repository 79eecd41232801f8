"""A rule's lane can be changed in the policy file: it says when the rule is judged, not what of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import feedback as ses
from tests.support.running import Running, running

if TYPE_CHECKING:
    from pathlib import Path

WEEKLY_BLOCKS = """
[hard_bounce.block]
lane = "weekly"
[virus.disable]
lane = "weekly"
[virus.terminate]
lane = "weekly"
"""
FAST_DISABLE = """
[complaint.disable]
lane = "fast"
"""


def policy(folder: Path, text: str) -> str:
    """Write a policy file and return the settings that name it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lanes.toml"
    path.write_text(text)
    return f'mode = "enforce"\nfile = "{path}"'


async def test_fast_rules_that_were_moved_wait_for_monday(tmp_path: Path) -> None:
    async with running(tmp_path / "p", policy(tmp_path, WEEKLY_BLOCKS)) as program:
        await program.adopt()
        await program.feed(
            [ses.bounce("p@x.example", ses.at(1)), ses.reject("q@x.example", ses.at(2))]
        )
        assert await program.states() == {}
        await program.application.enforce(ses.at(7, 3))
        documents = await program.application.verdict_documents()
        lanes = {one["rule"]: one["lane"] for one in documents}
        assert lanes == {"hard_bounce.block": "weekly", "virus.disable": "weekly"}


async def test_a_weekly_rule_that_was_moved_is_judged_at_once(tmp_path: Path) -> None:
    async with running(tmp_path / "p", policy(tmp_path, FAST_DISABLE)) as program:
        await program.adopt()
        await program.feed([ses.send(f"p{n}@x.example", ses.at(1)) for n in range(100)])
        await program.feed([ses.complaint(f"p{n}@x.example", ses.at(2)) for n in range(5)])
        documents = await program.application.verdict_documents()
        assert [(one["rule"], one["lane"]) for one in documents] == [("complaint.disable", "fast")]
        window = documents[0]["window"]
        assert window == {"start": "2026-11-16T00:00:00Z", "end": "2026-11-18T10:00:00Z"}


async def test_a_customer_may_have_limits_and_a_mode_of_its_own(tmp_path: Path) -> None:
    own = (
        'mode = "shadow"\n[policy.customers.k]\nmode = "enforce"\n'
        "[policy.customers.k.rules.complaint.block]\ncomplaints = 1"
    )
    async with running(tmp_path, own) as program:
        await program.adopt("a.example", "k")
        await program.adopt("b.example", "other")
        await program.feed([ses.complaint("p@x.example", ses.at(1))])
        await program.feed([ses.bounce("p@x.example", ses.at(1), domain="b.example")])
        assert await program.states() == {
            "complaint.block": "requested",
            "hard_bounce.block": "shadow",
        }


async def test_what_was_stopped_in_a_week_stays_judged_after_its_reinstatement(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "p", policy(tmp_path, FAST_DISABLE)) as program:
        await program.adopt()
        await program.feed([ses.complaint(f"p{n}@x.example", ses.at(1)) for n in range(5)])
        program.now[0] = ses.at(2)
        await program.application.reinstate("a.example", "they were asked again")
        program.now[0] = ses.at(5)
        await program.feed([ses.complaint("late@x.example", ses.at(3))])
        assert await rules(program) == ["complaint.disable"]
        await program.feed([ses.complaint(f"q{n}@x.example", ses.at(4)) for n in range(4)])
        assert await rules(program) == ["complaint.disable"] * 2


async def rules(program: Running) -> list[object]:
    """Return the rules of the verdicts that stand, but for blocks."""
    documents = await program.application.verdict_documents()
    return [one["rule"] for one in documents if one["action"] != "block_recipient"]


SLOW_SURGE = """
[hard_bounce.surge]
within_hours = 240
"""


async def test_a_window_of_ten_days_is_looked_at_whole(tmp_path: Path) -> None:
    async with running(tmp_path / "p", policy(tmp_path, SLOW_SURGE)) as program:
        await program.adopt()
        for day in range(9):
            gone = [f"p{day}x{n}@x{n}.example" for n in range(12)]
            await program.feed([ses.bounce(who, ses.at(day - 2, 10)) for who in gone])
        assert "hard_bounce.surge" in await rules(program)
