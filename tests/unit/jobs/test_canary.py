"""The canary flies when it is due, is missed when it is late, and its return ends that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Failed, Forbidden, Uncertain
from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.canary import Canary
from tests.unit.jobs.fakes import NOW, Memory, Siren
from tests.unit.jobs.test_account import HEALTHY, Account

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE = timedelta(minutes=1)


@dataclass
class Sky:
    """SES, the way back, and a canary between them."""

    account_now: Account = HEALTHY
    why: str | None = None
    failing: Failed | None = None
    sent: list[Sequence[str]] = field(default_factory=list)
    back: dict[str, datetime] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    siren: Siren = field(default_factory=Siren)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.canary = Canary(
            mailer=self,
            accounts=self,
            traces=self,
            memory=self.memory,
            alarms=Alarms(siren=self.siren, book=self.memory),
            paused=lambda: self.why,
            sender="postmaster@host.example",
            configuration_set="sesaudit-notices",
            every=timedelta(hours=1),
            within=10 * MINUTE,
        )

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        assert (sender, configuration_set) == ("postmaster@host.example", "sesaudit-notices")
        if self.failing is not None:
            raise self.failing
        self.sent.append(to)
        return f"m{len(self.sent)}"

    async def account(self) -> Account:
        return self.account_now

    async def received_at(self, message_id: str) -> datetime | None:
        return self.back.get(message_id)

    async def minutes(self, *numbers: int) -> None:
        for number in numbers:
            await self.canary.run(NOW + number * MINUTE)

    @property
    def said(self) -> str:
        return str(self.memory.facts["canary"]["said"])


async def test_it_flies_once_an_hour_and_its_time_is_kept() -> None:
    sky = Sky()
    await sky.minutes(0, 1)
    assert sky.sent == [["bounce+canary-20261124120000@simulator.amazonses.com"]]
    sky.back["m1"] = NOW + timedelta(seconds=7)
    await sky.minutes(2, 3, 59)
    assert len(sky.sent) == 1
    assert sky.memory.facts["canary"]["seconds"] == 7.0
    assert sky.said == "came back after 7 s, sent at 2026-11-24T12:00:00Z"
    await sky.minutes(60)
    assert len(sky.sent) == 2
    assert sky.siren.heard == []


async def test_one_that_does_not_come_back_is_told_once_until_another_does() -> None:
    sky = Sky()
    await sky.minutes(0, 10)
    assert sky.siren.heard == []
    await sky.minutes(11, 12, 59, 60, 71, 72)
    assert sky.siren.heard == [("trouble", "canary")]
    assert sky.said.startswith("NOT BACK after 10 min")
    sky.back["m2"] = NOW + 73 * MINUTE
    await sky.minutes(73, 74)
    assert sky.siren.heard == [("trouble", "canary"), ("recovered", "canary")]


async def test_a_daemon_that_was_down_does_not_miss_what_waits_in_the_queue() -> None:
    sky = Sky()
    await sky.minutes(0)
    sky.restart()
    await sky.minutes(40, 45)
    assert sky.siren.heard == []
    await sky.minutes(51)
    assert sky.siren.heard == [("trouble", "canary")]


async def test_a_paused_intake_is_no_lost_canary_and_lets_none_fly() -> None:
    sky = Sky()
    await sky.minutes(0)
    sky.why = "S3 PutObject: SlowDown"
    await sky.minutes(5, 20, 61)
    sky.why = None
    await sky.minutes(62)
    assert (len(sky.sent), sky.siren.heard) == (2, [])


@pytest.mark.parametrize(
    "account",
    [replace(HEALTHY, sending_enabled=False), replace(HEALTHY, enforcement="SHUTDOWN")],
    ids=["switched off", "shut down"],
)
async def test_it_stays_while_the_account_is_stopped(account: Account) -> None:
    sky = Sky(account_now=account)
    await sky.minutes(0, 1)
    assert (sky.sent, sky.memory.facts) == ([], {})


@pytest.mark.parametrize(
    "error", [Forbidden("SES SendEmail: AccessDenied"), Uncertain("SES SendEmail: lost")]
)
async def test_what_was_not_sent_is_tried_an_hour_later(error: Failed) -> None:
    sky = Sky(failing=error)
    with pytest.raises(type(error)):
        await sky.minutes(0)
    assert sky.said == f"not sent at 2026-11-24T12:00:00Z: {error}"
    await sky.minutes(1, 30)
    sky.failing = None
    await sky.minutes(60)
    assert len(sky.sent) == 1
    assert sky.siren.heard == []


async def test_a_clock_that_is_set_back_sends_another_and_misses_none() -> None:
    sky = Sky()
    await sky.minutes(0, -1000, -999)
    assert (len(sky.sent), sky.siren.heard) == (2, [])
