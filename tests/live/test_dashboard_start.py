"""What a person meets who starts the daemon with a dashboard that cannot be served as asked."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Stage

TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


def answered(url: str, **headers: str) -> int:
    async def ask() -> int:
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status

    return asyncio.run(ask())


def test_a_place_that_others_reach_is_not_opened_without_a_token(
    live: Stage, tmp_path: Path
) -> None:
    open_to_all = live.daemon(SESAUDITD_WEB__BIND="0.0.0.0:0")
    missing = live.daemon(
        SESAUDITD_WEB__BIND="0.0.0.0:0", SESAUDITD_WEB__TOKEN_FILE=str(tmp_path / "none")
    )
    said = []
    for daemon in (open_to_all, missing):
        assert daemon.ended() == 2
        assert daemon.log() == []
        said += daemon.said().splitlines()
    assert said == [
        (
            "sesauditd: web.bind 0.0.0.0:0 can be reached by others: set web.token_file to a file "
            "with a long random token (openssl rand -hex 32), or bind to 127.0.0.1"
        ),
        f"sesauditd: web.token_file {tmp_path}/none: cannot be read: No such file or directory",
    ]


@pytest.mark.slow
def test_port_0_takes_a_free_one_and_the_token_opens_it(live: Stage, token: Path) -> None:
    daemon = live.daemon(
        SESAUDITD_WEB__BIND="0.0.0.0:0", SESAUDITD_WEB__TOKEN_FILE=str(token)
    ).ready()
    daemon.until(lambda: daemon.log("dashboard_ready"), "the dashboard")
    (served,) = daemon.log("dashboard_ready")
    assert served["token"] is True
    port = served["url"].removesuffix("/").rpartition(":")[2]
    assert port != "0"
    url = f"http://127.0.0.1:{port}/"
    assert answered(url) == 401
    assert answered(url, Authorization="Bearer wrong") == 401
    assert answered(url, Authorization=f"Bearer {TOKEN}") == 200
    assert daemon.stop() == 0


def test_a_port_that_is_taken_stops_no_mail_from_being_read(live: Stage, taken: int) -> None:
    daemon = live.daemon(SESAUDITD_WEB__BIND=f"127.0.0.1:{taken}").ready()
    daemon.until(lambda: daemon.log("dashboard_not_served"), "the dashboard to give up")
    (line,) = daemon.log("dashboard_not_served")
    assert line["bind"] == f"127.0.0.1:{taken}"
    assert line["reason"] == (
        "another program listens there: set another port in web.bind, or stop it"
    )
    assert live.mail("shop.example", "anna@good.example") == 250
    live.tell()
    daemon.until(lambda: live.count("events") == 2, "the Send and the Delivery")
    assert daemon.stop() == 0
    assert daemon.said() == ""
