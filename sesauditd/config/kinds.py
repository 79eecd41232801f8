"""The kinds of values that settings have, each with its check."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from sesauditd.config import values

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
Host = Annotated[str, AfterValidator(values.host)]
Mailbox = Annotated[str, AfterValidator(values.mailbox)]
Port = Annotated[int, Field(ge=1, le=values.HIGHEST_PORT), BeforeValidator(values.whole)]
WebUrl = Annotated[str, AfterValidator(values.web_url)]
Words = Annotated[tuple[str, ...], BeforeValidator(values.words)]
Mailboxes = Annotated[tuple[Mailbox, ...], BeforeValidator(values.words)]
Rules = dict[str, dict[str, dict[str, object]]]
"""Changed limits by group, rule and key, as in a policy file."""
Bind = Annotated[str, AfterValidator(values.bind)]
DatabaseUrl = Annotated[str, AfterValidator(values.database_url)]
TimeOfDay = Annotated[str, AfterValidator(values.time_of_day)]
TimeOfWeek = Annotated[str, AfterValidator(values.time_of_week)]
Whole = Annotated[int, BeforeValidator(values.whole)]
