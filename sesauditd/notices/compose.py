"""From a notice and its readers to the mail, in plain text and HTML."""

from __future__ import annotations

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
from sesauditd.model.advice import advice_for
from sesauditd.model.notice import Audience, NoticeKind
from sesauditd.notices import commands, words
from sesauditd.notices.cleaning import cleaned
from sesauditd.notices.subjects import subject_of
from sesauditd.notices.troubles import trouble_of

if TYPE_CHECKING:
    from sesauditd.model.notice import Notice

WIDTH = 76
LIMITS = (100, 50, 20, 10, 5, 2, 1)
"""Entries of each list that are tried, until the mail is short enough."""
LONGEST_TEXT = 20_000
"""Bytes of the plain text, in UTF-8."""
LONGEST_PAGE = 60_000
"""Bytes of the HTML; services cut a mail at about 100 kB."""
CUT = "\n\n(The rest is left out: it is too long for a mail.)\n"
ATTACHED = "attached"
"""The fact that is a file."""
LONGEST_NAME = 60
_NO_NAME = re.compile(r"[^0-9A-Za-z-]+")
_GAPS = re.compile(r"\n{3,}")
_BEGINNING = re.compile(r" *(?:> |- |[0-9]+\. +)?")
SENDER_NAME = "Mail desk"
ENCODING = "quoted-printable"
"""No line gets too long for SMTP, and a person can still read the raw mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """The two forms of one mail."""

    text: str
    page: str

    @property
    def fit(self) -> bool:
        """Say whether neither is too long."""
        short = len(self.text.encode()) <= LONGEST_TEXT
        return short and len(self.page.encode()) <= LONGEST_PAGE


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
            bodies = self.bodies(notice, to)
            mail = EmailMessage(policy=SMTP)
            self._address(mail, notice, to, now)
            mail["Subject"] = subject_of(notice, self.installation)
            mail.set_content(bodies.text, cte=ENCODING)
            mail.add_alternative(bodies.page, subtype="html", cte=ENCODING)
            _attach(mail, notice.facts.get(ATTACHED))
        except (MessageError, ValueError, LookupError, TypeError) as error:
            raise Failed(f"the notice {notice.id} cannot be composed: {error}") from error
        return mail

    def bodies(self, notice: Notice, to: Sequence[str]) -> Bodies:
        """Return text and page with as much of every list as fits; the rest is counted.

        Raises Failed as `compose` does.
        """
        try:
            context = self._context(notice, to)
            found = _bodies(notice.kind, {**context, "limit": LIMITS[0]})
            for limit in LIMITS[1:]:
                if found.fit:
                    return found
                found = _bodies(notice.kind, {**context, "limit": limit})
        except (TemplateError, ValueError, LookupError, TypeError) as error:
            raise Failed(f"the notice {notice.id} cannot be composed: {error}") from error
        return found if found.fit else _cut(found)

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

    def _context(self, notice: Notice, to: Sequence[str]) -> Mapping[str, object]:
        facts = cleaned(notice.facts)
        if not isinstance(facts, dict):
            raise TypeError("the facts of a notice are an object")
        return {
            "title": subject_of(notice, self.installation),
            "facts": facts,
            "customer": cleaned(notice.customer),
            "domain": words.both(cleaned(notice.domain)),
            "installation": self.installation,
            "answer_to": self.reply_to or self.sender,
            "for_customer": notice.audience is Audience.CUSTOMER,
            "advice": advice_for(_rules(facts)),
            "reads_at": _reads_at(notice, to),
        }


def _attach(mail: EmailMessage, attached: object) -> None:
    """Add the file that a notice brings along: `{"name": ..., "page": ...}`, an HTML page."""
    if isinstance(attached, dict):
        name = _NO_NAME.sub("-", str(attached.get("name")))[:LONGEST_NAME]
        page = str(attached.get("page")).encode(errors="replace")
        mail.add_attachment(page, maintype="text", subtype="html", filename=f"{name}.html")


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
        subsequent_indent=re.sub("[-0-9.]", " ", prefix),
        break_long_words=">" in prefix,
        break_on_hyphens=False,
    )


def _bodies(kind: NoticeKind, context: Mapping[str, object]) -> Bodies:
    text = wrapped(_render(f"{kind}.txt", context))
    return Bodies(text=text, page=_render(f"{kind}.html", context))


def _cut(bodies: Bodies) -> Bodies:
    """Return what is left of bodies that a single entry makes too long."""
    room = LONGEST_TEXT - len(CUT.encode())
    text = bodies.text.encode()
    if len(text) > room:
        text = text[:room] + CUT.encode()
    whole = len(bodies.page.encode()) <= LONGEST_PAGE
    # A page that is cut in the middle is none: the text stands in for it.
    page = bodies.page if whole else _render("cut.html", {"text": text.decode(errors="ignore")})
    return Bodies(text=text.decode(errors="ignore"), page=page)


def _reads_at(notice: Notice, to: Sequence[str]) -> str | None:
    """Return a reader's address at a domain that the notice says is stopped, None if none is."""
    match notice.kind:
        case NoticeKind.DISABLED:
            stopped = [notice.domain]
        case NoticeKind.TERMINATED:
            listed = notice.facts.get("domains")
            stopped = listed if isinstance(listed, list) else []
        case _:
            return None
    names = [str(one).lower() for one in stopped if one]
    hosts = ((one, domain_of(one).lower()) for one in to)
    return next(
        (
            address
            for address, host in hosts
            if any(host == name or host.endswith(f".{name}") for name in names)
        ),
        None,
    )


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
    for word in (
        words.minute, words.day, words.plain, words.both, words.quoted, words.first_of, words.named,
    ):  # fmt: skip
        environment.filters[word.__name__] = word
    for command in (
        commands.approving, commands.undoing, commands.repeating, commands.comparing,
        commands.testing, words.proof_of, words.counted, words.happened, words.rate,
        words.shown, trouble_of,
    ):  # fmt: skip
        environment.globals[command.__name__] = command
    return environment
