"""The parts of a sandbox, put together by hand before anything listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.sandbox import metrics
from sesauditd.sandbox.authorization import Authorization
from sesauditd.sandbox.boundaries import Boundaries
from sesauditd.sandbox.callers import Callers
from sesauditd.sandbox.clock import SandboxClock
from sesauditd.sandbox.faults import Faults
from sesauditd.sandbox.iam_actions import Place
from sesauditd.sandbox.limits import Limits
from sesauditd.sandbox.mail import office
from sesauditd.sandbox.pace import Pace, TokenBucket
from sesauditd.sandbox.queue_policies import QueuePolicies
from sesauditd.sandbox.recording import Recording
from sesauditd.sandbox.roles import Roles, paths_in
from sesauditd.sandbox.ses.api import Api
from sesauditd.sandbox.ses.state import Ses, Switches
from sesauditd.sandbox.zones import Zones

if TYPE_CHECKING:
    from sesauditd.sandbox.front import Guard
    from sesauditd.sandbox.mail.office import Office
    from sesauditd.sandbox.mail.postman import Unrest
    from sesauditd.sandbox.mail.world import World

ACCOUNT_ID = "123456789012"
REGION = "eu-central-1"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is to be.

    `clock` tells the real time. A port of 0 takes a free one. `elsewhere` names another
    emulator's URL for a service ("sqs"); IAM and Route 53 are always this process's own.
    `ses_calls_per_second` holds SES's control plane to a rate (ses-facts 9), None lets it run.
    `hold_rate` refuses mail beyond the account's rate a second, as AWS does (454).
    `switches` are the facts that AWS does not document.
    """

    clock: Callable[[], datetime]
    host: str = LOOPBACK
    port: int = 0
    smtp_port: int = 0
    dns_port: int = 0
    region: str = REGION
    account_id: str = ACCOUNT_ID
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    ses_calls_per_second: float | None = None
    hold_rate: bool = False
    switches: Switches = field(default_factory=Switches)
    world: World | None = None
    unrest: Unrest | None = None
    role: Sequence[str] = ()
    """Policy documents that bind who calls with a key that IAM does not know, but the operator."""
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Other documents for some of these keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sandbox is made of."""

    clock: SandboxClock
    faults: Faults
    recording: Recording
    boundaries: Boundaries
    queue_policies: QueuePolicies
    authorization: Authorization
    zones: Zones
    ses: Ses
    office: Office
    api: Api


def made(options: Options) -> Parts:
    """Return the parts; they work on moto's state in this process."""
    clock = SandboxClock(options.clock)
    boundaries = Boundaries(options.account_id)
    authorization = Authorization(
        options.account_id, boundaries=boundaries.by_user, switches=options.switches
    )
    zones = Zones(options.account_id)
    ses = Ses(
        clock=clock,
        account_id=options.account_id,
        region=options.region,
        records=zones.records,
        switches=options.switches,
    )
    mail = office.opened(
        ses,
        authorization,
        clock,
        options.world,
        options.unrest,
        elsewhere=options.elsewhere,
        hold_rate=options.hold_rate,
    )
    metrics.publish(mail.postman.meter.points, clock)
    return Parts(
        clock=clock,
        faults=Faults(),
        recording=Recording(),
        boundaries=boundaries,
        queue_policies=QueuePolicies(options.account_id, options.region),
        authorization=authorization,
        zones=zones,
        ses=ses,
        office=mail,
        api=Api(ses, mail.sending, mail.press, authorization),
    )


def guards(options: Options, parts: Parts) -> list[Guard]:
    """Return what stands before the emulators, in order."""
    standing: list[Guard] = [
        Callers(parts.authorization).stop,
        Limits(options.account_id).stop,
        parts.boundaries.stop,
        parts.zones.stop,
    ]
    if options.role or options.roles:
        standing.insert(0, _role(options, parts).stop)
    if options.ses_calls_per_second is not None:
        standing.insert(0, Pace(TokenBucket(options.ses_calls_per_second)).stop)
    return standing


def _role(options: Options, parts: Parts) -> Roles:
    return Roles(
        documents=options.role,
        by_key=options.roles,
        authorization=parts.authorization,
        place=Place(
            account_id=options.account_id,
            region=options.region,
            paths=partial(paths_in, options.account_id),
            boundaries=parts.boundaries.by_user,
        ),
    )
