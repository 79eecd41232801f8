"""What an examination finds: one line for each thing looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    """Works, or could not be looked at; somebody should know."""
    WRONG = "wrong"
    """Something does not work, or is not safe."""


class Check(StrEnum):
    """What is examined; the names are stable, scripts and diagnoses go by them."""

    CONFIGURATION = "configuration"
    CREDENTIALS = "credentials"
    ACCOUNT_ID = "account_id"
    REGION = "region"
    CLOCK = "clock"
    DATABASE = "database"
    SMTP = "smtp"
    PERMISSIONS = "permissions"
    TOPIC = "topic"
    TOPIC_POLICY = "topic_policy"
    SUBSCRIPTION = "subscription"
    QUEUE = "queue"
    QUEUE_POLICY = "queue_policy"
    DEAD_LETTERS = "dead_letters"
    UNDELIVERED = "undelivered"
    BUCKET = "bucket"
    SUPPRESSION = "suppression"
    PRODUCTION = "production"
    ENFORCEMENT = "enforcement"
    IDENTITY = "identity"
    DKIM = "dkim"
    MAIL_FROM = "mail_from"
    DEFAULT_SET = "default_set"
    SET = "set"
    DESTINATION = "destination"
    IAM_USER = "iam_user"
    IAM_POLICY = "iam_policy"
    KEYS = "keys"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    check: Check
    what: str
    level: Level
    says: str
    advice: str = ""
    domain: str | None = None
    details: tuple[str, ...] = ()
    """What scripts may want to know beyond the sentence."""

    @property
    def sentence(self) -> str:
        """Return it as one text for a person."""
        text = f"{self.what}: {self.says}"
        return f"{text}. {self.advice}" if self.advice else text


def is_sound(findings: Iterable[Finding]) -> bool:
    """Return whether nothing is wrong; warnings do not count."""
    return all(one.level is not Level.WRONG for one in findings)


def good(check: Check, what: str, says: str, domain: str | None = None) -> Finding:
    """Return a finding of what is as it should be."""
    return Finding(check=check, what=what, level=Level.OK, says=says, domain=domain)


def doubtful(check: Check, what: str, says: str, advice: str, domain: str | None = None) -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(
        check=check, what=what, level=Level.WARNING, says=says, advice=advice, domain=domain
    )


def wrong(check: Check, what: str, says: str, advice: str, domain: str | None = None) -> Finding:
    """Return a finding of what does not work."""
    return Finding(
        check=check, what=what, level=Level.WRONG, says=says, advice=advice, domain=domain
    )
