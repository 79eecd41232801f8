"""`sesauditd doctor` at an account: in turn with all who share the database, and without one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws import clients
from sesauditd.aws.clients import Keys
from sesauditd.aws.pace import Pace
from sesauditd.bootstrap.checkup import examine
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.onboard.credentials import Server
from sesauditd.onboard.doctor import UNSHARED
from sesauditd.onboard.findings import Check, Level
from tests.support.accounts import ACCOUNT, REGION, stood
from tests.support.databases import rows_of
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sesauditd.config import Settings
    from sesauditd.onboard.findings import Finding
    from tests.support.accounts import Stood

PACED = Tempo(keys=Keys(key_id="administrator", secret="administrator"))


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    # A doctor tries what the daemon may do, and is refused what it does not hold itself.
    with stood("look", denied=None) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SES bear more calls a second than it does, so that nobody waits."""
    monkeypatch.setattr(clients, "control_pace", lambda: Pace(per_second=1000, burst=1))


async def examined(place: Stood, settings: Settings) -> Mapping[Check, Finding]:
    at = Server(host=place.sandbox.host, port=place.sandbox.smtp_port)
    found = await examine(settings, clock=lambda: NOW, server=at, tempo=PACED)
    return {one.check: one for one in found}


async def test_ses_is_asked_in_turn_with_the_daemon(place: Stood, tmp_path: Path) -> None:
    found = await examined(place, place.settings(tmp_path))

    assert found[Check.DATABASE].level is Level.OK
    assert found[Check.SUPPRESSION].level is not Level.OK
    turns = rows_of(tmp_path / "test.db", "SELECT name FROM paces")
    assert [one["name"] for one in turns] == [f"ses/{REGION}"]


async def test_without_a_database_aws_is_examined_all_the_same(
    place: Stood, tmp_path: Path
) -> None:
    (tmp_path / "test.db").mkdir()

    found = await examined(place, place.settings(tmp_path))

    assert found[Check.DATABASE].level is Level.WRONG
    assert found[Check.DATABASE].advice == UNSHARED
    assert found[Check.CREDENTIALS].level is Level.OK
    assert "also lists who complains" in found[Check.SUPPRESSION].says


async def test_where_aws_answers_nothing_it_is_asked_nothing_more(
    place: Stood, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        # Bound, and nobody listens: every connection is refused.
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        aws = {"region": REGION, "account_id": ACCOUNT, "endpoint_url": nowhere}
        found = await examined(place, place.settings(tmp_path, aws=aws))

    assert set(found) == {Check.DATABASE, Check.SMTP, Check.CREDENTIALS}
    assert found[Check.CREDENTIALS].level is Level.WRONG
    assert nowhere in found[Check.CREDENTIALS].says
    assert "endpoint_url" in found[Check.CREDENTIALS].advice
