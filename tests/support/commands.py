"""The program as a person runs it against the sandbox, without the waits of the real AWS."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.pace import Pace
from tests.support.cli import Cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.accounts import Stood

MASTER = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}


@contextmanager
def commands_at(place: Stood, folder: Path) -> Iterator[Cli]:
    """Yield the program, each command under its documented role, at a sandbox."""
    made = Cli(folder=folder, now=None, environment=MASTER, acting=place.running)
    resolver = f"{place.sandbox.host}:{place.sandbox.dns_port}"
    made.configure(
        rest=f'[aws]\nregion = "{place.sandbox.region}"\n'
        f'account_id = "{place.sandbox.account_id}"\nendpoint_url = "{place.sandbox.url}"\n'
        f'[onboarding]\nresolver = ["{resolver}"]\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        # The real pace, one control call a second, is tried in its own tests.
        quick = Pace(per_second=10_000, burst=100)
        patch.setattr("sesauditd.aws.clients.steady_pace", lambda: quick)
        yield made
