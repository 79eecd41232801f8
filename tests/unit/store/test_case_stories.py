"""Whatever happens in whatever order: stored evidence, whole seals, and arms that work again."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from sesauditd.errors import Failed
from sesauditd.store import proving, tables
from sesauditd.store.evidence import lines_of, strikes_in
from sesauditd.store.reports import decided
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running
from tests.support.sweeps import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAINS = ("a.example", "b.example")
STOPS = {"disable_domain", "terminate_customer"}
HIDDEN = {"shadow", "superseded"}
STEPS = st.sampled_from(
    [
        *(("virus", one) for one in DOMAINS),
        *(("dead", one) for one in DOMAINS),
        *(("angry", one) for one in DOMAINS),
        *(("sent", one) for one in DOMAINS),
        *(("late", one) for one in DOMAINS),
        *(("disable", one) for one in DOMAINS),
        *(("reinstate", one) for one in DOMAINS),
        ("terminate", "k"),
        ("restore", "k"),
        ("monday", ""),
        ("explain", ""),
    ]
)


async def play(program: Running, steps: Sequence[tuple[str, str]]) -> None:
    """Let a day pass before each step; what an operator may not do now is left out."""
    for what, name in steps:
        program.now[0] += timedelta(days=1)
        at = program.now[0] - timedelta(hours=1)
        if what in {"disable", "reinstate", "terminate", "restore"}:
            await decide(program, what, name, "so it was told")
        elif what == "monday":
            await program.application.enforce(program.now[0])
        elif what == "explain":
            for case in [row[0] for row in await program.rows(tables.cases)]:
                await explain(program, case)
        else:
            early = at - timedelta(days=8) if what == "late" else at
            await program.feed(_feedback(what, name, early))


async def decide(program: Running, what: str, *given: str) -> None:
    """Take one decision."""
    async with program.application.deciding("operator:test") as decisions:
        await getattr(decisions, what)(*given)


async def explain(program: Running, case: str) -> None:
    """Explain a case, if it is open."""
    with suppress(Failed):
        await decide(program, "explain", case, "we did not know")


def _feedback(what: str, domain: str, at: Any) -> list[ses.Event]:
    people = [f"p{number}@{what}{number}.example" for number in range(16)]
    match what:
        case "virus":
            return [ses.reject("p@x.example", at, domain=domain)]
        case "dead":
            return [ses.bounce(one, at, domain=domain) for one in people]
        case "angry":
            return [ses.complaint(one, at, domain=domain) for one in people[:6]]
        case _:
            return [ses.send(f"s{n}@y.example", at, domain=domain) for n in range(120)]


async def check(program: Running) -> None:
    """Hold what must be so after every story."""
    async with program.application.database.read() as connection:
        assert (await proving.prove(connection)).bad == ()
        standing = select(tables.verdicts).where(tables.verdicts.c.withdrawn_at.is_(None))
        for verdict in await connection.execute(standing):
            lines = await lines_of(connection, strikes_in(verdict.evidence))
            assert lines, verdict
            assert all(one["object"] and one["line"] and one["sha256"] for one in lines), verdict
        actions = (await connection.execute(select(tables.actions))).fetchall()
        links = (await connection.execute(select(tables.case_actions))).fetchall()
        cases = await decided.all_cases(connection)
    stops = {one.id for one in actions if one.kind in STOPS and one.state not in HIDDEN}
    assert stops == {one.action for one in links}
    open_links = {one.case for one in links if one.undone_at is None}
    assert {one.id for one in cases if one.closed_at is None} == open_links


async def rearmed(program: Running) -> None:
    """Take everything back, and see that nothing stands and the next virus stops again."""
    program.now[0] += timedelta(days=1)
    await decide(program, "restore", "k", "a new beginning")
    await check(program)
    async with program.application.database.read() as connection:
        assert [one for one in await decided.all_cases(connection) if one.closed_at is None] == []
    await play(program, [("virus", "a.example"), ("monday", "")])
    await check(program)
    async with program.application.database.read() as connection:
        again = [one for one in await decided.all_cases(connection) if one.closed_at is None]
    assert [one.rule.partition(".")[0] for one in again] == ["virus"]


@examples(6)
@given(steps=st.lists(STEPS, max_size=7))
def test_no_verdict_without_stored_evidence_and_reinstated_means_rearmed(
    steps: list[tuple[str, str]],
) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with running(Path(folder)) as program:
                for name in DOMAINS:
                    await program.adopt(name)
                program.now[0] = NOW
                await play(program, steps)
                await check(program)
                await rearmed(program)

    asyncio.run(story())
