"""The configuration says by which transport daemon and commands receive and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws import account
from sesauditd.aws.lean import Lean
from sesauditd.aws.queue import Queue
from sesauditd.aws.transport import Plain
from sesauditd.bootstrap import now, older
from sesauditd.bootstrap.live import live
from sesauditd.bootstrap.shelves import clients_of
from sesauditd.config import load

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.config import Settings

BOTH = pytest.mark.parametrize(
    ("line", "expected"),
    [("", Lean), ('transport = "lean"', Lean), ('transport = "aiobotocore"', Plain)],
)
HERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _the_right_account(monkeypatch: pytest.MonkeyPatch) -> None:
    async def checked(*_: object) -> None:
        return None

    monkeypatch.setattr(account, "check", checked)
    monkeypatch.setattr(older, "check_not_older", checked)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@BOTH
async def test_the_daemon_goes_by_the_configuration(
    tmp_path: Path, line: str, expected: type[Lean | Plain]
) -> None:
    async with live(_settings(tmp_path, line), clock=now) as opened:
        queue = opened.poller.queue
        assert isinstance(queue, Queue)
        assert type(queue._transport) is expected


@BOTH
async def test_commands_go_by_the_configuration(
    tmp_path: Path, line: str, expected: type[Lean | Plain]
) -> None:
    async with clients_of(_settings(tmp_path, line)) as clients:
        assert type(clients.messages) is expected


def _settings(folder: Path, line: str) -> Settings:
    file = folder / "config.toml"
    file.write_text(
        f'[aws]\nregion = "eu-central-1"\naccount_id = "123456789012"\nendpoint_url = "{HERE}"\n'
        f'[queue]\nurl = "{HERE}/123456789012/feedback"\n'
        'topic_arns = ["arn:aws:sns:eu-central-1:123456789012:feedback"]\n'
        f"{line}\n"
        '[archive]\nbucket = "example-archive"\n'
        '[notices]\nfrom = "post@example.com"\noperators = ["ops@example.com"]\n'
        f'[database]\nurl = "sqlite:///{folder}/test.db"\n'
    )
    return load(file, {})
