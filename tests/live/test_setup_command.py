"""`sesauditd setup` as a person runs it, and the daemon that works on what it made."""

from __future__ import annotations

import json
import os
import smtplib
from dataclasses import replace
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from sesauditd.aws.clients import Keys
from sesauditd.bootstrap.live import live
from sesauditd.config import load
from sesauditd.sandbox.domains import onboard
from sesauditd.sandbox.operator import ROOT_KEY
from sesauditd.store import tables
from sesauditd.store.register import Adoption
from tests.support.accounts import ACCOUNT, BOUNDARY, BUCKET, QUICK, RESOURCES, TOPIC, Stood, stood
from tests.support.program import Program
from tests.support.roles import SETUP
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOMAIN = "bakery.example"
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
CONFLICTS, DONE, PENDING, USAGE = 1, 0, 4, 2


class WithKeys(Program):
    """The program with a key that is held to the role of setup."""

    @property
    @override
    def environment(self) -> dict[str, str]:
        return super().environment | KEYS


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*SETUP) as opened:
        yield opened


@pytest.fixture
def program(place: Stood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr("sesauditd.aws.clients.steady_pace", lambda: None)
    place.wipe()
    lines = [
        "# Mine.",
        "[database]",
        f'url = "{tmp_path / "test.db"}"',
        "[aws]",
        f'endpoint_url = "{place.sandbox.url}"  # The sandbox.',
        "[queue]",
        "# Kept.",
        '#url = "https://example"',
    ]
    (tmp_path / "config.toml").write_text("\n".join(lines) + "\n")
    return WithKeys(tmp_path)


def test_a_plan_ends_with_4_until_it_is_carried_out(place: Stood, program: Program) -> None:
    first = program.run("setup", "--plan")
    assert first.code == PENDING, first
    assert "+ SQS queue sesaudit-feedback: the daemon reads the feedback from it" in first.out
    assert "~ SES account suppression" in first.out
    assert 'reasons: ["BOUNCE", "COMPLAINT"] -> ["BOUNCE"]' in first.out

    place.forget_calls()
    asked = program.run("setup")
    assert (asked.code, place.writes()) == (USAGE, 0)
    assert "run it with --yes" in asked.err

    made = program.run("setup", "--yes")
    assert made.code == DONE, made
    assert f"Done: {RESOURCES} changes, each read back." in made.out
    assert f'[archive]\nbucket = "{BUCKET}"' in made.out

    assert (program.run("setup", "--plan").code, program.run("setup", "--yes").code) == (DONE, DONE)


def test_scripts_read_one_document(place: Stood, program: Program) -> None:
    planned = program.run("setup", "--plan", "--json")
    assert planned.code == PENDING
    assert (planned.json["pending"], planned.json["applied"]) == (True, False)
    assert len(planned.json["changes"]) == RESOURCES

    made = program.run("setup", "--yes", "--json")
    assert made.code == DONE, made
    assert made.json["applied"] is True
    assert made.json["settings"]["queue.topic_arns"] == [TOPIC]
    assert made.json["settings"]["aws.account_id"] == ACCOUNT


def test_what_is_in_the_way_is_named_with_both_values(place: Stood, program: Program) -> None:
    place.asking.ask("sns", "CreateTopic", Name="sesaudit-feedback")
    place.forget_calls()
    met = program.run("setup", "--yes")
    assert met.code == CONFLICTS
    assert "there is: one of this name without the tag sesauditd" in met.out
    assert "wanted:   tag sesauditd=main" in met.out
    assert place.writes() == 0
    assert program.run("setup", "--yes", "--take-over").code == DONE


def test_the_configuration_is_written_with_its_comments_kept(program: Program) -> None:
    made = program.run("setup", "--yes", "--write-config")
    assert made.code == DONE, made
    text = (program.folder / "config.toml").read_text()
    assert "# Mine." in text
    assert "# The sandbox." in text
    assert '#url = "https://example"\nurl = "http' in text
    assert load(program.folder / "config.toml", {}).archive.bucket == BUCKET
    again = program.run("setup", "--yes", "--write-config")
    assert "says all of it already" in again.out


def test_a_file_that_cannot_be_edited_safely_is_left_alone(program: Program) -> None:
    file = program.folder / "config.toml"
    odd = file.read_text().replace("[queue]", "") + "queue = {visibility_seconds = 60}\n"
    lines = odd.splitlines()
    file.write_text("\n".join([lines.pop(), *lines]) + "\n")
    before = file.read_text()
    met = program.run("setup", "--yes", "--write-config")
    assert met.code == USAGE, met
    assert file.read_text() == before
    assert f'topic_arns = ["{TOPIC}"]' in met.out


async def test_the_daemon_runs_on_what_setup_made(
    place: Stood, tmp_path: Path, program: Program
) -> None:
    async with place.opened(tmp_path, notices={"from": "postmaster@host.example"}) as opened:
        applied = await opened.apply(await opened.plan(), lambda _change, _moment: None)
        learnt = opened.settings(applied)
    sections: dict[str, dict[str, object]] = {}
    for (section, key), value in learnt.items():
        sections.setdefault(section, {})[key] = value
    sections["aws"]["endpoint_url"] = place.sandbox.url
    settings = load(place.configured(tmp_path, **sections), {})
    login = onboard(place.asking, DOMAIN, TOPIC, BOUNDARY)
    adoption = Adoption(domain=DOMAIN, customer="bakery", contact="o@home.example")
    # What setup may do is not what the daemon does: it works with the operator's own key here.
    tempo = replace(QUICK, keys=Keys(key_id=ROOT_KEY, secret=ROOT_KEY))
    async with live(settings, clock=lambda: NOW, tempo=tempo) as daemon:
        await daemon.program.adopt([adoption])
        message = EmailMessage()
        message["From"], message["To"] = f"wordpress@{DOMAIN}", "bounce@simulator.amazonses.com"
        message.set_content("Good day.\n")
        with smtplib.SMTP(place.sandbox.host, place.sandbox.smtp_port, timeout=30) as server:
            server.login(login.access_key_id, login.password)
            server.send_message(message)
        await daemon.settle()
        async with daemon.program.database.read() as connection:
            kinds = {row.kind for row in await connection.execute(tables.events.select())}
            strange = list(await connection.execute(tables.quarantine.select()))
    assert "bounce" in {kind.lower() for kind in kinds}
    assert strange == []
    objects = place.asking.ask("s3", "ListObjectsV2", Bucket=BUCKET)["Contents"]
    assert any("/raw/" in one["Key"] for one in objects)
    assert json.dumps(sections)
