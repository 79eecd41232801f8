"""Whatever is done in whatever order, with whatever failing: undone, all is as before."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from sesauditd.errors import Failed, Forbidden, Unavailable, Uncertain
from tests.support.enforcing import Enforcing, enforcing
from tests.support.sweeps import examples

MINUTE = timedelta(minutes=1)
Failure: TypeAlias = tuple[str, Failed, bool]
Story: TypeAlias = list[tuple[tuple[str, ...], list[Failure], bool]]
DOMAINS = ("a.example", "b.example")
PEOPLE = ("p@x.example", "q@x.example")
LEVERS = (
    "set_sending",
    "sending_enabled",
    "identity",
    "put_inline",
    "inline_policies",
    "inline_policy",
    "delete_inline",
    "keys",
    "set_key",
    "put_policy",
    "policy",
    "attach",
    "attached",
    "delete_policy",
)
OF_MAIL = frozenset(LEVERS[:3])

decisions = st.one_of(
    st.tuples(st.sampled_from(["disable", "reinstate"]), st.sampled_from(DOMAINS)),
    st.tuples(st.sampled_from(["terminate", "restore"]), st.just("k")),
    st.tuples(st.sampled_from(["block", "unblock"]), st.sampled_from(PEOPLE), st.just(DOMAINS[0])),
)
failures = st.tuples(
    st.sampled_from(LEVERS),
    st.sampled_from([Unavailable("away"), Forbidden("no"), Uncertain("lost")]),
    st.booleans(),
)
steps = st.lists(
    st.tuples(decisions, st.lists(failures, max_size=2), st.booleans()), min_size=1, max_size=6
)


async def play(one: Enforcing, story: Story) -> None:
    """Take each decision, let AWS fail as told, carry it out or leave it for later."""
    for decision, failing, carried_out in story:
        with suppress(Failed):
            await one.decide(*decision, "because")
        for method, error, done in failing:
            twin = one.mail if method in OF_MAIL else one.access
            twin.failures.fail(method, error, done=done)
        if carried_out:
            await one.tick()
        one.mail.failures.heal()
        one.access.failures.heal()
        one.program.now[0] += MINUTE


async def undo_everything(one: Enforcing) -> None:
    """Reverse whatever may stand, and let what waits be tried again."""
    await one.settle()
    for domain in DOMAINS:
        await one.decide("reinstate", domain, "because")
    await one.decide("restore", "k", "because")
    for person in PEOPLE:
        with suppress(Failed):
            await one.decide("unblock", person, DOMAINS[0], "because")
    await one.settle()
    await one.settle()


@examples(10)
@given(steps)
def test_after_the_reverses_aws_is_as_it_was(story: Story) -> None:
    async def tell() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with enforcing(Path(folder)) as one:
                one.access.users["site-k"].keys["AKIA2site-k"] = False
                one.mail.sets["set-b-example"] = False
                before = one.world()
                await play(one, story)
                await undo_everything(one)
                assert one.world() == before
                states = {state for _, state in await one.states()}
                assert not states & {"requested", "attempted", "pending", "unknown"}

    asyncio.run(tell())
