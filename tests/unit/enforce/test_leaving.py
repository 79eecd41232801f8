"""What was stopped or blocked for a customer who leaves: nothing of it meets who comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.enforce.levers import Levers
from sesauditd.enforce.reconcile import Reconcile, Reconciled
from sesauditd.enforce.turning import Turner
from sesauditd.store.closing import Closing
from sesauditd.store.executions import Executions
from sesauditd.store.standing import Standings
from tests.support import feedback as ses
from tests.support.enforcing import NAMES, PATIENCE, Enforcing, enforcing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

POLICY = "arn:aws:iam::123456789012:policy/sesaudit/block-m-1"
DOMAIN = "other.example"
SET = "set-other-example"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return an account where `m` has one domain and `k` has two."""
    async with enforcing(tmp_path) as opened:
        yield opened


async def offboard(one: Enforcing, domain: str = DOMAIN, user: str = "site-m") -> None:
    """Take a domain down as the command does: its set and user go, then the entry is closed."""
    del one.mail.identities[domain]
    del one.mail.sets[f"set-{domain.replace('.', '-')}"]
    del one.access.users[user]
    await Closing(database=one.program.application.database).close(domain, one.program.now[0])
    one.program.now[0] += timedelta(hours=1)
    one.restart()


async def compare(one: Enforcing) -> Reconciled:
    """Compare as the nightly job does, and carry out what it asks for."""
    levers = Levers.at(NAMES, one.mail, one.access)
    standing = Standings(one.program.application.database)
    reconcile = Reconcile(
        standing=standing,
        stops=levers,
        denying=levers.blocking.denying,
        mail=one.mail,
        turner=Turner(patience_seconds=PATIENCE),
        unexplained=levers.unexplained(standing, lambda: None),
        beat=lambda: None,
    )
    found = await reconcile.run(one.program.now[0])
    one.restart()
    await one.tick()
    return found


async def words(one: Enforcing, **where: Any) -> tuple[str, str, str]:
    """Return domain, state and words of the only action with some values."""
    (row,) = await one.actions(**where)
    return row["domain"], row["state"], row["outcome"] or ""


async def test_the_next_customer_of_a_stopped_domain_sends(one: Enforcing) -> None:
    await one.decide("disable", DOMAIN, "hacked")
    await one.tick()
    assert one.mail.sets[SET] is False
    await offboard(one)
    await one.adopt(DOMAIN, "n", user="site-n")
    await one.tick()
    assert await compare(one) == Reconciled(compared=1)
    assert (one.mail.sets[SET], one.access.users["site-n"].inline) == (True, {})


async def test_a_stop_and_its_end_after_the_change_are_the_next_ones_own(one: Enforcing) -> None:
    await one.decide("disable", DOMAIN, "hacked")
    await one.tick()
    await offboard(one)
    await one.adopt(DOMAIN, "n", user="site-n")
    await one.decide("disable", DOMAIN, "hacked, too")
    await one.tick()
    assert one.mail.sets[SET] is False
    await one.decide("reinstate", f"{DOMAIN}~1", "explained")
    await one.tick()
    one.mail.sets[SET] = True
    assert (await compare(one)).mended == 1
    assert one.mail.sets[SET] is False
    await one.decide("reinstate", DOMAIN, "explained")
    await one.tick()
    assert (one.mail.sets[SET], one.access.users["site-n"].inline) == (True, {})


@pytest.mark.parametrize("begun", [False, True], ids=["asked for", "half done"])
async def test_a_disable_on_its_way_at_the_change_turns_nothing(
    one: Enforcing, *, begun: bool
) -> None:
    await one.decide("disable", DOMAIN, "hacked")
    if begun:
        tasks = Executions(one.program.application.database)
        (task,) = await tasks.due(one.program.now[0], 10)
        assert await tasks.begin(task, {}, [], one.program.now[0])
    await offboard(one)
    await one.adopt(DOMAIN, "n", user="site-n")
    written = len(one.changes)
    await one.settle()
    said = "the domain was offboarded: nothing that was made for it is left to turn"
    assert await words(one, kind="disable_domain") == (f"{DOMAIN}~1", "done", said)
    assert len(one.changes) == written
    assert [kind for kind, _ in await one.notices()] == ["action_done"]


async def test_a_termination_of_somebody_who_left_has_nothing_to_do(one: Enforcing) -> None:
    await offboard(one)
    await one.decide("terminate", "m", "found out late")
    await one.tick()
    assert (await words(one, kind="terminate_customer"))[1:] == (
        "done",
        "all of the customer's domains were offboarded: nothing made for them is left to turn",
    )
    assert await one.notices() == [("action_done", "")]


async def test_a_terminated_customers_domain_sends_for_the_next_one(one: Enforcing) -> None:
    await one.decide("terminate", "m", "spam")
    await one.tick()
    assert one.mail.sets[SET] is False
    await offboard(one)
    await one.adopt(DOMAIN, "n", user="site-n")
    await one.tick()
    assert (await compare(one)).mended == 0
    user = one.access.users["site-n"]
    assert (one.mail.sets[SET], user.inline, all(user.keys.values())) == (True, {}, True)
    await one.decide("restore", "m", "a mistake")
    await one.tick()
    assert one.mail.sets[SET] is True
    await one.adopt("second.example", "m", user="site-m")
    assert (await compare(one)).mended == 0


async def test_a_terminated_customer_who_comes_back_stays_stopped(one: Enforcing) -> None:
    await one.decide("terminate", "m", "spam")
    await one.tick()
    await offboard(one)
    await one.adopt(DOMAIN, "m", user="site-m")
    await one.tick()
    user = one.access.users["site-m"]
    assert (one.mail.sets[SET], any(user.keys.values())) == (False, False)


async def test_policies_of_a_customer_who_left_are_deleted_and_come_back_with_them(
    one: Enforcing,
) -> None:
    await one.decide("block", "p@x.example", DOMAIN, "asked")
    await one.tick()
    assert POLICY in one.access.policies
    await offboard(one)
    assert (await compare(one)).mended == 1
    assert POLICY not in one.access.policies
    found = await compare(one)
    assert (found.mended, found.strange) == (0, ())
    await one.adopt(DOMAIN, "m", user="site-m")
    await one.tick()
    assert POLICY in one.access.policies
    assert POLICY in one.access.users["site-m"].attached


async def test_a_late_block_for_a_customer_who_left_alarms_nobody(one: Enforcing) -> None:
    await offboard(one)
    sent = one.program.now[0] - timedelta(hours=2)
    await one.program.feed([ses.bounce("gone@x.example", sent, domain=DOMAIN, status="5.7.1")])
    await one.tick()
    assert (await words(one, kind="block_recipient"))[1] == "done"
    assert "action_failed" not in [kind for kind, _ in await one.notices()]
    with pytest.raises(Exception, match="was offboarded"):
        await one.decide("block", "p@x.example", DOMAIN, "asked")
