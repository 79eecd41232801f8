"""Whatever happens to the whole program, in whatever order: the promises hold after every step."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from sesauditd.errors import Failed, SesauditdError, Unavailable, Uncertain
from tests.support import feedback
from tests.support.anyfault import DOMAINS, AnyFault
from tests.support.running import NOW

PEOPLE = [f"p{number}@x.example" for number in range(3)]
KINDS: dict[str, Callable[..., feedback.Event]] = {
    "send": feedback.send,
    "delivery": feedback.delivery,
    "hard": feedback.bounce,
    "refused": partial(feedback.bounce, status="5.7.1"),
    "soft": feedback.soft,
    "complaint": feedback.complaint,
    "virus": feedback.reject,
}
POINTS = [
    "intake.received",
    "intake.archived",
    "store.recording",
    "intake.recorded",
    "intake.acknowledged",
    "executor.intended",
    "executor.called",
    "executor.recorded",
    "notice.attempted",
    "notice.sent",
    "notice.recorded",
]
METHODS = [
    "receive",
    "acknowledge",
    "keep",
    "send",
    "suppress",
    "set_sending",
    "put_inline",
    "put_policy",
    "attach",
    "set_key",
]
DECISIONS = st.one_of(
    st.tuples(st.sampled_from(["disable", "reinstate"]), st.sampled_from(list(DOMAINS))),
    st.tuples(st.sampled_from(["terminate", "restore"]), st.just("k")),
    st.tuples(st.sampled_from(["block", "unblock"]), st.sampled_from(PEOPLE), st.just("a.example")),
)


class AnyFaults(RuleBasedStateMachine):
    """Mail comes, things fail, processes die, people decide, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.Runner()
        self.world = AnyFault(self.folder, [NOW])

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run one step of the program."""
        return self.loop.run(what)

    @initialize()
    def begin(self) -> None:
        self.do(self.world.open())

    @rule(
        kind=st.sampled_from(list(KINDS)),
        person=st.sampled_from(PEOPLE),
        domain=st.sampled_from(list(DOMAINS)),
        late=st.integers(0, 72),
    )
    def publish(self, kind: str, person: str, domain: str, late: int) -> None:
        at = self.world.now[0] - timedelta(hours=late)
        event = KINDS[kind](person, at, domain=domain)
        self.world.put(feedback.sns(event))

    @rule(number=st.integers(0, 50))
    def publish_again(self, number: int) -> None:
        if self.world.sent:
            self.world.put(self.world.sent[number % len(self.world.sent)])

    @rule(number=st.integers(0, 50))
    def deliver_again(self, number: int) -> None:
        if held := list(self.world.queue.held):
            self.world.queue.redeliver(held[number % len(held)])

    @rule(text=st.text(max_size=20))
    def poison(self, text: str) -> None:
        self.world.put(f"rubbish {text}")

    @rule()
    def work(self) -> None:
        self.do(self.world.work())

    @rule(point=st.sampled_from(POINTS))
    def kill(self, point: str) -> None:
        self.do(self.world.die_at(point))

    @rule()
    def restart(self) -> None:
        self.do(self.world.restart())

    @rule(minutes=st.sampled_from([1, 3, 60, 60 * 24, 60 * 24 * 8, -60]))
    def pass_time(self, minutes: int) -> None:
        self.world.now[0] += timedelta(minutes=minutes)

    @rule(method=st.sampled_from(METHODS), lost=st.booleans())
    def fail(self, method: str, *, lost: bool) -> None:
        error: Failed = Uncertain("lost") if lost else Unavailable("away")
        questions = {"receive", "acknowledge", "keep"}
        # An answer that is lost after a question was asked may be asked for again.
        known = Unavailable("lost") if lost and method in questions else error
        self.world.fail(method, known, done=lost)

    @rule()
    def heal(self) -> None:
        self.world.heal()

    @rule(decision=DECISIONS)
    def decide(self, decision: tuple[str, ...]) -> None:
        with suppress(SesauditdError):
            self.do(self.world.one.decide(*decision, "because"))

    @invariant()
    def promises_hold(self) -> None:
        if self.world.mail.identities:
            self.do(self.world.check())

    @override
    def teardown(self) -> None:
        try:
            if self.world.mail.identities:
                self.do(self.world.settle())
                self.world.put(feedback.sns(feedback.send("fresh@x.example", self.world.now[0])))
                self.do(self.world.work())
                self.do(self.world.check_settled())
                self.do(self.world.close())
        finally:
            self.loop.close()
            shutil.rmtree(self.folder)


SHORT = settings(
    max_examples=4,
    derandomize=True,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
AnyFaults.TestCase.settings = SHORT
TestAnyFault = AnyFaults.TestCase
