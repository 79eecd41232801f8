"""Each test of a contract runs twice: on the twin, and on the adapter with the sandbox behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.aws.clients import connect
from tests.contract.stands import World
from tests.support.sandboxes import sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        async with (
            sandbox() as running,
            connect(
                region=running.region,
                account_id=running.account_id,
                endpoint_url=running.url,
                lean=True,
            ) as clients,
        ):
            yield World(sandbox=running, clients=clients)


@pytest.fixture(params=["twin", "sandbox"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)
