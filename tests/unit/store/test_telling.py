"""Each state of an action is told to those whom it concerns, once, with its evidence."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.notice import Audience
from sesauditd.notices.compose import Composer
from sesauditd.store import tables, telling
from sesauditd.store.notices import Outbox
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

COMPOSER = Composer(sender="mail@host.example", configuration_set="sesaudit-notices")


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with one customer of two domains."""
    async with running(tmp_path) as one:
        await one.adopt()
        await one.adopt("b.example", "k")
        yield one


async def actions(program: Running, kind: str) -> list[str]:
    """Return the ids of the actions of a kind, sorted."""
    async with program.application.database.read() as connection:
        query = tables.actions.select().where(tables.actions.c.kind == kind)
        return sorted(row.id for row in await connection.execute(query))


async def end(program: Running, action: str, state: str, outcome: str | None = None) -> int:
    """Write the outcome of an action as the executor does."""
    async with program.application.database.write() as connection:
        changes = {"state": state, "outcome": outcome, "changed_at": NOW}
        mine = tables.actions.c.id == action
        await connection.execute(tables.actions.update().where(mine).values(**changes))
        return await telling.of_action(connection, action, NOW)


async def told(program: Running) -> Counter[tuple[str, str | None]]:
    """Return how many notices there are of each kind and domain."""
    async with program.application.database.read() as connection:
        rows = await connection.execute(tables.notices.select())
        return Counter((row.kind, row.domain) for row in rows)


async def text(program: Running) -> str:
    """Return all the mails that are due, each of which can be composed."""
    parts = []
    for posting in await Outbox(program.application.database, ["ops@host.example"]).due(NOW, 100):
        mail = COMPOSER.compose(posting.notice, posting.to, NOW)
        body = mail.get_body(("plain",))
        assert body is not None
        parts.append(" ".join(str(body.get_content()).split()))
    return "\n".join(parts)


async def decide(program: Running, name: str, *given: Any) -> tuple[str, ...]:
    """Take one decision; return the actions that it asks for."""
    async with program.application.deciding("operator:test") as decisions:
        return tuple((await getattr(decisions, name)(*given)).requested)


async def test_a_disable_is_told_to_its_customer_and_the_operators_with_evidence(
    program: Running,
) -> None:
    reject = ses.reject("p@x.example", ses.at(7, 12))
    await program.feed([reject])
    (action,) = await actions(program, "disable_domain")
    assert await end(program, action, "done") == 2
    assert await end(program, action, "done") == 0
    assert await told(program) == {("disabled", "a.example"): 1, ("action_done", None): 1}
    mails = await text(program)
    assert "We have stopped all mail from a.example, because a virus was found" in mails
    assert "p@x.example" in mails
    assert "test.jsonl, line 1" in mails
    assert hashlib.sha256(json.dumps(reject).encode()).hexdigest() in mails
    assert f"action {action}" in mails


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        pytest.param("failed", "action_failed", id="failed"),
        pytest.param("unknown", "action_failed", id="unknown"),
        pytest.param("pending", "action_waiting", id="pending"),
    ],
)
async def test_operators_alone_are_told_of_what_could_not_be_done(
    program: Running, state: str, kind: str
) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(7, 12))])
    (action,) = await actions(program, "disable_domain")
    assert await end(program, action, state, "AWS refuses: AccessDenied") == 1
    assert await end(program, action, state, "AWS refuses: AccessDenied") == 0
    assert await told(program) == {(kind, None): 1}
    assert "AWS refuses: AccessDenied" in await text(program)


@pytest.mark.parametrize("state", ["requested", "attempted", "shadow", "cancelled", "reversed"])
async def test_states_that_tell_nobody_anything_are_not_told(program: Running, state: str) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(7, 12))])
    (action,) = await actions(program, "disable_domain")
    assert await end(program, action, state) == 0


async def test_blocks_are_left_to_the_digest_and_their_failures_told_once_a_day(
    program: Running,
) -> None:
    await program.feed([ses.bounce(f"p{number}@x.example", ses.at(1)) for number in range(5)])
    first, *others = await actions(program, "block_recipient")
    assert await end(program, first, "done") == 0
    assert [await end(program, one, "failed", "no") for one in others] == [1, 0, 0, 0]
    assert await told(program) == {("action_failed", None): 1}


async def test_an_operator_who_disables_and_reinstates_is_told_and_so_is_the_customer(
    program: Running,
) -> None:
    (disable,) = await decide(program, "disable", "a.example", "site was hacked")
    await end(program, disable, "done")
    assert "site was hacked" in await text(program)
    (reinstate,) = await decide(program, "reinstate", "a.example", "plugin removed")
    await end(program, reinstate, "done")
    assert await told(program) == {
        ("disabled", "a.example"): 1,
        ("reinstated", "a.example"): 1,
        ("action_done", None): 2,
    }
    assert "We noted: > plugin removed" in await text(program)


async def test_a_customer_who_is_restored_is_told_once_not_for_each_domain(
    program: Running,
) -> None:
    for name, subject in (("disable", "a.example"), ("disable", "b.example"), ("terminate", "k")):
        for action in await decide(program, name, subject, "spam"):
            await end(program, action, "done")
    restored = await decide(program, "restore", "k", "a misunderstanding")
    assert len(restored) == 3
    for action in restored:
        await end(program, action, "done")
    counted = await told(program)
    assert counted["restored", None] == 1
    assert not any(kind == "reinstated" for kind, _ in counted)
    assert "all your domains can send mail again: a.example, b.example" in await text(program)


async def test_what_waits_is_told_to_operators_once_in_one_mail(program: Running) -> None:
    feeding = [
        ses.reject("p@x.example", ses.at(7, 12), domain=domain)
        for domain in ("a.example", "b.example")
    ]
    await program.feed(feeding, proposed=True)
    async with program.application.database.write() as connection:
        assert await telling.of_waiting(connection, NOW) == 2
        assert await telling.of_waiting(connection, NOW) == 0
    assert await told(program) == {("action_waiting", None): 1}
    mail = await text(program)
    for action in await actions(program, "disable_domain"):
        assert f"sesauditd actions approve {action}" in mail


async def test_proposed_blocks_alone_wake_nobody(program: Running) -> None:
    await program.feed([ses.bounce("p@x.example", ses.at(1))], proposed=True)
    async with program.application.database.write() as connection:
        assert await telling.of_waiting(connection, NOW) == 0


async def test_a_diagnostic_of_100_kb_is_not_kept_twice(program: Running) -> None:
    event = ses.reject("p@x.example", ses.at(7, 12), message="0102" + "x" * 100_000)
    await program.feed([event])
    (action,) = await actions(program, "disable_domain")
    await end(program, action, "done")
    async with program.application.database.read() as connection:
        for row in await connection.execute(tables.notices.select()):
            assert len(json.dumps(row.facts)) < 20_000


async def test_no_notice_for_a_customer_goes_to_an_operator_or_back(program: Running) -> None:
    await program.feed([ses.reject("p@x.example", ses.at(7, 12))])
    (action,) = await actions(program, "disable_domain")
    await end(program, action, "done")
    due = await Outbox(program.application.database, ["ops@host.example"]).due(NOW, 10)
    addressed = {posting.notice.audience: posting.to for posting in due}
    assert addressed == {
        Audience.CUSTOMER: ("owner@k-home.example",),
        Audience.OPERATOR: ("ops@host.example",),
    }
