from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from sesauditd.sandbox.authorization import Credential
from sesauditd.sandbox.mail.password import smtp_password
from sesauditd.sandbox.mail.smtp import Door25, smtp_server
from tests.support.mailing import REGION, SHOP, Post, letter

KEY = Credential(access_key_id="AKIASHOP", user=SHOP, secret="secret", active=True)
Result = TypeVar("Result")


@dataclass
class Keys:
    held: dict[str, Credential] = field(default_factory=lambda: {KEY.access_key_id: KEY})

    def credential(self, access_key_id: str) -> Credential | None:
        return self.held.get(access_key_id)


async def talking(post: Post, keys: Keys, talk: Callable[[smtplib.SMTP], Result]) -> Result:
    """Let a client of the standard library talk to the server."""

    def client(port: int) -> Result:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as connection:
            return talk(connection)

    door = Door25(post.sending, keys, REGION)
    async with smtp_server(door, host="127.0.0.1", port=0) as port:
        return await asyncio.to_thread(client, port)


def log_in(connection: smtplib.SMTP) -> None:
    connection.login(KEY.access_key_id, smtp_password(KEY.secret, REGION))


def mailed(connection: smtplib.SMTP, *recipients: str, sender: str = f"info@{SHOP}") -> str:
    connection.mail(sender)
    for one in recipients:
        connection.rcpt(one)
    code, words = connection.data(letter(*recipients, sender=sender))
    return f"{code} {words.decode()}"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_user_logs_in_with_the_derived_password_and_sends(mechanism: str) -> None:
    post = Post()

    def talk(connection: smtplib.SMTP) -> str:
        connection.ehlo()
        connection.esmtp_features["auth"] = mechanism
        log_in(connection)
        return mailed(connection, "a@x.example", "b@x.example")

    reply = await talking(post, Keys(), talk)
    event = post.board.events()[0]
    assert reply == f"250 Ok {event['mail']['messageId']}"
    assert event["mail"]["destination"] == ["a@x.example", "b@x.example"]
    assert event["mail"]["tags"]["ses:source-ip"] == ["127.0.0.1"]
    assert event["mail"]["tags"]["ses:operation"] == ["SendRawEmail"]


@pytest.mark.parametrize(
    ("keys", "login", "password"),
    [
        pytest.param(Keys(), "AKIAOTHER", smtp_password("secret", REGION), id="unknown"),
        pytest.param(Keys(), KEY.access_key_id, "secret", id="secret-itself"),
        pytest.param(
            Keys(), KEY.access_key_id, smtp_password("secret", "us-east-1"), id="other-region"
        ),
        pytest.param(
            Keys({KEY.access_key_id: replace(KEY, active=False)}),
            KEY.access_key_id,
            smtp_password("secret", REGION),
            id="inactive",
        ),
    ],
)
async def test_a_wrong_login_is_refused(keys: Keys, login: str, password: str) -> None:
    def talk(connection: smtplib.SMTP) -> tuple[int, bytes]:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            connection.login(login, password)
        error = caught.value.smtp_error
        assert isinstance(error, bytes)
        return caught.value.smtp_code, error

    assert await talking(Post(), keys, talk) == (535, b"Authentication Credentials Invalid")


async def test_nobody_sends_without_a_login() -> None:
    def talk(connection: smtplib.SMTP) -> str:
        connection.ehlo()
        return mailed(connection, "a@x.example")

    assert (await talking(Post(), Keys(), talk)).startswith("530 ")


async def test_a_key_that_was_made_inactive_ends_an_open_session() -> None:
    post, keys = Post(), Keys()

    def talk(connection: smtplib.SMTP) -> tuple[str, str]:
        log_in(connection)
        first = mailed(connection, "a@x.example")
        keys.held[KEY.access_key_id] = replace(KEY, active=False)
        return first, mailed(connection, "a@x.example")

    first, second = await talking(post, keys, talk)
    assert first.startswith("250 Ok")
    assert second == "535 Authentication Credentials Invalid"


async def test_a_refusal_is_told_in_sess_words_and_the_session_goes_on() -> None:
    post = Post()

    def talk(connection: smtplib.SMTP) -> tuple[str, str, str]:
        log_in(connection)
        denied = mailed(connection, "a@x.example", sender="info@foreign.example")
        post.change_set(sending_enabled=False)
        paused = mailed(connection, "a@x.example")
        post.change_set(sending_enabled=True)
        return denied, paused, mailed(connection, "a@x.example")

    denied, paused, sent = await talking(post, Keys(), talk)
    assert denied.startswith(f"554 Access denied: User `arn:aws:iam::123456789012:user/{SHOP}'")
    assert paused == (
        "554 Message rejected: Email sending is disabled for configuration set <sesaudit-shop>."
    )
    assert sent.startswith("250 Ok")


@pytest.mark.parametrize(
    ("region", "password"),
    [
        ("us-east-1", "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9"),
        ("eu-west-1", "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk"),
    ],
)
def test_passwords_are_derived_as_aws_does(region: str, password: str) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert smtp_password(secret, region) == password
