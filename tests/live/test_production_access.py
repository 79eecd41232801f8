"""Asking the sandbox for production access, and following the review."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.bootstrap.production import production_access
from sesauditd.errors import Refused
from sesauditd.model.production import Request, Review
from sesauditd.sandbox.ses.steering import steer
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, newcomers_at
from tests.support.roles import SETUP
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from datetime import datetime

    from tests.support.accounts import Stood

REQUEST = Request(website="https://host.example", description="Order mails.")
HOUR = timedelta(hours=1)


@pytest.fixture
def place() -> Iterator[Stood]:
    with stood(*SETUP) as opened:
        yield opened


@pytest_asyncio.fixture
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("production")) as made:
        yield made


async def test_a_request_is_made_once_and_followed_until_it_is_granted(
    newcomers: Newcomers,
) -> None:
    told: list[str | None] = []

    async def report(
        name: str, state: str | None, said: str, details: Mapping[str, object], now: datetime
    ) -> None:
        assert (name, bool(said)) == ("production_access", True)
        told.append(state)

    access = production_access(newcomers.program.administration)
    with pytest.raises(Refused, match="has production access"):
        await access.check()
    steer(newcomers.place.sandbox.ses, {"production": False})
    await access.follow(report, NOW)
    assert told == []
    standing = await access.ask(REQUEST, NOW)
    assert (standing.review, standing.case) == (Review.PENDING, "case-1")
    newcomers.place.forget_calls()
    with pytest.raises(Refused, match="AWS reviews the request, case case-1"):
        await access.ask(REQUEST, NOW)
    assert newcomers.place.writes() == 0
    await access.follow(report, NOW)
    await access.follow(report, NOW + HOUR / 2)
    steer(newcomers.place.sandbox.ses, {"production": True})
    await access.follow(report, NOW + HOUR)
    await access.follow(report, NOW + 3 * HOUR)
    assert told == ["pending", None]
