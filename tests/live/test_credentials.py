"""The daemon's own credentials expire or change while it works."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from sesauditd.sandbox.faults import Fault
from tests.support import oracles
from tests.support.daemons import TAKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.daemons import Stage

SHOP = "shop.example"
EXPIRED = Fault(times=0, code="ExpiredToken", status=403)


def given(file: Path, key: str) -> None:
    """Write credentials as AWS's own tools do."""
    file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")


def asked_with(live: Stage) -> set[str]:
    """Return the keys with which SQS and S3 were asked since calls were forgotten."""
    calls = live.sandbox.recording.calls()
    return {one.access_key_id for one in calls if one.service in {"sqs", "s3"}}


@pytest.mark.slow
def test_expired_credentials_are_waited_for_and_others_taken_at_a_signal(
    live: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    given(file, "first")
    daemon = live.daemon(
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_SHARED_CREDENTIALS_FILE=str(file)
    ).ready()
    daemon.until(lambda: asked_with(live) == {"first"}, "it to ask with what the file says")

    live.sandbox.faults.add(EXPIRED)
    daemon.until(lambda: daemon.log("receive_failed"), "it to say that it may not receive")
    assert "ExpiredToken" in daemon.log("receive_failed")[0]["reason"]
    assert live.mail(SHOP, "anna@good.example") == TAKEN
    live.tell()
    live.sandbox.faults.clear()
    daemon.until(lambda: live.count("events") == 2, "it to go on by itself")

    given(file, "second")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: len(daemon.log("daemon_ready")) == 2, "it to work anew")
    live.forget_calls()
    oracles.alive(live, daemon, SHOP)
    assert asked_with(live) == {"second"}
    oracles.hold(live, daemon, SHOP)
    assert daemon.stop() == 0
