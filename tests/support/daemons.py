"""A real `sesauditd run`, as a process of its own, beside a sandbox that outlives it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import smtplib
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import aiohttp
from moto.core.utils import unix_time_millis
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from sesauditd.bootstrap import now
from sesauditd.sandbox.furnish import furnish
from sesauditd.sandbox.operator import operator
from sesauditd.sandbox.running import Options, start
from tests.support.databases import rows_of
from tests.support.nursery import Child, nursery
from tests.support.program import Program, Ran
from tests.support.roles import RUN, policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pytest

    from sesauditd.sandbox.furnish import Furnished
    from sesauditd.sandbox.recording import RecordedCall
    from sesauditd.sandbox.running import Sandbox

LOOKING = "looking"
"""A key that may look at everything, as an operator's for `test` and `doctor` does."""
OPERATOR = "ops@operator-home.example"
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 180.0
"""A machine with much else to do takes half a minute to start a daemon."""
TRANSPORT = "TESTED_TRANSPORT"
"""Names in the environment how the daemons of a run of tests receive and delete."""
CONTROL_PLANE = frozenset({"ses", "sesv2", "iam"})
TAKEN = 250
HOW_MANY = "SELECT count(*) FROM {}"
VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST" + b"-FILE!$H+H*"


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until the condition holds."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, f"waited {seconds:g} s in vain for: {what}"
        time.sleep(LOOK_SECONDS)


@dataclass(slots=True)
class Daemon:
    """One process of the daemon, and its log."""

    process: Child
    log_file: Path

    def log(self, event: str = "") -> list[dict[str, Any]]:
        """Return what it logged, or the lines of one event."""
        lines = self.log_file.read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [one for one in found if event in {"", one["event"]}]

    def said(self) -> str:
        """Return what it wrote besides its log."""
        lines = self.log_file.read_text().splitlines()
        return "\n".join(line for line in lines if not line.startswith("{"))

    def tail(self) -> str:
        """Return the end of what it wrote."""
        return "\n".join(self.log_file.read_text().splitlines()[-25:])

    def ready(self) -> Daemon:
        """Wait until it works."""
        self.until(lambda: self.log("daemon_ready"), "the daemon to be ready")
        return self

    def until(
        self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Wait until the condition holds, while the daemon lives."""
        met: list[object] = []

        def over() -> bool:
            ended = self.process.poll() is not None
            met.append(condition())
            return bool(met[-1]) or ended

        try:
            until(over, what, seconds)
            assert met[-1], f"the daemon ended with {self.process.returncode} before: {what}"
        except AssertionError as error:
            error.add_note(self.tail())
            raise

    def ended(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for its end and return its exit code; a signal's is its number, negative."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            error.add_note(self.tail())
            raise

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and return its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()


@dataclass(slots=True)
class Polls:
    """The long polls at SQS: short ones, so that nobody waits for those of a dead daemon."""

    most_seconds: int = 1
    under_way: list[str] = field(default_factory=list)

    def patch(self, patch: pytest.MonkeyPatch) -> None:
        """Cut every poll short, and count those that are not over."""
        whole = SQSBackend.receive_message

        def receive(backend: SQSBackend, name: str, most: int, wait: int, *more: Any) -> Any:
            self.under_way.append(name)
            try:
                return whole(backend, name, most, min(int(wait), self.most_seconds), *more)
            finally:
                self.under_way.remove(name)

        patch.setattr(SQSBackend, "receive_message", receive)


@dataclass(slots=True)
class Stage:
    """A sandbox with an account that is set up, and a daemon's configuration and database."""

    folder: Path
    sandbox: Sandbox
    furnished: Furnished
    program: Program
    polls: Polls
    daemons: list[Daemon] = field(default_factory=list)

    # The daemon.

    def daemon(self, failpoint: str = "", **environment: str) -> Daemon:
        """Start a daemon; a failpoint such as `intake.archived:1` kills it there."""
        log_file = self.folder / f"daemon-{len(self.daemons)}.log"
        given = {**self.environment, **environment}
        if failpoint:
            given["SESAUDITD_FAILPOINT"] = failpoint
        log_file.touch()
        daemon = Daemon(nursery().start(["run"], given, log_file), log_file)
        self.daemons.append(daemon)
        return daemon

    def killed_at(self, failpoint: str) -> None:
        """Run a daemon until a failpoint kills it."""
        daemon = self.daemon(failpoint)
        code = daemon.ended()
        assert code == -signal.SIGKILL, f"{failpoint}: ended with {code}\n{daemon.tail()}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a daemon: the operator's own key, nothing of this machine's."""
        return self.program.environment | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def run(self, *arguments: str) -> Ran:
        """Run a command of the program in this process, beside the daemon."""
        return self.program.run(*arguments)

    def done(self, *arguments: str) -> Ran:
        """Run a command that has to succeed."""
        ran = self.run(*arguments)
        assert ran.code == 0, ran
        return ran

    # Mail.

    def mail(
        self,
        domain: str,
        *to: str,
        configuration_set: str | None = None,
        attachment: bytes | None = None,
    ) -> int:
        """Hand a mail in by SMTP, as the domain's site does; return the server's last code."""
        login = self.furnished.logins[domain]
        message = EmailMessage()
        message["From"] = f"wordpress@{domain}"
        message["To"] = ", ".join(to)
        message["Subject"] = "News"
        if configuration_set is not None:
            message["X-SES-CONFIGURATION-SET"] = configuration_set
        message.set_content("Good day.\n")
        if attachment is not None:
            message.add_attachment(attachment, maintype="application", subtype="octet-stream")
        try:
            with smtplib.SMTP(self.sandbox.host, self.sandbox.smtp_port, timeout=30) as server:
                server.login(login.access_key_id, login.password)
                server.sendmail(f"wordpress@{domain}", list(to), message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            return next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        return TAKEN

    def mailboxes(self, *entries: Mapping[str, object]) -> None:
        """Say how addresses answer."""
        self.ask("PUT", "mailboxes", {"mailboxes": list(entries)})

    def tell(self) -> int:
        """Let SES tell now what is due; return how many events were published until now."""
        told = self.ask("POST", "events")
        assert not told["lost"], told
        published: int = told["published"]
        return published

    def notices(self) -> list[dict[str, Any]]:
        """Return the daemon's own mails that were delivered."""
        mails = self.ask("GET", "inbox")["mails"]
        own = self.furnished.notice_set
        return [one for one in mails if one["configuration_set"] == own]

    def notice_ids(self) -> Counter[str]:
        """Return how often each notice was delivered, by its Message-ID."""
        return Counter(dict(one["headers"])["Message-ID"] for one in self.notices())

    # AWS.

    def ask(self, method: str, page: str, document: object = None) -> dict[str, Any]:
        """Ask the sandbox itself."""
        return asyncio.run(_asked(method, f"{self.sandbox.url}/_sandbox/{page}", document))

    def state(self) -> dict[str, Any]:
        """Return all that stands at SES and IAM."""
        return self.ask("GET", "state")

    def writes(self, services: frozenset[str] = CONTROL_PLANE) -> list[RecordedCall]:
        """Return the calls that asked these services to change something."""
        calls = self.sandbox.recording.calls(writes=True)
        return [one for one in calls if one.service in services]

    def forget_calls(self) -> None:
        """Count calls from now on."""
        self.sandbox.recording.clear()

    def queue_depths(self) -> tuple[int, int]:
        """Return how many messages the queue and its dead-letter queue hold, hidden ones too."""
        dead_letters = self._queue(self.furnished.dead_letters_url)
        return len(self._queue()._messages), len(dead_letters._messages)

    def _queue(self, url: str = "") -> Queue:
        at = self.furnished
        name = (url or at.queue_url).rsplit("/", 1)[-1]
        return sqs_backends[at.account_id][at.region].get_queue(name)

    def hidden(self) -> int:
        """Return how many messages of the queue somebody has in hand."""
        return sum(not message.visible for message in self._queue()._messages)

    def forget_receipts(self) -> None:
        """Let the visibility timeout of a dead daemon's messages be over.

        Its polls go on at SQS, and what they would bring is hidden again: they end first.
        """
        until(lambda: not self.polls.under_way, "the polls of the dead to end")
        for message in self._queue()._messages:
            message.visible_at = unix_time_millis() - 1

    def archived(self) -> list[dict[str, Any]]:
        """Return every line of the archive's raw objects."""
        at = self.furnished
        lines: list[dict[str, Any]] = []
        with operator(at.endpoint_url, region=at.region, account_id=at.account_id) as asking:
            listed = asking.ask("s3", "ListObjectsV2", Bucket=at.bucket).get("Contents", ())
            for key in (str(one["Key"]) for one in listed):
                if "/raw/" in key:
                    body = asking.ask("s3", "GetObject", Bucket=at.bucket, Key=key)["Body"].read()
                    lines += [json.loads(line) for line in gzip.decompress(body).splitlines()]
        return lines

    # The database.

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return the rows of a query on the database."""
        return rows_of(self.folder / "test.db", query, *values)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        found: int = self.rows(HOW_MANY.format(table))[0][0]
        return found

    def ignored(self) -> int:
        """Return how many messages the daemons took note of without recording an event."""
        return sum(line["ignored"] for one in self.daemons for line in one.log("batch_recorded"))

    def actions(self) -> dict[str, str]:
        """Return the state of each action, by its kind and subject."""
        query = "SELECT kind, coalesce(recipient, domain, customer) AS who, state FROM actions"
        return {f"{row['kind']} {row['who']}": row["state"] for row in self.rows(query)}


@contextmanager
def stage(
    folder: Path,
    patch: pytest.MonkeyPatch,
    domains: Mapping[str, str],
    policy: str = 'mode = "enforce"',
    clock: Callable[[], Any] = now,
    roles: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[Stage]:
    """Open a stage with domains by customer; what is started on it is dead at the end.

    The daemon may do at AWS what docs/iam allows it, and nothing more.
    """
    polls = Polls()
    polls.patch(patch)
    given = {LOOKING: policies("look"), **(roles or {})}
    with _sandbox(Options(clock=clock, role=policies(*RUN), roles=given)) as sandbox:
        furnished = furnish(
            sandbox.url, list(domains), region=sandbox.region, account_id=sandbox.account_id
        )
        program = Program.made(folder, policy)
        _configure(folder, furnished)
        opened = Stage(folder, sandbox, furnished, program, polls)
        for domain, customer in domains.items():
            program.adopt(domain, customer, "--iam-user", domain, "--since", "2020-01-01")
        opened.forget_calls()
        try:
            yield opened
        finally:
            for one in opened.daemons:
                one.kill()


@contextmanager
def _sandbox(options: Options) -> Iterator[Sandbox]:
    """Run a sandbox in its own thread, for tests without a loop."""
    with asyncio.Runner() as runner:
        opening = start(options)
        sandbox = runner.run(opening.__aenter__())
        try:
            yield sandbox
        finally:
            runner.run(opening.__aexit__(None, None, None))


def _configure(folder: Path, furnished: Furnished) -> None:
    sections: dict[str, dict[str, object]] = {
        "aws": {
            "region": furnished.region,
            "account_id": furnished.account_id,
            "endpoint_url": furnished.endpoint_url,
        },
        "queue": {
            "url": furnished.queue_url,
            "topic_arns": [furnished.topic_arn],
            "transport": os.environ.get(TRANSPORT, "lean"),
        },
        "archive": {"bucket": furnished.bucket},
        "notices": {"from": f"postmaster@{furnished.notice_domain}", "operators": [OPERATOR]},
        "log": {"format": "json"},
    }
    with (folder / "config.toml").open("a") as file:
        for section, keys in sections.items():
            file.write(f"[{section}]\n")
            file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


async def _asked(method: str, url: str, document: object) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=document) as response,
    ):
        response.raise_for_status()
        found: dict[str, Any] = await response.json()
        return found
