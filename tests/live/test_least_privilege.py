"""Each role of docs/iam is enough for its work, and for no other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.aws.access import Access
from sesauditd.bootstrap.checkup import examine_aws
from sesauditd.enforce.compile import deny_everything
from sesauditd.errors import Forbidden
from sesauditd.onboard.findings import Check, Finding, Level
from sesauditd.onboard.looking import Registered
from sesauditd.onboard.onboarding import Result
from tests.support.accounts import ARN, QUICK, stood
from tests.support.newcomers import Newcomers, newcomers_at, unwatched
from tests.support.roles import ONBOARD, RUN, SETUP
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(denied=None) as opened_place:
        yield opened_place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    """Set the account up as one who may only do that."""
    async with newcomers_at(place, tmp_path_factory.mktemp("least")) as made:
        yield made


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
    found = await examine_aws(settings, clock=lambda: NOW, domains=own, database=None, tempo=QUICK)
    # The sandbox's story is played at a time of its own.
    return [one for one in found.findings if one.check is not Check.CLOCK]


def states(findings: Sequence[Finding], level: Level) -> set[Check]:
    """Return what is in this state."""
    return {one.check for one in findings if one.level is level}


async def test_who_may_set_up_may_not_onboard(newcomers: Newcomers) -> None:
    domain = newcomers.domain()

    outcome = await newcomers.onboard(domain, roles=SETUP)

    assert outcome.result is Result.FAILED
    assert "ses:CreateEmailIdentity" in outcome.why
    assert newcomers.keys(domain) == []


async def test_who_may_onboard_may_not_set_up(newcomers: Newcomers) -> None:
    assert (await newcomers.onboard(newcomers.domain())).result is Result.DONE
    newcomers.place.drift("complaints suppressed")
    async with newcomers.place.opened(newcomers.folder) as account:
        with (
            newcomers.place.acting(*ONBOARD),
            pytest.raises(Forbidden, match="ses:PutAccountSuppressionAttributes"),
        ):
            await account.apply(await account.plan(), unwatched)
        await account.apply(await account.plan(), unwatched)
        assert (await account.plan()).is_empty


async def test_the_daemon_may_neither_look_at_much_nor_make_anything(
    newcomers: Newcomers,
) -> None:
    domain = newcomers.domain()

    with pytest.raises(Forbidden):
        await newcomers.onboard(domain, roles=RUN)
    assert newcomers.keys(domain) == []


async def test_the_doctor_says_what_it_may_not_look_at(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)

    with newcomers.place.acting(*RUN):
        blind = await examined(newcomers, domain)
    with newcomers.place.acting(*RUN, "look"):
        seeing = await examined(newcomers, domain)

    assert states(blind, Level.WRONG) == set()
    unseen = {one.check for one in blind if "could not be looked at" in one.says}
    assert {Check.TOPIC, Check.SUBSCRIPTION, Check.DESTINATION, Check.BUCKET} <= unseen
    assert states(seeing, Level.WRONG) == set(), [
        one.sentence for one in seeing if one.level is Level.WRONG
    ]
    assert not any("could not be looked at" in one.says for one in seeing)


async def test_the_doctor_names_the_permissions_that_are_missing(newcomers: Newcomers) -> None:
    with newcomers.place.acting("consume", "archive", "notify", "look"):
        found = {one.what: one for one in await examined(newcomers)}

    assert found["permission to consume"].level is Level.OK
    assert "sqs:ReceiveMessage: not tried" in found["permission to consume"].details

    with newcomers.place.acting("archive", "notify", "enforce", "observe"):
        found = {one.what: one for one in await examined(newcomers)}

    consume = found["permission to consume"]
    assert consume.level is Level.WRONG
    assert "AWS refuses sqs:GetQueueAttributes, sqs:GetQueueUrl" in consume.says
    assert consume.advice == "Allow it as docs/iam/consume.json does."


async def test_the_daemon_may_write_policies_of_blocks_and_stops_and_no_others(
    newcomers: Newcomers,
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    access = Access(newcomers.program.administration.clients)
    for name in ("block-bakery-1", "stop-bakery-1"):
        with newcomers.place.acting(*RUN):
            arn = await access.put_policy(name, "/sesaudit/", deny_everything(), {"sesauditd": "x"})
            await access.attach(domain, arn)
            assert await access.inline_policies(domain) == ["sesaudit-send"]
            await access.detach(domain, arn)
            await access.delete_policy(arn)
    with newcomers.place.acting(*RUN), pytest.raises(Forbidden, match="iam:"):
        await access.put_policy("other-1", "/sesaudit/", deny_everything(), {})
