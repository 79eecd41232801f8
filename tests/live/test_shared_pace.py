"""SES bears one control call a second, whoever asks: the daemon and commands take turns."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.clients import Keys
from sesauditd.bootstrap.onboarding import administration
from sesauditd.bootstrap.program import now
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.config import load
from tests.support.sandboxes import sandbox

if TYPE_CHECKING:
    from pathlib import Path

CALLS = 6
KEYS = Keys(key_id="administrator", secret="administrator")


@pytest.mark.slow
async def test_two_programs_on_one_database_are_never_too_many(tmp_path: Path) -> None:
    async with sandbox(ses_calls_per_second=1.0) as at:
        file = tmp_path / "config.toml"
        file.write_text(
            f'[database]\nurl = "sqlite:///{tmp_path / "test.db"}"\n'
            f'[aws]\nregion = "{at.region}"\naccount_id = "{at.account_id}"\n'
            f'endpoint_url = "{at.url}"\n'
        )
        settings, tempo = load(file, {}), Tempo(keys=KEYS)
        async with (
            administration(settings, clock=now, tempo=tempo) as one,
            administration(settings, clock=now, tempo=tempo) as other,
        ):
            apis = [opened.clients.sesv2 for opened in (one, other)]
            await asyncio.gather(*(api.ask("GetAccount") for api in apis for _ in range(CALLS)))
        calls = at.recording.calls("sesv2")
    assert len(calls) == 2 * CALLS
    assert {one.status for one in calls} == {HTTPStatus.OK}
