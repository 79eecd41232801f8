"""What operators decide is journaled, acted on, and known to the judge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Failed, Refused
from sesauditd.store import journal, tables
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with one customer."""
    async with running(tmp_path) as one:
        await one.adopt()
        yield one


async def decide(program: Running, name: str, *given: Any, **named: Any) -> Any:
    """Take one decision in a transaction of its own."""
    async with program.application.deciding("operator:test") as decisions:
        return await getattr(decisions, name)(*given, **named)


async def finish(program: Running) -> None:
    """Do as the executor will: carry out everything that is requested."""
    async with program.application.database.write() as connection:
        requested = tables.actions.c.state == "requested"
        await connection.execute(tables.actions.update().where(requested).values(state="done"))


async def kinds(program: Running) -> list[tuple[str, str]]:
    """Return (kind, state) of every action, sorted."""
    return sorted((row[1], row[7]) for row in await program.rows(tables.actions))


async def test_a_lifted_block_is_set_again_only_by_a_later_event(program: Running) -> None:
    await program.feed([ses.bounce("p@x.example", ses.at(1))])
    await finish(program)
    lifted = await decide(program, "unblock", "p@x.example", "a.example", "mailbox is back")
    assert len(lifted.requested) == 1
    await program.feed([ses.bounce("p@x.example", ses.at(2))])
    assert await kinds(program) == [
        ("block_recipient", "reversed"),
        ("unblock_recipient", "requested"),
    ]
    program.now[0] = NOW + timedelta(hours=2)
    await program.feed([ses.bounce("p@x.example", NOW + timedelta(hours=1))])
    assert ("block_recipient", "requested") in await kinds(program)


async def test_unblocking_what_is_not_blocked_fails(program: Running) -> None:
    with pytest.raises(Failed, match="is not blocked"):
        await decide(program, "unblock", "p@x.example", "a.example", "why")


async def test_a_block_by_hand_stands_in_the_table(program: Running) -> None:
    await decide(program, "block", "p@x.example", "a.example", "asked for it")
    (block,) = await program.rows(tables.blocks)
    assert "operator" in block
    assert "p@x.example" in block


async def test_a_reinstatement_cancels_what_has_not_begun_and_asks_all_the_same(
    program: Running,
) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(6))])
    decided = await decide(program, "reinstate", "a.example", "laptop cleaned")
    assert len(decided.cancelled) == 1
    assert await kinds(program) == [
        ("disable_domain", "cancelled"),
        ("reinstate_domain", "requested"),
    ]
    again = await decide(program, "reinstate", "a.example", "laptop cleaned")
    assert again.requested == decided.requested
    assert len(await kinds(program)) == 2
    (case,) = await program.rows(tables.cases)
    assert "laptop cleaned" in case
    assert "reinstated" in case


async def test_a_reinstatement_reverses_what_was_done(program: Running) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(6))])
    await finish(program)
    await decide(program, "reinstate", "a.example", "laptop cleaned")
    assert await kinds(program) == [
        ("disable_domain", "reversed"),
        ("reinstate_domain", "requested"),
    ]


async def test_a_second_incident_after_the_reinstatement_terminates(program: Running) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(6))])
    await decide(program, "reinstate", "a.example", "laptop cleaned")
    program.now[0] = NOW + timedelta(days=21)
    await program.feed([ses.reject("p@x.example", NOW + timedelta(days=20))])
    states = await program.states()
    assert states["virus.terminate"] == "requested"


async def test_a_fed_contact_form_waits_for_the_operator(program: Running) -> None:
    await program.feed([ses.reject("owner@k-home.example", ses.at(6))])
    await decide(program, "reinstate", "a.example", "captcha added")
    program.now[0] = NOW + timedelta(days=21)
    await program.feed([ses.reject("owner@k-home.example", NOW + timedelta(days=20))])
    assert (await program.states())["virus.terminate"] == "waiting"
    assert (await program.states())["virus.disable"] == "requested"


async def test_terminate_and_restore_are_each_others_reverse(program: Running) -> None:
    await decide(program, "terminate", "k", "contract ended")
    await finish(program)
    await decide(program, "restore", "k", "misunderstanding")
    assert await kinds(program) == [
        ("restore_customer", "requested"),
        ("terminate_customer", "reversed"),
    ]


async def test_a_disable_by_hand_is_requested_and_a_case(program: Running) -> None:
    decided = await decide(program, "disable", "a.example", "site was hacked")
    assert len(decided.requested) == 1
    (case,) = await program.rows(tables.cases)
    assert "operator" in case


async def test_an_approved_action_goes_ahead(program: Running) -> None:
    await program.feed([ses.bounce("p@x.example", ses.at(1))], proposed=True)
    ((name, *_),) = await program.rows(tables.actions)
    await decide(program, "approve", name)
    assert await kinds(program) == [("block_recipient", "requested")]
    with pytest.raises(Failed, match="only waiting and proposed"):
        await decide(program, "approve", name)
    with pytest.raises(Refused, match="no action"):
        await decide(program, "approve", "nonsense")


async def test_arming_turns_shadow_into_enforcement(tmp_path: Path) -> None:
    async with running(tmp_path / "shadow", 'mode = "shadow"') as program:
        await program.adopt()
        await program.feed([ses.bounce("p@x.example", ses.at(1))])
        await decide(program, "arm", "k", armed=True)
        await program.feed([ses.bounce("q@x.example", ses.at(1))])
        await decide(program, "arm", None, armed=False)
        await program.feed([ses.bounce("r@x.example", ses.at(1))])
        states = sorted((row[4], row[7]) for row in await program.rows(tables.actions))
        assert states == [
            ("p@x.example", "shadow"),
            ("q@x.example", "proposed"),
            ("r@x.example", "shadow"),
        ]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("block", ("p@x.example", "unknown.example", "why")),
        ("disable", ("unknown.example", "why")),
        ("reinstate", ("unknown.example", "why")),
        ("terminate", ("nobody", "why")),
        ("restore", ("nobody", "why")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_nobody_and_nothing_are_refused(
    program: Running, name: str, given: tuple[str, ...]
) -> None:
    with pytest.raises(Refused):
        await decide(program, name, *given)


async def test_a_confirmed_termination_waits(tmp_path: Path) -> None:
    policy = 'mode = "enforce"\ntermination = "confirm"'
    async with running(tmp_path / "confirm", policy) as program:
        await program.adopt()
        await program.feed([ses.reject("p@x.example", ses.at(6))])
        await decide(program, "reinstate", "a.example", "cleaned")
        program.now[0] = NOW + timedelta(days=21)
        await program.feed([ses.reject("p@x.example", NOW + timedelta(days=20))])
        states = await program.states()
        assert states == {"virus.disable": "requested", "virus.terminate": "waiting"}


async def test_old_evidence_is_proposed_and_an_old_block_is_over(program: Running) -> None:
    old = NOW - timedelta(days=40)
    await program.feed([ses.bounce("gone@x.example", old)])
    await program.feed([ses.bounce("policy@x.example", old, status="5.7.1")])
    states = sorted(row[7] for row in await program.rows(tables.actions))
    assert states == ["expired", "proposed"]


async def test_every_decision_is_in_the_journal_and_a_changed_row_is_found(
    program: Running,
) -> None:
    await decide(program, "disable", "a.example", "why")
    await decide(program, "reinstate", "a.example", "because")
    async with program.application.database.write() as connection:
        assert await journal.verify(connection) == []
        third = tables.journal.c.sequence == 3
        forged = tables.journal.update().where(third).values(actor="somebody")
        await connection.execute(forged)
        assert await journal.verify(connection) == [3]
        await connection.execute(tables.journal.delete().where(third))
        assert await journal.verify(connection) == [4]


async def test_terminated_for_two_weeks_is_terminated_once(program: Running) -> None:
    for week in (0, 1):
        early = timedelta(weeks=week)
        people = [f"p{number}@x.example" for number in range(400)]
        await program.feed([ses.send(one, ses.at(1) - early) for one in people])
        await program.feed([ses.complaint(one, ses.at(2) - early) for one in people[:16]])
    await program.application.enforce(ses.at(7, 3))
    ends = [row for row in await kinds(program) if row[0] == "terminate_customer"]
    assert ends == [("terminate_customer", "requested")]
