"""The configuration as a value: one model a section, every key with its default."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sesauditd.config import kinds, values
from sesauditd.model.level import Level

ENVIRONMENT_PREFIX = "SESAUDITD_"
NESTING = "__"
DEFAULT_DATABASE = "sqlite+aiosqlite:////var/lib/sesauditd/sesauditd.db"

SECRET = frozenset({"database.url", "alerts.command", "alerts.webhook", "alerts.apprise"})
"""Keys whose values may hold a password or token and are never shown."""


class Mode(StrEnum):
    """Whether verdicts are carried out, only shown, or not made."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    OFF = "off"


class Termination(StrEnum):
    """Whether a termination is carried out at once or waits for the operator."""

    AUTOMATIC = "automatic"
    CONFIRM = "confirm"


class Trust(StrEnum):
    """How a notification proves that it came from our topics."""

    QUEUE_POLICY = "queue_policy"
    SIGNATURE = "signature"


class Transport(StrEnum):
    """How messages are received and deleted."""

    LEAN = "lean"
    AIOBOTOCORE = "aiobotocore"


class Section(BaseModel):
    """A table of the configuration file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Installation(Section):
    """What this installation and everything it makes on AWS is called."""

    name: kinds.Name = "main"
    prefix: kinds.Prefix = "sesaudit"


class Aws(Section):
    """The one account and region that is watched."""

    region: kinds.Region | None = None
    account_id: kinds.AccountId | None = None
    endpoint_url: kinds.WebUrl | None = None


class Queue(Section):
    """Where SES's feedback arrives."""

    url: kinds.WebUrl | None = None
    topic_arns: kinds.Words = ()
    trust: Trust = Trust.QUEUE_POLICY
    visibility_seconds: kinds.Whole = Field(default=120, ge=30, le=43_200)
    receivers: kinds.Whole = Field(default=2, ge=1, le=64)
    transport: Transport = Transport.LEAN

    @property
    def lean(self) -> bool:
        """Say whether messages go past aiobotocore's general client."""
        return self.transport is Transport.LEAN


class Archive(Section):
    """Where every raw notification is kept."""

    bucket: kinds.Bucket | None = None
    prefix: kinds.KeyPrefix = "sesauditd"


class Database(Section):
    """Where everything that was learnt is remembered."""

    url: kinds.DatabaseUrl = Field(default=DEFAULT_DATABASE, repr=False)


class CustomerPolicy(Section):
    """What differs for one customer; None keeps what holds for all."""

    mode: Mode | None = None
    termination: Termination | None = None
    rules: kinds.Rules = {}


class Policy(Section):
    """Which limits hold, and what is done when one is reached."""

    file: Path | None = None
    mode: Mode = Mode.ENFORCE
    termination: Termination = Termination.AUTOMATIC
    customers: dict[str, CustomerPolicy] = {}

    def mode_of(self, customer: str) -> Mode:
        """Return the customer's own mode, else everybody's."""
        own = self.customers.get(customer)
        return self.mode if own is None or own.mode is None else own.mode

    def termination_of(self, customer: str) -> Termination:
        """Return how the customer's terminations are carried out."""
        own = self.customers.get(customer)
        return self.termination if own is None or own.termination is None else own.termination


class Schedule(Section):
    """When the daily and the weekly job run, UTC."""

    rollup: kinds.TimeOfDay = "00:30"
    enforcement: kinds.TimeOfWeek = "monday 03:00"


class Notices(Section):
    """Who writes to customers, and which operators are told."""

    sender: kinds.Mailbox | None = Field(default=None, alias="from")
    reply_to: kinds.Mailbox | None = None
    operators: kinds.Mailboxes = ()
    customer_reports: bool = False


class Apprise(Section):
    """One address of Apprise, and how grave what it hears must be."""

    url: str = Field(repr=False, min_length=1)
    least: Level = Field(default=Level.WARNING, alias="from")


class Alerts(Section):
    """How operators are reached when mail itself may be broken, each way from a level on."""

    command: kinds.Command = Field(default=(), repr=False)
    command_from: Level = Level.WARNING
    webhook: kinds.WebUrl | None = Field(default=None, repr=False)
    webhook_from: Level = Level.WARNING
    apprise: Annotated[tuple[Apprise, ...], BeforeValidator(values.services)] = Field(
        default=(), repr=False
    )
    silence_hours: kinds.Whole = Field(default=6, ge=1, le=168)


class Watch(Section):
    """From when the account and the way of the notifications are a matter for operators."""

    reputation_minutes: kinds.Whole = Field(default=15, ge=5, le=1_440)
    near_percent: kinds.Whole = Field(default=80, ge=1, le=100)
    tolerance_percent: kinds.Whole = Field(default=20, ge=0, le=1_000)
    disagreeing_polls: kinds.Whole = Field(default=8, ge=1, le=1_000)
    settle_days: kinds.Whole = Field(default=14, ge=0, le=365)
    silent_days: kinds.Whole = Field(default=3, ge=1, le=28)
    strangers_a_day: kinds.Whole = Field(default=20, ge=1, le=1_000_000)
    oldest_minutes: kinds.Whole = Field(default=15, ge=1, le=1_440)
    canary_minutes: kinds.Whole = Field(default=0, ge=0, le=1_440)
    canary_within_minutes: kinds.Whole = Field(default=10, ge=1, le=1_440)


class Onboarding(Section):
    """How a new domain is set up."""

    resolver: kinds.Words = ()
    mail_from: kinds.Label = "bounce"
    dmarc_rua: kinds.Mailbox | None = None


class Smtp(Section):
    """The SMTP server that customers are told to use; None means that of the region."""

    host: kinds.Host | None = None
    port: kinds.Port = 587


class Retention(Section):
    """How long events are kept in the database; the archive keeps them for good."""

    events_days: kinds.Whole = Field(default=400, ge=1, le=36_500)


class Web(Section):
    """Where the dashboard listens."""

    bind: kinds.Bind = "127.0.0.1:8080"
    token_file: Path | None = None


class Log(Section):
    """What is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "console"


class Settings(Section):
    """The whole configuration; made by `load`, which alone looks at files and environment."""

    installation: Installation = Installation()
    aws: Aws = Aws()
    queue: Queue = Queue()
    archive: Archive = Archive()
    database: Database = Database()
    policy: Policy = Policy()
    schedule: Schedule = Schedule()
    notices: Notices = Notices()
    alerts: Alerts = Alerts()
    watch: Watch = Watch()
    onboarding: Onboarding = Onboarding()
    smtp: Smtp = Smtp()
    retention: Retention = Retention()
    web: Web = Web()
    log: Log = Log()


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> list[str]:
    """Return the dotted names of all sections and keys, as they stand in the file."""
    names: list[str] = []
    for field_name, field in model.model_fields.items():
        name = prefix + (field.alias or field_name)
        names.append(name)
        section = field.default
        if isinstance(section, BaseModel):
            names += known_keys(type(section), f"{name}.")
    return names
