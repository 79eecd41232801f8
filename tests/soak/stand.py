"""A place to soak the daemon: an emulator of SQS and S3 behind the sandbox's front."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import generator
from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.sandbox.operator import ROOT_KEY, Operator, operator
from sesauditd.sandbox.parts import ACCOUNT_ID
from sesauditd.store.register import Adoption
from tests.soak.letters import TOPIC, Letter
from tests.soak.processes import Process, asked, born, environment, ministack, python, started

if TYPE_CHECKING:
    from pathlib import Path

MOST_WAITING = 900
"""The emulator looks through its whole queue at each receive: kept under 1,000 deep."""
AT_ONCE = 10
ROOT = {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Everything that runs beside the daemon."""

    folder: Path
    account: Mapping[str, Any]
    """What the sandbox furnished: queue_url, dead_letters_url, bucket, endpoint_url."""
    asking: Operator
    """Asks through the front, where calls are counted and faults strike."""
    beside: Operator
    """Asks the emulator itself."""

    @property
    def config(self) -> Path:
        """Return the daemon's configuration."""
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        """Return the daemon's database."""
        return self.folder / "database" / "soak.db"

    @contextmanager
    def daemon(self) -> Iterator[Process]:
        """Run the daemon while the block runs, killed at its end if it lives still."""
        command = ("--config", str(self.config), "run")
        log = self.folder / f"daemon-{len(list(self.folder.glob('daemon-*')))}.log"
        with born(command, log, environment(**ROOT)) as process:
            yield process

    def fail(self, **fault: object) -> None:
        """Let calls at the front go wrong from now on."""
        asked(self.account["endpoint_url"], "POST", "/_sandbox/faults", fault)

    def heal(self) -> None:
        """Let everything go right again."""
        asked(self.account["endpoint_url"], "DELETE", "/_sandbox/faults")

    def changes(self, service: str) -> list[str]:
        """Return the calls at the front that asked a service to change something."""
        page = asked(
            self.account["endpoint_url"], "GET", f"/_sandbox/calls?write=1&service={service}"
        )
        assert isinstance(page, dict)
        return [str(call["operation"]) for call in page["calls"]]

    def depth(self, url: str | None = None) -> tuple[int, int]:
        """Return how many messages wait in a queue, and how many are in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.beside.ask(
            "sqs",
            "GetQueueAttributes",
            QueueUrl=url or self.account["queue_url"],
            AttributeNames=list(names),
        )["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def send(self, letters: Sequence[Letter], url: str | None = None) -> None:
        """Put messages into a queue."""
        for start in range(0, len(letters), AT_ONCE):
            entries = [
                {"Id": str(number), "MessageBody": letter.body}
                for number, letter in enumerate(letters[start : start + AT_ONCE])
            ]
            answer = self.beside.ask(
                "sqs",
                "SendMessageBatch",
                QueueUrl=url or self.account["queue_url"],
                Entries=entries,
            )
            assert not answer.get("Failed"), answer

    def feed(self, letters: Sequence[Letter], url: str | None = None) -> int:
        """Put messages into a queue as they are drained; return how deep it was at most."""
        deepest = 0
        for start in range(0, len(letters), 100):
            while (depth := sum(self.depth(url))) > MOST_WAITING - 100:
                time.sleep(0.01)
            self.send(letters[start : start + 100], url)
            deepest = max(deepest, depth + 100)
        return deepest

    def wait_empty(self, seconds: float) -> None:
        """Wait until nothing waits and nothing is in flight."""
        until = time.monotonic() + seconds
        while (depth := self.depth()) != (0, 0):
            assert time.monotonic() < until, f"{depth} messages are left after {seconds} s"
            time.sleep(0.05)

    def dead_letters(self) -> int:
        """Return how many messages the dead-letter queue holds."""
        return sum(self.depth(self.account["dead_letters_url"]))

    def most_receives(self, count: int) -> None:
        """Let the queue give a message up after so many receives."""
        arn = f"arn:aws:sqs:{self.account['region']}:{self.account['account_id']}:"
        redrive = {
            "deadLetterTargetArn": arn + self.account["dead_letters_url"].rsplit("/", 1)[-1],
            "maxReceiveCount": count,
        }
        self.beside.ask(
            "sqs",
            "SetQueueAttributes",
            QueueUrl=self.account["queue_url"],
            Attributes={"RedrivePolicy": json.dumps(redrive)},
        )


@contextmanager
def stand(folder: Path, program: str) -> Iterator[Stand]:
    """Start emulator and front, furnish an account, write a configuration in shadow mode."""
    with ExitStack() as stack:
        upstream = stack.enter_context(ministack(program, folder / "ministack.log", ACCOUNT_ID))
        front = stack.enter_context(
            started(python("-m", "tests.soak.front", upstream), folder / "front.log", environment())
        )
        assert isinstance(front.child, subprocess.Popen)
        assert front.child.stdout is not None
        line = front.child.stdout.readline()
        assert line, front.log.read_text()[-2000:]
        account = json.loads(line)
        where = {"region": account["region"], "account_id": account["account_id"]}
        asking = stack.enter_context(operator(account["endpoint_url"], **where))
        beside = stack.enter_context(operator(upstream, **where))
        made = Stand(folder=folder, account=account, asking=asking, beside=beside)
        made.database.parent.mkdir()
        made.config.write_text(_configuration(made))
        # What SES tried its topics with is none of the letters.
        asked(account["endpoint_url"], "POST", "/_sandbox/events")
        beside.ask("sqs", "PurgeQueue", QueueUrl=account["queue_url"])
        asked(account["endpoint_url"], "DELETE", "/_sandbox/calls")
        yield made


def register(stand: Stand) -> None:
    """Register the generator's domains, each a customer."""
    asyncio.run(_registered(stand))


@contextmanager
def sampled(process: Process, every_seconds: float) -> Iterator[list[tuple[float, float]]]:
    """Look at the memory of a process beside the block: seconds since the start, MiB."""
    ended, samples, begun = threading.Event(), [], time.monotonic()

    def look() -> None:
        while not ended.wait(every_seconds):
            samples.append((time.monotonic() - begun, process.memory_mib()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _configuration(stand: Stand) -> str:
    account = stand.account
    sections: Mapping[str, Mapping[str, object]] = {
        "aws": {name: account[name] for name in ("region", "account_id", "endpoint_url")},
        "queue": {
            "url": account["queue_url"],
            "topic_arns": [account["topic_arn"], TOPIC],
            "visibility_seconds": 30,
        },
        "archive": {"bucket": account["bucket"]},
        "database": {"url": f"sqlite:///{stand.database}"},
        "policy": {"mode": "shadow"},
        "notices": {"from": f"Hosting <postmaster@{account['notice_domain']}>"},
        "log": {"format": "json"},
    }
    return "\n".join(
        line
        for name, values in sections.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(one)}" for key, one in values.items()))
    )


async def _registered(stand: Stand) -> None:
    domains = [generator.domain(number) for number in range(1, generator.DOMAINS + 1)]
    async with bootstrap.application(load(stand.config, {})) as application:
        await application.adopt(
            [
                Adoption(domain=domain, customer=domain, contact="owner@contact.example")
                for domain in domains
            ]
        )
