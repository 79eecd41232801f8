"""Setup that dies at any call, or whose answers are lost: the next one goes on from there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.retries.standard import ExponentialBackoff

from sesauditd.aws.api import QUESTIONS, Api
from sesauditd.onboard.engine import Moment
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.support.accounts import RESOURCES, TOPIC, Stood, stood, subscription
from tests.support.roles import SETUP
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sesauditd.model.plan import Change

WRITES = 17
"""What a new account takes; the last test says so if that changes."""


class Killed(BaseException):
    """No part of the program catches it, as none catches a power cut."""


@dataclass(slots=True)
class Death:
    """Comes between the n-th change at AWS and its answer."""

    after: int
    seen: int = 0

    def haunt(self, patch: pytest.MonkeyPatch) -> None:
        """Let every service meet it."""
        asked = Api.ask

        async def ask(api: Api, operation: str, *needs: Any, **parameters: Any) -> Any:
            answer = await asked(api, operation, *needs, **parameters)
            if not operation.startswith(QUESTIONS):
                self.seen += 1
                if self.seen == self.after:
                    raise Killed
            return answer

        patch.setattr(Api, "ask", ask)


@dataclass(slots=True)
class At:
    """Dies when the n-th change is begun, or when it is done."""

    moment: Moment
    nth: int

    def __call__(self, _change: Change, moment: Moment) -> None:
        if moment is self.moment:
            self.nth -= 1
            if self.nth == 0:
                raise Killed


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*SETUP) as opened:
        yield opened


async def dies(place: Stood, folder: Path, watch: Callable[[Change, Moment], None]) -> None:
    place.wipe()
    with pytest.raises(Killed):
        async with place.opened(folder) as opened:
            await opened.apply(await opened.plan(), watch)


async def goes_on(place: Stood, folder: Path) -> int:
    """Set up once more, look that all is well, and return how many changes were left."""
    place.forget_calls()
    async with place.opened(folder) as opened:
        applied = await opened.apply(await opened.plan(), lambda _change, _moment: None)
        assert applied.conflicts == ()
        assert (await opened.plan()).is_empty
    topics = place.asking.ask("sns", "ListTopics")["Topics"]
    assert [one["TopicArn"] for one in topics] == [TOPIC]
    assert len(place.asking.ask("sqs", "ListQueues")["QueueUrls"]) == 3
    assert subscription(place.asking)
    return len(applied.changes)


@pytest.mark.parametrize("after", sampled(range(1, WRITES + 1), 3))
async def test_death_between_a_call_and_its_answer_leaves_nothing_double(
    place: Stood, tmp_path: Path, after: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Death(after).haunt(patch)
        await dies(place, tmp_path, lambda _change, _moment: None)
    await goes_on(place, tmp_path)
    # One bucket or topic that was half made takes the calls again that it takes as a whole.
    assert place.writes() <= WRITES - after + 1


@pytest.mark.parametrize("nth", sampled([1, 3, 6, RESOURCES], 1))
@pytest.mark.parametrize("moment", list(Moment))
async def test_death_at_a_step_leaves_the_steps_behind_it(
    place: Stood, tmp_path: Path, moment: Moment, nth: int
) -> None:
    await dies(place, tmp_path, At(moment, nth))
    left = await goes_on(place, tmp_path)
    assert left == RESOURCES - nth + (1 if moment is Moment.BEGUN else 0)


ANSWERS = [
    ("sqs", "CreateQueue"),
    ("sns", "CreateTopic"),
    ("sns", "SetTopicAttributes"),
    ("sns", "Subscribe"),
    ("s3", "CreateBucket"),
    ("s3", "PutBucketTagging"),
    ("iam", "CreatePolicy"),
    ("sesv2", "PutAccountSuppressionAttributes"),
    ("sesv2", "CreateConfigurationSet"),
    ("sesv2", "CreateConfigurationSetEventDestination"),
]
MORE_THAN_THE_SDK_TRIES = 4


@pytest.mark.parametrize(
    "action", [FaultAction.LOSE_ANSWER, FaultAction.THROTTLE, FaultAction.ERROR], ids=str
)
async def test_what_aws_loses_or_has_no_time_for_is_looked_up_and_asked_again(
    place: Stood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: FaultAction
) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _backoff, _context: 0)
    place.wipe()
    for service, operation in ANSWERS:
        place.sandbox.faults.add(
            Fault(
                service=service,
                operation=operation,
                action=action,
                times=MORE_THAN_THE_SDK_TRIES,
            )
        )
    async with place.opened(tmp_path) as opened:
        applied = await opened.apply(await opened.plan(), lambda _change, _moment: None)
        assert len(applied.changes) == RESOURCES
    place.sandbox.faults.clear()
    assert await goes_on(place, tmp_path) == 0


async def test_a_new_account_takes_as_many_calls_as_the_sweep_is_long(
    place: Stood, tmp_path: Path
) -> None:
    place.wipe()
    place.forget_calls()
    async with place.opened(tmp_path) as opened:
        await opened.apply(await opened.plan(), lambda _change, _moment: None)
    assert place.writes() == WRITES


async def test_two_at_once_make_one_of_everything(place: Stood, tmp_path: Path) -> None:
    place.wipe()
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    async with place.opened(folders[0]) as one, place.opened(folders[1]) as two:
        seen = [await opened.plan() for opened in (one, two)]
        await asyncio.gather(
            *(
                opened.apply(plan, lambda _change, _moment: None)
                for opened, plan in zip((one, two), seen, strict=True)
            )
        )
    assert await goes_on(place, tmp_path) == 0
