"""The configuration as a value: one model a section, every key with its default."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from sesauditd.config import values

ENVIRONMENT_PREFIX = "SESAUDITD_"
NESTING = "__"
DEFAULT_DATABASE = "sqlite+aiosqlite:////var/lib/sesauditd/sesauditd.db"

SECRET = frozenset({"database.url", "alerts.command", "alerts.webhook", "alerts.apprise"})
"""Keys whose values may hold a password or token and are never shown."""

_NAME = values.matching(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", "up to 64 letters, digits and . _ -")
_PREFIX = values.matching(r"[a-z][a-z0-9-]{0,19}", "up to 20 small letters, digits and dashes")
_REGION = values.matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", 'a region such as "eu-central-1"')
_ACCOUNT = values.matching(r"[0-9]{12}", "the 12 digits of an AWS account, in quotes")
_BUCKET = values.matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket")
_KEY_PREFIX = values.matching(r"[A-Za-z0-9._/-]*", "letters, digits and . _ / -")
_LABEL = values.matching(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", 'one label such as "bounce"')

AccountId = Annotated[str, BeforeValidator(values.quoted), AfterValidator(_ACCOUNT)]
Bucket = Annotated[str, AfterValidator(_BUCKET)]
KeyPrefix = Annotated[str, AfterValidator(_KEY_PREFIX)]
Label = Annotated[str, AfterValidator(_LABEL)]
Name = Annotated[str, AfterValidator(_NAME)]
Prefix = Annotated[str, AfterValidator(_PREFIX)]
Region = Annotated[str, AfterValidator(_REGION)]
Command = Annotated[tuple[str, ...], BeforeValidator(values.command)]
Domain = Annotated[str, AfterValidator(values.domain)]
Mailbox = Annotated[str, AfterValidator(values.mailbox)]
Port = Annotated[int, Field(ge=1, le=values.HIGHEST_PORT), BeforeValidator(values.whole)]
WebUrl = Annotated[str, AfterValidator(values.web_url)]
Words = Annotated[tuple[str, ...], BeforeValidator(values.words)]
Mailboxes = Annotated[tuple[Mailbox, ...], BeforeValidator(values.words)]
Rules = dict[str, dict[str, dict[str, object]]]
"""Changed limits by group, rule and key, as in a policy file."""


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


class Section(BaseModel):
    """A table of the configuration file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Installation(Section):
    """What this installation and everything it makes on AWS is called."""

    name: Name = "main"
    prefix: Prefix = "sesaudit"


class Aws(Section):
    """The one account and region that is watched."""

    region: Region | None = None
    account_id: AccountId | None = None
    endpoint_url: WebUrl | None = None


class Queue(Section):
    """Where SES's feedback arrives."""

    url: WebUrl | None = None
    topic_arns: Words = ()
    trust: Trust = Trust.QUEUE_POLICY
    visibility_seconds: Annotated[int, Field(ge=30, le=43_200), BeforeValidator(values.whole)] = 120
    receivers: Annotated[int, Field(ge=1, le=64), BeforeValidator(values.whole)] = 2


class Archive(Section):
    """Where every raw notification is kept."""

    bucket: Bucket | None = None
    prefix: KeyPrefix = "sesauditd"


class Database(Section):
    """Where everything that was learnt is remembered."""

    url: Annotated[str, AfterValidator(values.database_url)] = Field(
        default=DEFAULT_DATABASE, repr=False
    )


class CustomerPolicy(Section):
    """What differs for one customer; None keeps what holds for all."""

    mode: Mode | None = None
    termination: Termination | None = None
    rules: Rules = {}


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

    rollup: Annotated[str, AfterValidator(values.time_of_day)] = "00:30"
    enforcement: Annotated[str, AfterValidator(values.time_of_week)] = "monday 03:00"


class Notices(Section):
    """Who writes to customers, and which operators are told."""

    sender: Mailbox | None = Field(default=None, alias="from")
    reply_to: Mailbox | None = None
    operators: Mailboxes = ()


class Alerts(Section):
    """How operators are reached when mail itself may be broken."""

    command: Command = Field(default=(), repr=False)
    webhook: WebUrl | None = Field(default=None, repr=False)
    apprise: Words = Field(default=(), repr=False)


class Onboarding(Section):
    """How a new domain is set up."""

    resolver: Words = ()
    mail_from: Label = "bounce"
    dmarc_rua: Mailbox | None = None


class Smtp(Section):
    """The SMTP server that customers are told to use; None means that of the region."""

    host: Domain | None = None
    port: Port = 587


class Retention(Section):
    """How long events are kept in the database; the archive keeps them for good."""

    events_days: Annotated[int, Field(ge=1, le=36_500), BeforeValidator(values.whole)] = 400


class Web(Section):
    """Where the dashboard listens."""

    bind: Annotated[str, AfterValidator(values.bind)] = "127.0.0.1:8080"
    token_file: Path | None = None


class Log(Section):
    """What is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "console"


class Settings(BaseSettings):
    """The whole configuration; made by `load`, which alone looks at files and environment."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=NESTING,
        enable_decoding=False,
    )

    installation: Installation = Installation()
    aws: Aws = Aws()
    queue: Queue = Queue()
    archive: Archive = Archive()
    database: Database = Database()
    policy: Policy = Policy()
    schedule: Schedule = Schedule()
    notices: Notices = Notices()
    alerts: Alerts = Alerts()
    onboarding: Onboarding = Onboarding()
    smtp: Smtp = Smtp()
    retention: Retention = Retention()
    web: Web = Web()
    log: Log = Log()

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed and nothing else: the environment is an argument of `load`."""
        return (init_settings,)


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
