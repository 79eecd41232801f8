"""Each role of docs/iam is enough for its work, and for no other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.bootstrap.checkup import examine_aws
from sesauditd.bootstrap.onboarding import setup
from sesauditd.errors import Forbidden
from sesauditd.onboard.findings import Check, Finding, Level
from sesauditd.onboard.looking import Registered
from sesauditd.onboard.onboarding import Result
from tests.support.accounts import ARN, QUICK, stood
from tests.support.newcomers import Newcomers, opened, unwatched
from tests.support.roles import ONBOARD, RUN, SETUP, policies
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLE: list[str] = ["{}"]
"""The documents that bind the program just now; the sandbox looks at them at each call."""


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(ROLE) as opened_place:
        yield opened_place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    """Set the account up as one who may only do that."""
    folder = tmp_path_factory.mktemp("least")
    given(*SETUP)
    async with setup(place.settings(folder), clock=lambda: NOW, tempo=QUICK) as account:
        await account.apply(await account.plan(), unwatched)
        assert (await account.plan()).is_empty
    async with opened(place, folder) as program:
        yield Newcomers(place=place, folder=folder, program=program)


def given(*names: str) -> None:
    """Let the program do what these files of docs/iam allow, and nothing else."""
    ROLE[:] = policies(*names)


async def examined(newcomers: Newcomers, *domains: str) -> Sequence[Finding]:
    """Return what the doctor says."""
    settings = newcomers.place.settings(
        newcomers.folder,
        queue={
            "url": f"{newcomers.place.sandbox.url}/123456789012/sesaudit-feedback",
            "topic_arns": [f"arn:aws:sns:{ARN}:sesaudit-feedback"],
        },
        archive={"bucket": "sesaudit-123456789012-archive"},
    )
    own = [Registered(name=one, iam_users=[one], stopped=False) for one in domains]
    found = await examine_aws(settings, clock=lambda: NOW, domains=own, tempo=QUICK)
    # The sandbox's story is played at a time of its own.
    return [one for one in found.findings if one.check is not Check.CLOCK]


def states(findings: Sequence[Finding], level: Level) -> set[Check]:
    """Return what is in this state."""
    return {one.check for one in findings if one.level is level}


async def test_who_may_set_up_may_not_onboard(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    given(*SETUP)

    outcome = await newcomers.onboard(domain)

    assert outcome.result is Result.FAILED
    assert "ses:CreateEmailIdentity" in outcome.why
    assert newcomers.keys(domain) == []


async def test_who_may_onboard_may_not_set_up(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    given(*ONBOARD)

    assert (await newcomers.onboard(domain)).result is Result.DONE
    newcomers.place.drift("complaints suppressed")
    async with setup(
        newcomers.place.settings(newcomers.folder), clock=lambda: NOW, tempo=QUICK
    ) as account:
        with pytest.raises(Forbidden, match="ses:PutAccountSuppressionAttributes"):
            await account.apply(await account.plan(), unwatched)
    given(*SETUP)
    async with setup(
        newcomers.place.settings(newcomers.folder), clock=lambda: NOW, tempo=QUICK
    ) as account:
        await account.apply(await account.plan(), unwatched)


async def test_the_daemon_may_neither_look_at_much_nor_make_anything(
    newcomers: Newcomers,
) -> None:
    given(*RUN)
    domain = newcomers.domain()

    with pytest.raises(Forbidden):
        await newcomers.onboard(domain)
    assert newcomers.keys(domain) == []


async def test_the_doctor_says_what_it_may_not_look_at(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    given(*ONBOARD)
    await newcomers.onboard(domain)

    given(*RUN)
    blind = await examined(newcomers, domain)
    given(*RUN, "look")
    seeing = await examined(newcomers, domain)

    assert states(blind, Level.WRONG) == set()
    unseen = {one.check for one in blind if "could not be looked at" in one.says}
    assert {Check.TOPIC, Check.SUBSCRIPTION, Check.DESTINATION, Check.BUCKET} <= unseen
    assert states(seeing, Level.WRONG) == set(), [
        one.sentence for one in seeing if one.level is Level.WRONG
    ]
    assert not any("could not be looked at" in one.says for one in seeing)


async def test_the_doctor_names_the_permissions_that_are_missing(newcomers: Newcomers) -> None:
    given("consume", "archive", "notify", "look")
    found = {one.what: one for one in await examined(newcomers)}

    assert found["permission to consume"].level is Level.OK
    assert "sqs:ReceiveMessage: not tried" in found["permission to consume"].details

    given("archive", "notify", "enforce", "observe")
    found = {one.what: one for one in await examined(newcomers)}

    consume = found["permission to consume"]
    assert consume.level is Level.WRONG
    assert "AWS refuses sqs:GetQueueAttributes, sqs:GetQueueUrl" in consume.says
    assert consume.advice == "Allow it as docs/iam/consume.json does."


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path) -> Iterator[None]:
    """Leave nobody any right behind a test."""
    del tmp_path
    yield
    ROLE[:] = ["{}"]
