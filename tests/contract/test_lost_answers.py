"""What was done and not told is found out, and a mail never leaves twice."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from sesauditd.aws.mail import Mail
from sesauditd.errors import Unavailable, Uncertain
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.contract.stands import (
    SandboxMailStand,
    access_stand,
    archive_stand,
    mail_stand,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

RAW = b"From: a@shop.example\r\nTo: bob@x.org\r\nSubject: hello\r\n\r\nbody\r\n"
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "ses:*", "Resource": "*"}],
}
LOST = FaultAction.LOSE_ANSWER


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    world.sandbox.recording.clear()
    yield
    world.sandbox.faults.clear()


def _lose(world: World, service: str, operation: str, times: int = 1) -> None:
    world.sandbox.faults.add(Fault(service=service, operation=operation, action=LOST, times=times))


async def test_an_object_whose_answer_was_lost_is_stored(world: World) -> None:
    archive = await archive_stand("sandbox", world)
    _lose(world, "s3", "PutObject")
    digest = hashlib.sha256(b"batch").digest()
    assert await archive.keep("raw/1", b"batch", digest) == "logs/raw/1"
    assert world.sandbox.recording.count("s3", "HeadObject") == 1


async def test_a_mail_whose_answer_was_lost_left_once(world: World) -> None:
    stand = mail_stand("sandbox", world)
    assert isinstance(stand, SandboxMailStand)
    await stand.add_identity("shop.example", "shop")
    _lose(world, "sesv2", "SendEmail", times=3)
    with pytest.raises(Uncertain):
        await stand.mail.send(RAW, "a@shop.example", ["bob@x.org"], "shop")
    assert world.sandbox.recording.count("sesv2", "SendEmail") == 1


async def test_a_mail_that_is_throttled_is_left_to_the_caller(world: World) -> None:
    world.sandbox.faults.add(Fault(service="sesv2", action=FaultAction.THROTTLE))
    with pytest.raises(Unavailable):
        await Mail(world.clients).send(RAW, "a@shop.example", ["bob@x.org"], "shop")
    assert world.sandbox.recording.count("sesv2", "SendEmail") == 1


async def test_a_policy_whose_answer_is_lost_for_good_is_there_to_be_read(world: World) -> None:
    stand = access_stand("sandbox", world)
    await stand.add_user("lost")
    _lose(world, "iam", "PutUserPolicy", times=3)
    with pytest.raises(Uncertain):
        await stand.access.put_inline("lost", "off", DENY)
    assert await stand.access.inline_policy("lost", "off") == DENY
