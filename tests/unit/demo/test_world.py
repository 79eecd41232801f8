"""The made-up month: repeatable, and as it is told."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.demo import narration, world
from sesauditd.demo.answering import answers
from sesauditd.demo.friend import FRIEND
from sesauditd.demo.mailboxes import Mailbox
from sesauditd.demo.weeks import weeks_of
from sesauditd.sandbox.mail.world import checked

if TYPE_CHECKING:
    from sesauditd.demo.post import Letter

END = datetime(2026, 11, 23, tzinfo=UTC)
MOST_NOTIFICATIONS = 1200


def month(seed: int = 1, weeks: int = 4) -> list[Letter]:
    return world.letters(random.Random(seed), weeks_of(END, weeks))


def test_the_same_seed_makes_the_same_month() -> None:
    assert month(1) == month(1)


def test_another_seed_makes_another_month() -> None:
    assert month(1) != month(2)


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("weeks", [4, 6])
def test_the_sandbox_can_carry_what_comes_back(seed: int, weeks: int) -> None:
    letters = month(seed, weeks)
    # Each letter is answered once, and twice where somebody is away, complains or is slow.
    twice = {Mailbox.AWAY, Mailbox.CROSS, Mailbox.KIND, Mailbox.SHARED, Mailbox.SLOW}
    twice.add(Mailbox.SUSPICIOUS)
    expected = len(letters) + sum(one.mailbox in twice for one in letters)
    assert 700 <= expected <= MOST_NOTIFICATIONS


def test_quiet_weeks_go_before_a_longer_story() -> None:
    weeks = weeks_of(END, 6)
    assert [week.act for week in weeks] == [0, 0, 1, 2, 3, 4]
    assert weeks[-1].end == END
    assert month(weeks=6)[0].at < END - timedelta(days=41)


def test_letters_are_in_order_and_within_their_weeks() -> None:
    letters = month()
    assert letters == sorted(letters, key=lambda one: one.at)
    assert END - timedelta(days=28) <= letters[0].at
    assert letters[-1].at < END


def test_every_kind_of_mailbox_is_mailed() -> None:
    assert {one.mailbox for one in month()} == set(Mailbox)


def test_every_answer_is_one_that_the_sandbox_knows() -> None:
    draw = random.Random(1)
    entries = [entry for letter in month() for entry in answers(letter, draw)]
    found = checked({"mailboxes": entries}, "the demo")
    assert len(found.mailboxes) == len(entries) > 100


def test_a_letter_is_answered_in_its_own_way_only_at_its_own_time() -> None:
    letter = next(one for one in month() if one.mailbox is Mailbox.FULL)
    entries = answers(letter, random.Random(1))
    found = checked({"mailboxes": entries}, "the demo")
    assert found.mailbox(letter.to[0], letter.sender.address, letter.at).status == "4.2.2"
    later = letter.at + timedelta(days=1)
    assert found.mailbox(letter.to[0], letter.sender.address, later).status is None


def test_the_story_counts_as_its_world_does() -> None:
    week = weeks_of(END, 4)[2]
    mine = [one.at for one in month() if one.sender == FRIEND]
    by_act = Counter((at - week.monday).days // 7 + 3 for at in mine)
    assert by_act == {1: 2 + 20, 2: 20 + 9, 3: 122, 4: 20 + 5}
    assert f"{by_act[3]} strangers" in narration.ACTS[3].text
