"""What a whole run leaves behind: nobody's address in full in the log, no secret anywhere."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from sesauditd.sandbox.operator import operator
from tests.support.accounts import stood
from tests.support.commands import commands_at
from tests.support.daemons import TAKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.accounts import Stood
    from tests.support.cli import Cli
    from tests.support.daemons import Daemon, Stage

SHOP, CLUB = "shop.example", "club.example"
ADDRESS = re.compile(r"[^\s\"'<>=(]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
TOKEN = "hidden-token-of-the-dashboard-7f3a"
KEY, SESSION = "hidden-half-of-a-key", "hidden-token-of-a-session"
HOOK, SERVICE = "hidden-path-of-the-webhook", "hidden-password-of-the-service"
SECRETS = {one: one for one in (TOKEN, KEY, SESSION, HOOK, SERVICE)}
"""Each stands nowhere but in the daemon's environment, or in a file that is named there."""
LOOK_SECONDS = 0.05


def found(secrets: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """Return which secret stands where, as it is or as JSON would write it."""
    return [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, kept in places.items()
        if secret.encode() in kept or json.dumps(secret)[1:-1].encode() in kept
    ]


def files(folder: Path, *besides: Path) -> dict[str, bytes]:
    """Return every file below a folder: databases with their logs, what was logged, all."""
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and one not in besides
    }


@contextmanager
def arguments_seen() -> Iterator[set[bytes]]:
    """Collect the arguments of every process of this machine while the block runs."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            for one in Path("/proc").glob("[0-9]*/cmdline"):
                # A process may end between being listed and being looked at.
                with suppress(OSError):
                    seen.add(one.read_bytes())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def archived(live: Stage) -> dict[str, bytes]:
    """Return every object of the archive, and what its key says."""
    at = live.furnished
    kept: dict[str, bytes] = {}
    with operator(at.endpoint_url, region=at.region, account_id=at.account_id) as asking:
        for one in asking.ask("s3", "ListObjectsV2", Bucket=at.bucket)["Contents"]:
            key = str(one["Key"])
            body = asking.ask("s3", "GetObject", Bucket=at.bucket, Key=key)["Body"].read()
            kept[key] = gzip.decompress(body) if key.endswith(".gz") else body
    return kept


async def looked(daemon: Daemon, paths: Iterable[str]) -> dict[str, bytes]:
    """Look at the dashboard with its token in the address, as a person does at first."""
    (ready,) = daemon.log("dashboard_ready")
    pages: dict[str, bytes] = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for path in paths:
            async with session.get(f"{ready['url']}{path}?token={TOKEN}") as answer:
                assert answer.status == 200
                pages[f"page {path}"] = await answer.read() + str(answer.headers).encode()
    return pages


def test_log_and_database_hold_no_secret_and_the_log_no_whole_address(live: Stage) -> None:
    live.mailboxes(
        {"address": "*@dead.example", "answer": "hard"},
        {"address": "*@cross.example", "answer": "complain"},
        {"address": "owner@club-home.example", "answer": "hard"},
    )
    token = live.folder / "token"
    token.write_text(TOKEN)
    with arguments_seen() as arguments:
        daemon = live.daemon(
            AWS_SECRET_ACCESS_KEY=KEY,
            AWS_SESSION_TOKEN=SESSION,
            SESAUDITD_ALERTS__WEBHOOK=f"http://127.0.0.1:9/{HOOK}",
            SESAUDITD_ALERTS__APPRISE=f"json://u:{SERVICE}@127.0.0.1:9/",
            SESAUDITD_WEB__TOKEN_FILE=str(token),
            SESAUDITD_WEB__BIND="127.0.0.1:0",
        ).ready()
        for who in ("anna.reader@dead.example", "bert.reader@cross.example", "carl@dead.example"):
            assert live.mail(SHOP, who) == TAKEN
            live.tell()
        daemon.until(lambda: "block_recipient carl@dead.example" in live.actions(), "a block")
        ran = live.done("disable", CLUB, "--reason", "carl@dead.example complained", "--json")
        daemon.until(lambda: live.tell() and daemon.log("contact_dead"), "a notice that came back")
        daemon.until(lambda: len(daemon.log("alarm_failed")) > 1, "roads that lead nowhere")
        blocked = live.done("block", "dora.reader@x.example", "--domain", SHOP, "--reason", "asked")
        daemon.until(lambda: daemon.log("dashboard_ready"), "the dashboard")
        pages = asyncio.run(looked(daemon, ("", "actions", "customers/shop", "metrics")))
        assert daemon.stop() == 0

    log = daemon.log_file.read_text()
    whole = {one for one in ADDRESS.findall(log) if "***" not in one}
    assert whole == set()
    assert "***@club-home.example" in log
    logins = live.furnished.logins.items()
    secrets = SECRETS | {f"{name}'s password": login.password for name, login in logins}
    places = {
        **files(live.folder, token),
        **archived(live),
        **pages,
        "arguments": b"\n".join(arguments),
        "mails": json.dumps(live.ask("GET", "inbox")).encode(),
        "what commands said": f"{ran.out}{ran.err}{blocked.out}{blocked.err}".encode(),
    }
    assert any(one.endswith((".db", "-wal")) for one in places)
    assert found(secrets, places) == []


# Commands that make and use passwords.

WHOSE = ("--customer", "bakery", "--contact", "anna@bakery-home.example")
DOMAIN = "secret.example"


@pytest.fixture
def place() -> Iterator[Stood]:
    with stood() as standing:
        yield standing


@pytest.fixture
def cli(place: Stood, tmp_path: Path) -> Iterator[Cli]:
    folder = tmp_path / "p"
    folder.mkdir()
    with commands_at(place, folder) as made:
        yield replace(made, environment=made.environment | {"AWS_SECRET_ACCESS_KEY": KEY})


@pytest.mark.slow
def test_commands_that_make_and_use_passwords_leave_none_behind(
    place: Stood, cli: Cli, tmp_path: Path
) -> None:
    place.asking.ask("route53", "CreateHostedZone", Name=DOMAIN, CallerReference=DOMAIN)
    assert cli.run("setup", "--yes").code == 0
    ours = [tmp_path / name for name in ("first", "second", "password", "third")]
    with arguments_seen() as arguments:
        made = cli.spawn("--debug", "onboard", DOMAIN, *WHOSE, "--yes", "--json", "--out", ours[0])
        renewed = cli.spawn(
            "--debug", "credentials", "rotate", DOMAIN, "--yes", "--json", "--out", ours[1]
        )
        user, password = login_in(ours[1])
        ours[2].write_text(password)
        where = ("--server", f"{place.sandbox.host}:{place.sandbox.smtp_port}", "--wait", "1")
        tried = cli.spawn(
            "--debug", "test", DOMAIN, "--user", user, "--password-file", ours[2], *where
        )
        # What fails must not tell more than what succeeds.
        failed = cli.spawn("--debug", "credentials", "rotate", DOMAIN, "--yes", "--out", ours[3])
    assert (made.code, renewed.code) == (0, 0), made.err + renewed.err
    assert failed.code != 0

    secrets = {"the operator's key": KEY}
    for file in ours[:2]:
        name, password = login_in(file)
        credential = place.sandbox.authorization.credential(name)
        assert credential is not None
        secrets |= {f"password of {name}": password, f"secret of {name}": credential.secret}
    assert len(found(secrets, {"the file for them": ours[0].read_bytes()})) == 1
    ran = (made, renewed, tried, failed)
    said = {" ".join(one.command[1:3]): f"{one.out}{one.err}".encode() for one in ran}
    assert found(secrets, {**files(cli.folder), **said, "arguments": b"\n".join(arguments)}) == []


def login_in(file: Path) -> tuple[str, str]:
    """Return user and password out of the file that `--out` wrote."""
    login = json.loads(file.read_text())
    return login["user"], login["password"]
