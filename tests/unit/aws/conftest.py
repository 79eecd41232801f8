"""A wire for each module of tests, and credentials that open nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.aws.transport import Plain
from tests.unit.aws.wire import Wire, wired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sesauditd.aws.clients import Clients


@pytest.fixture(scope="package", autouse=True)
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _line() -> AsyncIterator[tuple[Wire, Clients]]:
    # Loading botocore's models takes longer than most tests.
    async with wired() as line:
        yield line


@pytest.fixture
def wire(_line: tuple[Wire, Clients]) -> Wire:
    _line[0].asked.clear()
    return _line[0]


@pytest.fixture(params=["lean", "aiobotocore"])
def transported(request: pytest.FixtureRequest, clients: Clients) -> Clients:
    """Return clients whose messages go one way, then those whose messages go the other."""
    if request.param == "lean":
        return clients
    return replace(clients, messages=Plain(clients.sqs))


@pytest.fixture
def clients(_line: tuple[Wire, Clients]) -> Clients:
    return _line[1]
