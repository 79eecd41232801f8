"""From a notice and its readers to the mail, in plain text and HTML."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError, select_autoescape

from sesauditd.errors import Failed
from sesauditd.model.addresses import domain_of
from sesauditd.model.notice import Audience
from sesauditd.notices import commands
from sesauditd.notices.advice import advice_for
from sesauditd.notices.cleaning import cleaned
from sesauditd.notices.subjects import subject_of

if TYPE_CHECKING:
    from sesauditd.model.notice import Notice

EVIDENCE_TOLD = 20
WIDTH = 76
_GAPS = re.compile(r"\n{3,}")
_BEGINNING = re.compile(" *(?:> |- )?")
SENDER_NAME = "Mail desk"
ENCODING = "quoted-printable"
"""No line gets too long for SMTP, and a person can still read the raw mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Composes mails from one sender; pure but for the templates, which are package files."""

    sender: str
    """Address; what recognises our own mail compares with it (`model.register.OwnNotices`)."""
    name: str = SENDER_NAME
    """As readers see it beside the address."""
    reply_to: str | None = None
    installation: str = "main"
    configuration_set: str

    def compose(self, notice: Notice, to: Sequence[str], now: datetime) -> EmailMessage:
        """Return the mail of a notice to all its readers.

        The same notice always has the same Message-ID. Raises Failed for facts that lack what
        the kind's template names, and for an address that no header can hold.
        """
        try:
            subject = subject_of(notice, self.installation)
            context = self._context(notice, subject)
            mail = EmailMessage(policy=SMTP)
            self._address(mail, notice, to, now)
            mail["Subject"] = subject
            mail.set_content(wrapped(_render(f"{notice.kind}.txt", context)), cte=ENCODING)
            page = _render(f"{notice.kind}.html", context)
            mail.add_alternative(page, subtype="html", cte=ENCODING)
        except (TemplateError, MessageError, ValueError, LookupError, TypeError) as error:
            raise Failed(f"the notice {notice.id} cannot be composed: {error}") from error
        return mail

    def _address(
        self, mail: EmailMessage, notice: Notice, to: Sequence[str], now: datetime
    ) -> None:
        mail["From"] = Address(self.name, addr_spec=self.sender)
        mail["To"] = [Address(addr_spec=one) for one in to]
        mail["Reply-To"] = Address(addr_spec=self.reply_to or self.sender)
        mail["Date"] = format_datetime(now.astimezone(UTC))
        mail["Message-ID"] = f"<{notice.id}.sesauditd@{domain_of(self.sender)}>"
        # RFC 3834: nothing may answer this by itself, and nothing that answers is answered.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "bulk"
        mail["X-SES-CONFIGURATION-SET"] = self.configuration_set
        mail["X-SES-MESSAGE-TAGS"] = "sesauditd=notice"

    def _context(self, notice: Notice, subject: str) -> Mapping[str, object]:
        facts = cleaned(notice.facts)
        if not isinstance(facts, dict):
            raise TypeError("the facts of a notice are an object")
        return {
            "title": subject,
            "facts": facts,
            "customer": cleaned(notice.customer),
            "domain": cleaned(notice.domain),
            "installation": self.installation,
            "answer_to": self.reply_to or self.sender,
            "for_customer": notice.audience is Audience.CUSTOMER,
            "advice": advice_for(_rules(facts)),
        }


def wrapped(text: str) -> str:
    """Return text with its lines wrapped, each under its own beginning; commands stay whole."""
    return _GAPS.sub("\n\n", "\n".join(_line(one) for one in text.splitlines())).strip("\n") + "\n"


def _line(line: str) -> str:
    beginning = _BEGINNING.match(line)
    prefix = beginning.group() if beginning else ""
    if line.removeprefix(prefix).startswith(commands.PROGRAM):
        return line
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=prefix.replace("-", " "),
        break_long_words=False,
        break_on_hyphens=False,
    )


def counted(count: object, what: str) -> str:
    """Return a count with its noun, such as `1 warning` or `2 warnings`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def minute(moment: object) -> str:
    """Return a time as a reader takes it in; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(str(moment)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return str(moment)


def day(moment: object) -> str:
    """Return the day of a time, UTC."""
    return minute(moment).partition(" ")[0]


def plain(value: object) -> str:
    """Return a value of an alarm's details as one reads it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rate(part: object, whole: object) -> str:
    """Return a share in percent, a dash where there is nothing to take it of."""
    if not isinstance(part, int) or not isinstance(whole, int) or whole <= 0:
        return "-"
    return f"{100 * part / max(whole, part):.2f} %"


def proof_of(grounds: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """Return the evidence of all grounds, each event once, and how much more there is."""
    lines: dict[str, object] = {}
    counts = [0]
    for ground in grounds:
        count, evidence = ground.get("count"), ground["evidence"]
        counts.append(count if isinstance(count, int) else 0)
        if isinstance(evidence, list):
            lines |= {json.dumps(one, sort_keys=True): one for one in evidence}
    shown = list(lines.values())[:EVIDENCE_TOLD]
    return {"lines": shown, "more": max(*counts, len(lines)) - len(shown)}


def _rules(facts: Mapping[str, object]) -> list[str]:
    grounds = facts.get("grounds")
    if not isinstance(grounds, list):
        return []
    return [str(one.get("rule")) for one in grounds if isinstance(one, dict)]


def _render(template: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sesauditd.notices"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"minute": minute, "day": day, "plain": plain}
    environment.globals |= {
        "approving": commands.approving,
        "undoing": commands.undoing,
        "repeating": commands.repeating,
        "comparing": commands.comparing,
        "testing": commands.testing,
        "proof_of": proof_of,
        "counted": counted,
        "rate": rate,
    }
    return environment
