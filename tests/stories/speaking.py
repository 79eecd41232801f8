"""Turns the rows of a story into what SES would write about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.stories.telling import Row, Story, expanded, span
from tests.support import ses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ON_THE_WAY = timedelta(seconds=3)
NOTHING = "-"
"""Leaves a field out that the notification would have."""
MAIL_FIELDS = {
    "caller": "caller",
    "source": "source",
    "identity": "identity",
    "set": "configuration_set",
}
BOUNCES: Mapping[str, Mapping[str, str]] = {
    "bounce": {"kind": "Permanent", "subtype": "General", "status": "5.1.1"},
    "soft": {"kind": "Transient", "subtype": "General", "status": "4.2.1"},
    "full": {"kind": "Transient", "subtype": "MailboxFull", "status": "4.2.2"},
    "echo": {"kind": "Permanent", "subtype": "OnAccountSuppressionList", "status": "5.1.1"},
    "undetermined": {"kind": "Undetermined", "subtype": "Undetermined", "status": NOTHING},
}
ENGAGED: Mapping[str, Callable[..., ses.Event]] = {
    "open": ses.opened,
    "click": ses.clicked,
    "subscription": ses.subscription,
    "failure": ses.rendering_failure,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of the queue."""

    at: datetime
    received_at: datetime
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """The mail that one notification is about."""

    row: Row
    story: Story
    recipients: Sequence[str]
    at: datetime
    name: str
    """What the mail's id is made of."""

    @property
    def domain(self) -> str:
        return self.row.options.get("from", self.story.domains[0][0])

    @property
    def fields(self) -> dict[str, Any]:
        options = self.row.options
        found: dict[str, Any] = {
            name: None if options[key] == NOTHING else options[key]
            for key, name in MAIL_FIELDS.items()
            if key in options
        }
        if "to" in options:
            found["destination"] = expanded(options["to"])
        return found | {"message": ses.message_id(self.name)}

    @property
    def mailed_at(self) -> datetime:
        return self.at - span(self.row.options.get("mail", "2s"))


def tell(story: Story, row: Row) -> Iterator[Told]:
    """Yield every message that one row stands for."""
    for repetition in range(row.times):
        for index, recipients in enumerate(_groups(row)):
            at = row.at + repetition * row.every + index * row.step
            name = row.options.get("message", f"{row.number}/*/%")
            name = name.replace("*", str(index)).replace("%", str(repetition))
            mail = _Mail(
                row=row, story=story, recipients=recipients, at=at, name=f"{story.name} {name}"
            )
            for event in _events(mail):
                yield _message(row, at, event)


def _groups(row: Row) -> list[list[str]]:
    """Return the recipients of each notification: one each, but a mail goes to up to fifty."""
    addresses = [address for one in row.arguments if "@" in one for address in expanded(one)]
    size = ses.MOST_DESTINATIONS if row.word in {"send", "mail"} else 1
    size = int(row.options.get("each", size))
    if row.has("together"):
        size = len(addresses)
    if row.has("apart"):
        size = 1
    return [addresses[start : start + size] for start in range(0, len(addresses), size)]


def _events(mail: _Mail) -> Iterator[ses.Event]:
    word, fields = mail.row.word, mail.fields
    options = mail.row.options
    if word in {"send", "mail"}:
        yield ses.send(mail.domain, mail.recipients, mail.at, **fields)
    if word in {"delivery", "mail"}:
        delivered_at = mail.at + (ON_THE_WAY if word == "mail" else timedelta())
        mailed_at = mail.at if word == "mail" else mail.mailed_at
        yield ses.delivery(
            mail.domain,
            mail.recipients,
            delivered_at,
            mail_at=mailed_at,
            **_flavour(mail),
            **fields,
        )
    if word in BOUNCES:
        yield _bounce(mail, BOUNCES[word])
    if word == "complaint":
        kind = options.get("kind", "abuse")
        yield ses.complaint(
            mail.domain,
            mail.recipients,
            mail.at,
            kind=None if kind == NOTHING else kind,
            subtype=options.get("subtype"),
            feedback=ses.feedback_id(f"{mail.name} {mail.recipients[0]}"),
            mail_at=mail.mailed_at,
            **_flavour(mail),
            **fields,
        )
    if word == "reject":
        reason = options.get("reason", "Bad content")
        yield ses.reject(mail.domain, mail.recipients, mail.at, reason=reason, **_reject(fields))
    if word == "delay":
        yield ses.delay(mail.domain, mail.recipients, mail.at, message=fields["message"])
    if word in ENGAGED:
        yield ENGAGED[word](mail.domain, mail.recipients[0], mail.at)


def _reject(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "destination"}


def _bounce(mail: _Mail, usual: Mapping[str, str]) -> ses.Event:
    options = {**usual, **mail.row.options}
    status = None if options["status"] == NOTHING else options["status"]
    hit = [
        ses.bounced(
            one,
            status,
            action=options.get("action", "failed"),
            diagnostic=options.get("says", ""),
        )
        for one in mail.recipients
    ]
    if "temporarily" in options:
        hit.append(ses.bounced(options["temporarily"], "4.4.7", action="delayed"))
    return ses.bounce(
        mail.domain,
        hit,
        mail.at,
        kind=options["kind"],
        subtype=options["subtype"],
        feedback=ses.feedback_id(f"{options.get('feedback', '')} {mail.name} {mail.recipients[0]}"),
        mail_at=mail.mailed_at,
        **_flavour(mail),
        **mail.fields,
    )


def _flavour(mail: _Mail) -> dict[str, Any]:
    return {"flavour": "identity"} if mail.row.has("identity") else {}


def _message(row: Row, at: datetime, event: ses.Event) -> Told:
    """Return the message of the queue, with whatever is strange about its times or its topic."""
    kind = str(event.get("eventType", event.get("notificationType")))
    inner = event.get(kind.lower(), {})
    if "stamp" in row.options:
        inner["timestamp"] = row.options["stamp"]
    if "mailstamp" in row.options:
        event["mail"]["timestamp"] = row.options["mailstamp"]
    body = ses.sns(event, sent_at=at)
    if "topic" in row.options:
        body = json.dumps(json.loads(body) | {"TopicArn": row.options["topic"]})
    late = span(row.options["late"]) if "late" in row.options else ON_THE_WAY * 2
    return Told(at=at, received_at=at + late, body=body)
