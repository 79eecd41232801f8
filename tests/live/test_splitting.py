"""Splitting a shared login at the sandbox: who still uses it is seen, and then it goes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.bootstrap.credentials import splitting_of
from sesauditd.errors import Failed, Refused
from sesauditd.model.splitting import state_of
from sesauditd.store.splits import Splits
from tests.support import feedback as ses
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, newcomers_at
from tests.support.roles import TAKE_OVER
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")
DAY = timedelta(days=1)
SHARED = "everybody"


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*TAKE_OVER) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("splitting")) as made:
        yield made


def shared_user(newcomers: Newcomers, name: str, resource: str) -> str:
    """Make a user as the console does, and return its key."""
    ask = newcomers.place.asking.ask
    ask("iam", "CreateUser", UserName=name)
    statement = {"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    ask(
        "iam",
        "PutUserPolicy",
        UserName=name,
        PolicyName="AmazonSesSendingAccess",
        PolicyDocument=json.dumps(document),
    )
    return str(ask("iam", "CreateAccessKey", UserName=name)["AccessKey"]["AccessKeyId"])


def sent(domain: str, caller: str, moment: datetime, number: int) -> str:
    """Return the event of a mail that a domain's site sent by a user."""
    return json.dumps(
        ses.send(
            "jane@elsewhere.example",
            moment,
            domain=domain,
            caller=caller,
            message=f"message-{number}",
        )
    )


async def test_a_policy_of_identities_alone_would_stop_every_site(newcomers: Newcomers) -> None:
    shared_user(newcomers, "tight", "arn:aws:ses:eu-central-1:123456789012:identity/*")
    splitting = splitting_of(newcomers.program.administration)
    with pytest.raises(Refused, match=r"configuration-set/sesaudit-\*, too"):
        await splitting.check("tight", ["a.example"])
    with pytest.raises(Refused, match="no IAM user nobody"):
        await splitting.check("nobody", ["a.example"])


async def test_the_shared_login_goes_once_nobody_uses_it(
    newcomers: Newcomers, tmp_path: Path
) -> None:
    program = newcomers.program.administration.program
    splitting = splitting_of(newcomers.program.administration)
    key = shared_user(newcomers, SHARED, "*")
    domains = [newcomers.domain(), newcomers.domain()]
    await splitting.check(SHARED, domains)
    with pytest.raises(Refused, match="is not split"):
        await splitting.retire(SHARED, NOW)
    splits = Splits(database=program.database)
    for domain in domains:
        await newcomers.onboard(domain)
        await splits.begin(domain, SHARED, NOW - 10 * DAY)
        await splits.begin(domain, SHARED, NOW)

    lines = [
        sent(domains[0], SHARED, NOW - 9 * DAY, 1),
        sent(domains[0], domains[0], NOW - 8 * DAY, 2),
        sent(domains[1], SHARED, NOW - 7 * DAY, 3),
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines))
    assert (await program.replay([str(file)])).recorded == len(lines)

    (split,) = await splits.all()
    assert [state_of(one, NOW) for one in split.uses] == [
        "moved, not yet for long",
        "still by the shared login",
    ]
    with pytest.raises(Failed, match=rf"the last 14 days by {domains[0]}, {domains[1]}"):
        await splitting.retire(SHARED, NOW)
    assert await splitting.silent(NOW) == []
    much_later = NOW + 8 * DAY
    assert await splitting.silent(much_later) == [SHARED]
    assert await splitting.retire(SHARED, much_later) == [key]
    found = newcomers.place.asking.ask("iam", "ListAccessKeys", UserName=SHARED)
    assert [one["Status"] for one in found["AccessKeyMetadata"]] == ["Inactive"]
    assert await splitting.silent(much_later) == []
