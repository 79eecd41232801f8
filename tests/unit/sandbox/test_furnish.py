"""An account that is furnished: mail goes in by SMTP, and its feedback comes out of the queue."""

from __future__ import annotations

import asyncio
import json
import smtplib
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.sandbox import instructions
from sesauditd.sandbox.furnish import Furnished, Login, furnish
from sesauditd.sandbox.operator import operator
from tests.support.sandboxes import sandbox, sandbox_alone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.sandbox.running import Sandbox


def furnished(running: Sandbox, *domains: str) -> Furnished:
    return furnish(running.url, domains, region=running.region, account_id=running.account_id)


def send(host: str, port: int, username: str, password: str, *to: str, headers: str = "") -> None:
    domain = "shop.example"
    text = f"From: info@{domain}\r\nTo: {', '.join(to)}\r\nSubject: News\r\n{headers}\r\nHello\r\n"
    with smtplib.SMTP(host, port) as client:
        client.login(username, password)
        client.sendmail(f"info@{domain}", to, text)


def events(running: Sandbox, queue_url: str) -> Sequence[dict[str, Any]]:
    """Return the events that wait in the queue, of one receive."""
    with operator(running.url, region=running.region, account_id=running.account_id) as aws:
        found = aws.ask("sqs", "ReceiveMessage", QueueUrl=queue_url, MaxNumberOfMessages=10)
        texts = [json.loads(one["Body"])["Message"] for one in found.get("Messages", ())]
        return [json.loads(text) for text in texts if text.startswith("{")]


async def test_mail_of_a_furnished_domain_comes_back_as_feedback() -> None:
    async with sandbox() as running:
        account = await asyncio.to_thread(furnished, running, "shop.example", "club.example")
        login = account.logins["shop.example"]

        def mail(given: Login, *to: str, headers: str = "") -> None:
            where = (running.host, running.smtp_port)
            send(*where, given.access_key_id, given.password, *to, headers=headers)

        await asyncio.to_thread(mail, login, "bob@x.org", "bounce@simulator.amazonses.com")
        found = await asyncio.to_thread(events, running, account.queue_url)
        assert [one["eventType"] for one in found] == ["Send", "Delivery", "Bounce"]
        assert found[0]["mail"]["tags"]["ses:caller-identity"] == ["shop.example"]
        foreign = "X-SES-CONFIGURATION-SET: sesaudit-club-example\r\n"
        with pytest.raises(smtplib.SMTPDataError, match="not authorized"):
            await asyncio.to_thread(mail, login, "bob@x.org", headers=foreign)
        with pytest.raises(smtplib.SMTPDataError, match="not authorized"):
            await asyncio.to_thread(mail, account.logins["club.example"], "bob@x.org")


async def test_instructions_name_everything_that_must_be_pasted() -> None:
    async with sandbox() as running:
        account = await asyncio.to_thread(furnished, running, "shop.example")
        document = instructions.summary(running, account)
    configuration = tomllib.loads(str(document["configuration"]))
    assert configuration["queue"]["url"] == account.queue_url
    assert configuration["aws"]["endpoint_url"] == running.url
    assert instructions.environment(running)["AWS_ENDPOINT_URL"] == running.url
    assert instructions.login(account.logins["shop.example"], running)["encryption"] == "none"
    assert "queue_url" not in instructions.summary(running, None)


async def test_a_sandbox_runs_as_a_process_of_its_own() -> None:
    async with sandbox_alone("shop.example") as alone:
        login = alone.facts["logins"]["shop.example"]
        where = (login["host"], login["port"], login["username"], login["password"])
        await asyncio.to_thread(send, *where, "bob@x.org")
        inbox = await alone.admin("GET", "inbox")
        assert [one["to"] for one in inbox["mails"]] == [["bob@x.org"]]
        alone.process.terminate()
        assert await alone.process.wait() == 0
