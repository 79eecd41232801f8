"""A theatre for stories: one sandbox, and for each story its own domains, daemon and clock."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import smtplib
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from sqlalchemy import select

from sesauditd.aws.clients import Keys
from sesauditd.bootstrap.live import Tempo, live
from sesauditd.config import load
from sesauditd.ingest.source import Pace
from sesauditd.sandbox.faults import Fault, FaultAction
from sesauditd.sandbox.furnish import furnish, onboard
from sesauditd.sandbox.operator import operator
from sesauditd.sandbox.principals import principals
from sesauditd.sandbox.running import Options, start
from sesauditd.sandbox.ses.steering import steer
from sesauditd.store import tables
from sesauditd.store.register import Adoption
from tests.support import feedback
from tests.support.roles import RUN, policies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from sesauditd.bootstrap.live import Live
    from sesauditd.sandbox.furnish import Furnished, Login
    from sesauditd.sandbox.operator import Operator
    from sesauditd.sandbox.running import Sandbox

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday: where each story's clock stands at first."""
MONDAY = datetime(2026, 11, 30, 3, 1, tzinfo=UTC)
"""When the week of that Tuesday is judged."""
OPERATOR = "ops@operator-home.example"
TAKEN, REFUSED = 250, 554
QUICK = Tempo(
    pace=Pace(batch_seconds=0.02),
    ses_control_paced=False,
    patience_seconds=(0.01, 0.02),
    mail_seconds=0.0,
    watches_clock=False,
    keys=Keys(key_id="daemon", secret="daemon"),
)
_stories = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playhouse:
    """The sandbox that all stories of a module share, and its account."""

    sandbox: Sandbox
    furnished: Furnished
    asking: Operator

    def clean(self) -> None:
        """Take away what an earlier story left that is nobody's in particular."""
        self.sandbox.faults.clear()
        self.sandbox.office.inbox.clear()
        self.sandbox.recording.clear()
        self.sandbox.ses.suppression.clear()
        steer(self.sandbox.ses, {"production": True, "enforcement": "HEALTHY"})
        backend = iam_backends[self.furnished.account_id]["aws"]
        for arn in [one for one in backend.managed_policies if "/block-" in one]:
            del backend.managed_policies[arn]
        for user in backend.users.values():
            user.managed_policies.clear()
        # AWS's own PurgeQueue is for once a minute.
        at = self.furnished
        queue = sqs_backends[at.account_id][at.region].get_queue(at.queue_url.rsplit("/", 1)[-1])
        queue._messages.clear()


@dataclass(slots=True, kw_only=True)
class Story:
    """One daemon on a database of its own, its domains, and a clock that the story moves."""

    house: Playhouse
    live: Live
    now: list[datetime]
    mark: str
    logins: dict[str, Login] = field(default_factory=dict)

    # The clock and the daemon.

    async def pass_time(self, **span: float) -> None:
        """Let so much time pass, for the daemon and for AWS."""
        await self.go_to(self.now[0] + timedelta(**span))

    async def go_to(self, moment: datetime) -> None:
        """Let it be that time."""
        self.now[0] = moment
        self.house.sandbox.clock.set_to(moment)
        await asyncio.to_thread(self.house.sandbox.office.postman.advance)

    async def settle(self) -> None:
        """Let the daemon read, judge, act and write."""
        await asyncio.to_thread(self.house.sandbox.office.postman.advance)
        await self.live.settle()

    async def ring(self) -> None:
        """Let the daemon do its jobs, and what follows from them.

        What SES said meanwhile is read first: a week is not judged before its queue is empty.
        """
        await self.settle()
        await self.live.ring()
        await self.settle()

    async def decide(self, name: str, *given: Any, **named: Any) -> Any:
        """Take one decision of an operator."""
        async with self.live.program.deciding("operator:test") as decisions:
            return await getattr(decisions, name)(*given, **named)

    # The register.

    def named(self, word: str) -> str:
        """Return a domain of this story alone."""
        return f"{word}-{self.mark}.example"

    async def onboard(
        self, word: str, customer: str | None = None, *, user: str | None = "", contact: str = ""
    ) -> str:
        """Make a domain at AWS and register it; return its name.

        `user` is its IAM user: its own unless another or None is named.
        """
        domain = self.named(word)
        at = self.house.furnished
        boundary = f"arn:aws:iam::{at.account_id}:policy/sesaudit/boundary"
        self.logins[domain] = await asyncio.to_thread(
            onboard, self.house.asking, domain, at.topic_arn, boundary
        )
        owner = customer or word
        adoption = Adoption(
            domain=domain,
            customer=owner,
            contact=contact or f"owner@{owner}-home.example",
            iam_user=domain if user == "" else user,
            since=datetime(2020, 1, 1, tzinfo=UTC),
        )
        await self.live.program.adopt([adoption])
        return domain

    # Mail and events.

    async def mail(self, domain: str, *to: str, configuration_set: str | None = None) -> int:
        """Hand a mail in by SMTP, as the domain's site does; return the server's last code."""
        return await asyncio.to_thread(self._hand_in, domain, to, configuration_set)

    def _hand_in(self, domain: str, to: Sequence[str], configuration_set: str | None) -> int:
        login = self.logins[domain]
        message = EmailMessage()
        message["From"] = f"wordpress@{domain}"
        message["To"] = ", ".join(to)
        if configuration_set is not None:
            message["X-SES-CONFIGURATION-SET"] = configuration_set
        message.set_content("Good day.\n")
        at = self.house.sandbox
        try:
            with smtplib.SMTP(at.host, at.smtp_port, timeout=10) as server:
                server.login(login.access_key_id, login.password)
                server.sendmail(f"wordpress@{domain}", list(to), message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            return next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        return TAKEN

    async def tell(self, *events: feedback.Event) -> None:
        """Put events into the queue as SNS would, and let the daemon work."""
        await asyncio.to_thread(self._publish, events)
        await self.settle()

    def _publish(self, events: Sequence[feedback.Event]) -> None:
        at = self.house.furnished
        bodies = [
            json.dumps(
                {
                    "Type": "Notification",
                    "MessageId": f"{self.mark}-{number}",
                    "TopicArn": at.topic_arn,
                    "Message": json.dumps(event),
                    "Timestamp": feedback.stamp(self.now[0]),
                }
            )
            for number, event in enumerate(events)
        ]
        for part in (bodies[first : first + 10] for first in range(0, len(bodies), 10)):
            entries = [{"Id": str(one), "MessageBody": body} for one, body in enumerate(part)]
            self.house.asking.ask("sqs", "SendMessageBatch", QueueUrl=at.queue_url, Entries=entries)

    def sends(self, domain: str, count: int, at: datetime) -> list[feedback.Event]:
        """Return Sends to so many readers, fifty a message."""
        readers = [f"reader{one}@x.example" for one in range(count)]
        found = []
        for first in range(0, count, 50):
            event = feedback.send("", at, domain=domain, caller=domain)
            event["mail"]["destination"] = readers[first : first + 50]
            found.append(event)
        return found

    def bounces(self, domain: str, count: int, at: datetime | None = None) -> list[feedback.Event]:
        """Return bounces of so many dead mailboxes, at as many receiving domains."""
        when = at or self.now[0] - timedelta(hours=count)
        return [
            feedback.bounce(
                f"gone{one}@r{one}-{self.mark}.example",
                when + timedelta(minutes=one),
                domain=domain,
                caller=domain,
            )
            for one in range(count)
        ]

    # AWS.

    def ask(self, service: str, operation: str, **parameters: object) -> Mapping[str, Any]:
        """Ask AWS as the operator."""
        return self.house.asking.ask(service, operation, **parameters)

    def state(self) -> dict[str, Any]:
        """Return all that stands at SES and IAM of this story's domains, and the lists."""
        sandbox = self.house.sandbox
        for name in list(sandbox.ses.identities):
            # SES looks records up when it is asked: without that a state would change unasked.
            sandbox.ses.identity(name)
        ses, iam = sandbox.ses.snapshot(), principals(sandbox.account_id, {})
        found = json.loads(json.dumps({**ses, **iam}))
        own = re.compile(rf"-{self.mark}[.-]|/(block|stop)-")
        for part in ("identities", "configuration_sets", "users", "policies"):
            found[part] = {name: one for name, one in found[part].items() if own.search(name)}
        return dict(found)

    def listed(self) -> list[str]:
        """Return the addresses on the account's suppression list."""
        return sorted(self.house.sandbox.ses.suppression)

    def inline(self, user: str) -> list[str]:
        """Return the names of a user's inline policies, but for the one that lets it send."""
        found = self.ask("iam", "ListUserPolicies", UserName=user)["PolicyNames"]
        return sorted(one for one in found if one != "sesaudit-send")

    def key_states(self, user: str) -> dict[str, str]:
        """Return whether each access key of a user is Active."""
        found = self.ask("iam", "ListAccessKeys", UserName=user)["AccessKeyMetadata"]
        return {one["AccessKeyId"]: one["Status"] for one in found}

    def is_on(self, configuration_set: str) -> bool:
        """Return whether a configuration set is switched on."""
        asked = {"ConfigurationSetName": configuration_set}
        found = self.ask("sesv2", "GetConfigurationSet", **asked)
        return bool(found["SendingOptions"]["SendingEnabled"])

    def set_of(self, domain: str) -> str:
        """Return the configuration set that a domain was onboarded with."""
        return self.logins[domain].configuration_set

    def writes(self) -> list[str]:
        """Return what was written to SES and IAM since the calls were last forgotten."""
        calls = self.house.sandbox.recording.calls(writes=True)
        wanted = {"ses", "sesv2", "iam"}
        return [
            f"{one.service}.{one.operation}"
            for one in calls
            if one.service in wanted and one.operation not in {"SendEmail", "SendRawEmail"}
        ]

    def forget_calls(self) -> None:
        """Count calls from now on."""
        self.house.sandbox.recording.clear()

    def fail(self, service: str, operation: str, **about: Any) -> None:
        """Let AWS fail."""
        about["action"] = FaultAction(about.get("action", "error"))
        self.house.sandbox.faults.add(Fault(service=service, operation=operation, **about))

    def heal(self) -> None:
        """Let AWS work again."""
        self.house.sandbox.faults.clear()

    def steer(self, **wanted: object) -> None:
        """Decide in AWS's place."""
        steer(self.house.sandbox.ses, wanted)

    # What was stored and told.

    async def rows(self, table: Any, **where: Any) -> list[dict[str, Any]]:
        """Return rows of a table with some values."""
        wanted = [table.c[name] == value for name, value in where.items()]
        async with self.live.program.database.read() as connection:
            found = await connection.execute(select(table).where(*wanted))
            return [dict(row._mapping) for row in found]

    async def actions(self, **where: Any) -> list[dict[str, Any]]:
        """Return actions, oldest first."""
        found = await self.rows(tables.actions, **where)
        return sorted(found, key=lambda one: (one["requested_at"], one["kind"], one["id"]))

    async def states(self, **where: Any) -> list[tuple[str, str]]:
        """Return (kind, state) of actions, oldest first."""
        return [(one["kind"], one["state"]) for one in await self.actions(**where)]

    async def told(self, **where: Any) -> list[tuple[str, str | None]]:
        """Return (kind, customer) of every notice that was sent, sorted."""
        found = await self.rows(tables.notices, state="sent", **where)
        return sorted((one["kind"], one["customer"] or "") for one in found)

    def letters(self, to: str = "") -> list[dict[str, Any]]:
        """Return the daemon's own mails that were delivered."""
        mails = [one.shown() for one in self.house.sandbox.office.inbox.mails(to)]
        own = self.house.furnished.notice_set
        return [one for one in mails if one["configuration_set"] == own]


@contextmanager
def playhouse() -> Iterator[Playhouse]:
    """Open a sandbox in a thread of its own, with an account that is set up."""
    with asyncio.Runner() as runner:
        opening = start(Options(clock=lambda: NOON, role=policies(*RUN)))
        sandbox = runner.run(opening.__aenter__())
        try:
            region, account = sandbox.region, sandbox.account_id
            furnished = furnish(sandbox.url, region=region, account_id=account)
            with operator(sandbox.url, region=region, account_id=account) as asking:
                yield Playhouse(sandbox=sandbox, furnished=furnished, asking=asking)
        finally:
            runner.run(opening.__aexit__(None, None, None))


@asynccontextmanager
async def story(
    house: Playhouse, folder: Path, policy: str = 'mode = "enforce"'
) -> AsyncIterator[Story]:
    """Open a story on an empty database, at noon."""
    await asyncio.to_thread(house.clean)
    now = [NOON]
    house.sandbox.clock.set_to(NOON)
    mark = f"s{next(_stories)}"
    settings = load(_configured(house.furnished, folder, policy, mark), {})
    async with live(settings, clock=lambda: now[0], tempo=QUICK) as daemon:
        yield Story(house=house, live=daemon, now=now, mark=mark)


def _configured(furnished: Furnished, folder: Path, policy: str, mark: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    sections: dict[str, dict[str, object]] = {
        "database": {"url": f"sqlite:///{folder / 'story.db'}"},
        "aws": {
            "region": furnished.region,
            "account_id": furnished.account_id,
            "endpoint_url": furnished.endpoint_url,
        },
        "queue": {"url": furnished.queue_url, "topic_arns": [furnished.topic_arn]},
        # Stories share the bucket; an archive belongs to one database.
        "archive": {"bucket": furnished.bucket, "prefix": f"sesauditd/{mark}"},
        "notices": {"from": f"postmaster@{furnished.notice_domain}", "operators": [OPERATOR]},
    }
    lines = [f"[policy]\n{policy}\n"]
    for section, keys in sections.items():
        lines.append(f"[{section}]\n")
        lines += [f"{key} = {json.dumps(value)}\n" for key, value in keys.items()]
    config = folder / "config.toml"
    config.write_text("".join(lines))
    return config
