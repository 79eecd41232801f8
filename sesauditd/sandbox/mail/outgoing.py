"""A message as it comes in by SMTP or by the API, before SES has said anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Door(StrEnum):
    """The way by which a message came in."""

    SMTP = "smtp"
    V1 = "v1"
    V2 = "v2"

    @property
    def operation(self) -> str:
        """The operation that `ses:operation` names (ses-facts 1.2)."""
        return "SendEmail" if self is Door.V2 else "SendRawEmail"

    @property
    def api_version(self) -> str:
        """The value of `ses:ApiVersion`; SMTP reports 2 (ses-facts 6.3)."""
        return "1" if self is Door.V1 else "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request to send: `user` None is the operator's own root.

    `recipients` is the envelope: To, Cc and Bcc together. `configuration_set`, `tenant` and
    `tags` are what the request itself names; headers in `raw` may name them as well. `composed`
    says that the client left it to SES to write `raw` (v2's Simple content).
    """

    user: str | None
    sender: str
    recipients: Sequence[str]
    raw: bytes
    api: Door
    configuration_set: str | None = None
    tenant: str | None = None
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source_ip: str = "127.0.0.1"
    composed: bool = False

    @property
    def action(self) -> str:
        """What IAM is asked about: SMTP needs SendRawEmail (ses-facts 6.3).

        So does v2's SendEmail with Raw content (https://github.com/nodemailer/nodemailer/issues/1734,
        https://github.com/anymail/django-anymail/issues/384); only Simple content needs its own.
        """
        return "ses:SendEmail" if self.composed else "ses:SendRawEmail"
