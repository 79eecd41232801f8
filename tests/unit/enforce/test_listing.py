"""Many blocks by the account's list: one call each, and pages to look before and after."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from sesauditd.enforce import listing
from sesauditd.errors import Forbidden, Unavailable, Uncertain
from tests.support.enforcing import Enforcing, enforcing
from tests.support.twins import TwinMail
from tests.unit.enforce.test_blocking import attach_others
from tests.unit.enforce.test_many_blocks import Killed, Paced, states

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime
    from pathlib import Path

FEW = 6
"""What is listed together in these tests."""
FIRST = "person-0000@company.example"


@pytest.fixture
async def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Enforcing]:
    """Return a program in which the account's list is all that can block for `k`."""
    monkeypatch.setattr(listing, "MOST", FEW)
    async with enforcing(tmp_path) as opened:
        attach_others(opened, 10)
        yield opened


async def ask(one: Enforcing, count: int = FEW) -> list[str]:
    """Ask for blocks, and let them find out that no policy has room."""
    people = [f"person-{number:04d}@company.example" for number in range(count)]
    async with one.program.application.deciding("operator:test") as decisions:
        for person in people:
            await decisions.block(person, "a.example", "asked")
    return people


def paced(one: Enforcing, *, kill_at: int = 0) -> Paced:
    """Let each call take a second of the story from now on."""
    one.access.failures = one.mail.failures = found = Paced(one, kill_at=frozenset({kill_at}))
    return found


@pytest.mark.parametrize(
    ("count", "together"),
    [(2 * FEW, FEW), pytest.param(3000, listing.MOST, id="3000", marks=pytest.mark.slow)],
)
async def test_at_a_call_a_second_they_take_little_more_than_a_second_each(
    one: Enforcing, count: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST", together)
    people = await ask(one, count)
    calls = paced(one)
    began = one.program.now[0]
    await one.tick()
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": count}
    assert one.program.now[0] - began < timedelta(seconds=15 + 1.15 * count)
    assert Counter(calls.changes)["suppress"] == count


async def test_each_has_its_intent_and_what_was_read_back(one: Enforcing) -> None:
    await ask(one)
    one.mail.listed["Person-0000@company.example"] = "BOUNCE"
    await one.tick()
    found = {row["recipient"]: row for row in await one.actions()}
    listed = found[FIRST]
    assert listed["before"][f"listed:{FIRST}"] is False
    assert listed["after"] == {f"listed:{FIRST}": True}
    assert all(row["attempts"] > 0 and row["after"] for row in found.values())


async def test_what_ses_listed_before_us_stays_when_the_block_is_lifted_by_time(
    one: Enforcing,
) -> None:
    one.mail.listed[FIRST] = "BOUNCE"
    await ask(one)
    await one.tick()
    (row,) = await one.actions(recipient=FIRST)
    assert row["state"] == "done"
    assert row["before"][f"listed:{FIRST}"] is True
    assert Counter(one.mail.failures.changes)["suppress"] == FEW - 1


async def test_killed_at_any_of_many_calls_all_are_listed_once(one: Enforcing) -> None:
    people = await ask(one)
    deaths = 0
    for kill_at in (3, 5, 8, 11, 12):
        paced(one, kill_at=kill_at)
        try:
            await one.tick()
        except Killed:
            deaths += 1
        one.restart()
    paced(one)
    await one.tick()
    assert deaths > 2
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": FEW}
    assert all(row["before"][f"listed:{row['recipient']}"] is False for row in await one.actions())


async def test_a_lost_answer_is_read_back(one: Enforcing) -> None:
    people = await ask(one)
    one.mail.failures.fail("suppress", Uncertain("no answer"), times=5, done=True)
    await one.tick()
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": FEW}


async def test_a_lost_call_is_made_again(one: Enforcing) -> None:
    people = await ask(one)
    one.mail.failures.fail("suppress", Uncertain("no answer"), times=2)
    await one.tick()
    assert await states(one) == {"done": FEW - 2, "unknown": 2}
    await one.settle()
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": FEW}


@pytest.mark.parametrize("error", [Unavailable("away"), Forbidden("no")])
async def test_a_list_that_cannot_be_read_as_a_whole_holds_nothing_up(
    one: Enforcing, error: Any
) -> None:
    people = await ask(one)
    one.mail.failures.fail("suppressed_addresses", error, times=FEW)
    await one.tick()
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": FEW}


async def test_in_awss_sandbox_they_wait(one: Enforcing) -> None:
    await ask(one)
    one.mail.production = False
    await one.tick()
    assert await states(one) == {"pending": FEW}


class Forgetful(TwinMail):
    """SES whose pages are empty, though nothing says so."""

    @override
    async def suppressed_addresses(self, since: datetime | None = None) -> Sequence[str]:
        await super().suppressed_addresses(since)
        return []


async def test_an_emptied_page_is_not_believed_after_a_write(one: Enforcing) -> None:
    people = await ask(one)
    one.on(mail=Forgetful())
    await one.tick()
    assert sorted(one.mail.listed) == people
    assert await states(one) == {"done": FEW}


async def test_one_that_was_taken_off_again_is_not_done(one: Enforcing) -> None:
    await ask(one)

    class Losing(TwinMail):
        """SES that takes an entry and loses it."""

        @override
        async def suppress(self, address: str) -> None:
            await super().suppress(address)
            self.listed.pop(FIRST, None)

    one.on(mail=Losing())
    await one.tick()
    (row,) = await one.actions(recipient=FIRST)
    assert row["state"] == "unknown"
    assert await states(one) == {"done": FEW - 1, "unknown": 1}


async def test_a_stop_waits_for_one_batch_at_the_most(one: Enforcing) -> None:
    await ask(one, 3 * FEW)

    class Hacked(TwinMail):
        """SES during whose first answer an operator stops a domain."""

        asked = False

        @override
        async def suppress(self, address: str) -> None:
            await super().suppress(address)
            if not Hacked.asked:
                Hacked.asked = True
                await one.decide("disable", "other.example", "hacked")

    one.on(mail=Hacked())
    one.mail.failures.changes.clear()
    await one.tick()
    assert one.mail.failures.changes.index("set_sending") <= 2 * FEW
    assert not one.mail.sets["set-other-example"]
