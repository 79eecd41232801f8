"""Messages signed by SNS, forged ones, and alarms, through all parts at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from moto.core.utils import unix_time_millis
from moto.sqs.models import Queue, sqs_backends

from sesauditd.config import load
from sesauditd.errors import Missing, Unavailable
from sesauditd.ingest.fetching import HttpsFetcher
from sesauditd.sandbox.mail.world import Mailbox, Reply, World
from sesauditd.store import tables
from tests.live import stories
from tests.live.stories import NOON, OPERATOR, TAKEN, Playhouse, playhouse, story
from tests.support import feedback

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.config import Settings
    from sesauditd.sandbox.mail.signing import Signer
    from tests.live.stories import Story


@pytest.fixture(scope="module")
def house() -> Iterator[Playhouse]:
    with playhouse() as opened:
        yield opened


def configured(patch: pytest.MonkeyPatch, keys: Mapping[str, str], without: str = "") -> None:
    """Give the story's daemon more keys than a story has, and one less."""

    def loaded(path: Path, _: Mapping[str, str]) -> Settings:
        lines = path.read_text().splitlines(keepends=True)
        kept = [one for one in lines if not without or not one.startswith(f"{without} =")]
        path.write_text("".join(kept))
        return load(path, keys)

    patch.setattr(stories, "load", loaded)


# Trust by signature.


@dataclass(slots=True)
class Host:
    """Where SNS keeps its certificate."""

    signer: Signer
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.away:
            raise Unavailable("the certificate's host answers 503")
        if url != self.signer.certificate_url:
            raise Missing("there is no certificate: 404")
        return self.signer.certificate_pem


@pytest.fixture
def host(house: Playhouse, monkeypatch: pytest.MonkeyPatch) -> Host:
    configured(monkeypatch, {"SESAUDITD_QUEUE__TRUST": "signature"})
    office = house.sandbox.office
    office.world.world = World(mailboxes=(Mailbox(address="*@dead.example", reply=Reply.HARD),))
    opened = Host(office.signer)
    monkeypatch.setattr(HttpsFetcher, "fetch", lambda _, url: opened.fetch(url))
    return opened


async def mailed(told: Story, domain: str, who: str) -> None:
    """Let a mail of the domain meet a dead mailbox."""
    assert await told.mail(domain, f"{who}@dead.example") == TAKEN
    await told.pass_time(minutes=1)


def shown_again(told: Story) -> None:
    """Let the time be over for which messages were put back."""
    for message in queue(told)._messages:
        message.visible_at = unix_time_millis() - 1


def queue(told: Story) -> Queue:
    at = told.house.furnished
    found: Queue = sqs_backends[at.account_id][at.region].get_queue(at.queue_url.split("/")[-1])
    return found


def certificates(told: Story) -> list[str]:
    found = told.ask("s3", "ListObjectsV2", Bucket=told.house.furnished.bucket)["Contents"]
    return [one["Key"] for one in found if "/certs/" in one["Key"]]


async def test_what_sns_signed_is_enforced_from_and_its_certificate_kept_once(
    house: Playhouse, tmp_path: Path, host: Host
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        for who in ("anna", "bert"):
            await mailed(told, shop, who)
            await told.settle()
        kinds = sorted(one["kind"] for one in await told.rows(tables.events))
        assert kinds == ["Bounce", "Bounce", "Send", "Send"]
        assert await told.rows(tables.quarantine) == []
        assert await told.states() == [("block_recipient", "done")] * 2
        assert host.asked == [host.signer.certificate_url]
        (key,) = certificates(told)
        url = hashlib.sha256(host.signer.certificate_url.encode()).hexdigest()
        pem = hashlib.sha256(host.signer.certificate_pem).hexdigest()
        assert key.endswith(f"/certs/{url}/{pem}.pem")


async def test_what_somebody_put_into_the_queue_is_kept_and_nothing_follows(
    house: Playhouse, tmp_path: Path, host: Host
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        told.forget_calls()
        await told.tell(*told.bounces(shop, 30))
        assert await told.rows(tables.events) == []
        reasons = [one["reason"] for one in await told.rows(tables.quarantine)]
        assert len(reasons) == 30
        assert all(one.startswith("unverified: ") for one in reasons)
        assert await told.actions() == []
        assert told.writes() == []
        assert set(host.asked) <= {host.signer.certificate_url}


async def test_a_certificate_that_cannot_be_fetched_is_waited_for(
    house: Playhouse, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesauditd.ingest.certificates.AWAY_SECONDS", 0.0)
    host.away = True
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await mailed(told, shop, "anna")
        await told.settle()
        assert await told.rows(tables.events) == await told.rows(tables.quarantine) == []
        assert len(queue(told)._messages) >= 2
        host.away = False
        shown_again(told)
        await told.settle()
        assert await told.states() == [("block_recipient", "done")]
        assert await told.rows(tables.quarantine) == []
        assert len(queue(told)._messages) == 0


async def test_what_nobody_can_verify_in_the_end_is_kept_and_nothing_follows(
    house: Playhouse, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesauditd.ingest.certificates.AWAY_SECONDS", 0.0)
    host.away = True
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await mailed(told, shop, "anna")
        for _ in range(4):
            shown_again(told)
            await told.settle()
        reasons = [one["reason"] for one in await told.rows(tables.quarantine)]
        assert len(reasons) >= 2
        assert all("503" in one for one in reasons)
        assert await told.actions() == []
        assert len(queue(told)._messages) == 0


# Alarms.


@dataclass(slots=True)
class Pager:
    """An operator's two roads that are not mail."""

    printed: Path
    keys: Mapping[str, str] = field(default_factory=dict)
    posted: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.posted.append(await request.json())
        return web.Response()

    @property
    def heard(self) -> list[tuple[str, str]]:
        """What the webhook got; the command must have got the same."""
        lines = self.printed.read_text().splitlines() if self.printed.exists() else []
        by_command = [json.loads(one) for one in lines if one.startswith("{")]
        assert sorted(map(told_of, by_command)) == sorted(map(told_of, self.posted))
        # What operators get by mail comes here, too; these tests are about alarms.
        found = [told_of(one) for one in self.posted if one["severity"] != "note"]
        self.posted.clear()
        self.printed.unlink(missing_ok=True)
        return found


def told_of(document: Mapping[str, Any]) -> tuple[str, str]:
    return document["severity"], document["name"]


@pytest.fixture
async def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pager]:
    opened = Pager(printed=tmp_path / "pages")
    script = tmp_path / "page-me"
    script.write_text(f"#!/bin/sh\ncat >> {opened.printed}\n")
    script.chmod(0o755)
    app = web.Application()
    app.router.add_post("/", opened.take)
    async with TestServer(app) as server:
        opened.keys = {
            "SESAUDITD_ALERTS__WEBHOOK": str(server.make_url("/")),
            "SESAUDITD_ALERTS__COMMAND": str(script),
        }
        configured(monkeypatch, opened.keys)
        yield opened


async def look(told: Story, **wanted: object) -> None:
    """Let AWS decide something about the account, and the daemon look at it twice."""
    told.steer(**wanted)
    for _ in range(2):
        await told.pass_time(minutes=6)
        await told.ring()


async def test_what_is_wrong_with_the_account_is_said_once_and_its_end_once(
    house: Playhouse, tmp_path: Path, pager: Pager
) -> None:
    async with story(house, tmp_path) as told:
        await look(told)
        assert pager.heard == []
        await look(told, production=False)
        assert pager.heard == [("trouble", "account_sandbox")]
        await look(told, enforcement="PROBATION", production=True)
        assert pager.heard == [("trouble", "account_status"), ("recovered", "account_sandbox")]
    async with story(house, tmp_path) as told:
        await told.go_to(NOON + timedelta(hours=1))
        await look(told, enforcement="PROBATION")
        assert pager.heard == []
        await look(told, enforcement="SHUTDOWN")
        assert pager.heard == [("trouble", "account_status")]
        await look(told, enforcement="HEALTHY", sending_enabled=False)
        assert pager.heard == [("recovered", "account_status"), ("trouble", "account_sending")]
        await look(told, sending_enabled=True)
        assert pager.heard == [("recovered", "account_sending")]
        told.ask("sesv2", "PutAccountSuppressionAttributes", SuppressedReasons=["COMPLAINT"])
        await look(told)
        assert pager.heard == [("trouble", "account_suppression")]
        told.ask("sesv2", "PutAccountSuppressionAttributes", SuppressedReasons=["BOUNCE"])
        await look(told)
        assert pager.heard == [("recovered", "account_suppression")]


@pytest.mark.slow
async def test_silence_while_mail_is_sent_is_said_once_and_its_end_once(
    house: Playhouse, tmp_path: Path, pager: Pager
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await mailed(told, shop, "anna")
        await told.ring()
        for _ in range(16):
            assert await told.mail(shop, "reader@good.example") == TAKEN
            await told.pass_time(minutes=30)
            queue(told)._messages.clear()
            await told.ring()
        assert pager.heard == [("trouble", "dead_pipe")]
        (trouble,) = await told.rows(tables.notices, kind="trouble")
        assert trouble["state"] == "sent"
        assert await told.mail(shop, "reader@good.example") == TAKEN
        await told.pass_time(minutes=6)
        await told.settle()
        await told.pass_time(minutes=6)
        await told.ring()
        assert pager.heard == [("recovered", "dead_pipe")]


async def test_dead_letters_are_said_once_though_sqs_did_not_answer_at_the_start(
    house: Playhouse, tmp_path: Path, pager: Pager
) -> None:
    house.clean()
    at = house.furnished
    house.asking.ask("sqs", "SendMessage", QueueUrl=at.dead_letters_url, MessageBody="lost")
    async with story(house, tmp_path) as told:
        told.fail("sqs", "GetQueueAttributes", action="reset", times=0)
        await told.ring()
        assert pager.heard == []
        told.heal()
        await look(told)
        assert pager.heard == [("trouble", "dead_letters")]
        dead = at.dead_letters_url.rsplit("/", 1)[-1]
        sqs_backends[at.account_id][at.region].get_queue(dead)._messages.clear()
        await look(told)
        assert pager.heard == [("recovered", "dead_letters")]


async def test_a_block_that_waits_for_aws_is_told_of_once_however_often_it_is_tried(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        told.ask("sesv2", "CreateEmailIdentity", EmailIdentity=OPERATOR)
        told.steer(production=False, confirm=[OPERATOR])
        for day in range(4):
            who = f"dead{day // 2}@x.example"
            await told.tell(feedback.bounce(who, told.now[0], domain=shop, caller=shop))
            await told.pass_time(days=1)
            await told.ring()
        assert await told.states() == [("block_recipient", "pending")] * 2
        waiting = await told.rows(tables.notices, kind="action_waiting")
        assert [one["state"] for one in waiting] == ["sent", "sent"]
        told.steer(production=True)
        await told.pass_time(days=1)
        await told.ring()
        assert await told.states() == [("block_recipient", "done")] * 2


# Notices that cannot leave.


@pytest.mark.slow
async def test_throttled_notices_are_sent_later_each_once(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path) as told:
        domains = [await told.onboard(f"shop{number}") for number in range(4)]
        told.fail("sesv2", "SendEmail", action="throttle", times=0)
        for one in domains:
            await told.decide("disable", one, "a stolen login")
        for _ in range(6):
            await told.settle()
            await told.pass_time(minutes=2)
        assert await told.told() == []
        assert told.letters() == []
        told.heal()
        for _ in range(8):
            await told.pass_time(minutes=30)
            await told.settle()
        states = [one["state"] for one in await told.rows(tables.notices)]
        assert states == ["sent"] * 8
        assert len(told.letters()) == 8


@pytest.mark.parametrize("lacking", ["operators", "from"])
async def test_nobody_to_write_to_or_from_is_an_alarm_and_no_end(
    house: Playhouse,
    tmp_path: Path,
    pager: Pager,
    monkeypatch: pytest.MonkeyPatch,
    lacking: str,
) -> None:
    configured(monkeypatch, pager.keys, without=lacking)
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await told.decide("disable", shop, "a stolen login")
        await told.settle()
        assert await told.states() == [("disable_domain", "done")]
        outcomes = {one["kind"]: one["outcome"] for one in await told.rows(tables.notices)}
        assert f"set notices.{lacking}" in outcomes["action_done"]
        assert pager.heard == [("trouble", "notices_unsent")]
