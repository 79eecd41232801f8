"""policy.md section 1 from end to end: what SES writes, what it means, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.ingest.notification import parse
from sesauditd.ingest.wire import decode
from sesauditd.model.classify import interpret
from sesauditd.model.register import Attribution, Register
from tests.unit.ingest.samples import Json, encoded, event, notification

if TYPE_CHECKING:
    from sesauditd.model.events import Feedback

RECEIVED_AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
SIMULATOR = "bounce+week45@simulator.amazonses.com"


def feedback_of(message: Json) -> Feedback:
    return parse(decode(encoded(message)))


def outcomes_of(message: Json) -> list[str]:
    return [
        one.outcome for one in interpret(feedback_of(message), received_at=RECEIVED_AT).suffered
    ]


def bounce(kind: str, subtype: str, *recipients: Json) -> Json:
    listed = list(recipients) or [{"emailAddress": "rita@example.org"}]
    return event("Bounce", bounceType=kind, bounceSubType=subtype, bouncedRecipients=listed)


def rita(**said: str) -> Json:
    return {"emailAddress": "rita@example.org", **said}


def complaint(*addresses: str, kind: str | None = "abuse", subtype: str | None = None) -> Json:
    people = addresses or ("rita@example.org",)
    return event(
        "Complaint",
        mail={"destination": list(people)},
        complainedRecipients=[{"emailAddress": address} for address in people],
        complaintFeedbackType=kind,
        complaintSubType=subtype,
    )


def about(address: str, message: Json) -> Json:
    """Return the message with another recipient everywhere."""
    return decoded_with(message, "rita@example.org", address)


def decoded_with(value: Json, old: str, new: str) -> Json:
    def changed(part: object) -> object:
        if isinstance(part, dict):
            return {key: changed(below) for key, below in part.items()}
        if isinstance(part, list):
            return [changed(below) for below in part]
        return new if part == old else part

    return {key: changed(below) for key, below in value.items()}


@pytest.mark.parametrize(
    ("message", "outcomes"),
    [
        # Ordinary rows.
        pytest.param(bounce("Permanent", "General", rita()), ["hard_bounce"], id="general"),
        pytest.param(bounce("Permanent", "NoEmail", rita()), ["hard_bounce"], id="no email"),
        pytest.param(bounce("Permanent", "Suppressed", rita()), ["hard_bounce"], id="suppressed"),
        pytest.param(
            bounce("Transient", "General", rita(status="5.4.4")), ["hard_bounce"], id="no host"
        ),
        pytest.param(
            bounce("Permanent", "General", rita(status="4.4.7")), ["delayed"], id="status 4"
        ),
        pytest.param(
            bounce("Permanent", "General", rita(action="delayed")), ["delayed"], id="action"
        ),
        pytest.param(bounce("Permanent", "EmailValidationSuppressed"), ["other"], id="validation"),
        pytest.param(bounce("Permanent", "UnsubscribedRecipient"), ["other"], id="opted out"),
        pytest.param(bounce("Transient", "General"), ["soft_bounce"], id="transient"),
        pytest.param(bounce("Transient", "MailboxFull"), ["soft_bounce"], id="mailbox full"),
        pytest.param(bounce("Transient", "MessageTooLarge"), ["refused_content"], id="too large"),
        pytest.param(bounce("Transient", "ContentRejected"), ["refused_content"], id="content"),
        pytest.param(
            bounce("Transient", "AttachmentRejected"), ["refused_content"], id="attachment"
        ),
        pytest.param(
            bounce("Transient", "CustomTimeoutExceeded"), ["refused_content"], id="timeout"
        ),
        pytest.param(bounce("Undetermined", "Undetermined"), ["undetermined"], id="undetermined"),
        pytest.param(complaint(), ["complaint"], id="complaint"),
        pytest.param(complaint(kind=None), ["complaint"], id="complaint without a type"),
        pytest.param(complaint(kind="not-spam"), ["other"], id="not spam"),
        pytest.param(complaint(kind="auth-failure"), ["other"], id="auth failure"),
        pytest.param(
            complaint("a@x.org", "b@x.org"), ["complaint", "complaint"], id="ambiguous complaint"
        ),
        pytest.param(event("Reject"), ["virus"], id="virus"),
        pytest.param(event("Delivery"), ["delivered"], id="delivery"),
        pytest.param(event("Send"), ["sent"], id="send"),
        pytest.param(event("DeliveryDelay"), ["delayed"], id="delay"),
        pytest.param(event("Rendering Failure"), ["other"], id="rendering failure"),
        pytest.param(event("Open"), ["other"], id="open"),
        pytest.param(event("Click"), ["other"], id="click"),
        pytest.param(event("Subscription"), ["other"], id="subscription"),
        # The more special row wins.
        pytest.param(
            about(SIMULATOR, bounce("Permanent", "OnAccountSuppressionList")),
            ["simulated"],
            id="simulator before echo",
        ),
        pytest.param(
            about(SIMULATOR, complaint(kind="not-spam")), ["simulated"], id="simulator, not spam"
        ),
        pytest.param(about(SIMULATOR, event("Reject")), ["simulated"], id="simulator, virus"),
        pytest.param(
            bounce("Permanent", "OnTenantSuppressionList", rita(status="4.4.7", action="delayed")),
            ["echo"],
            id="echo before status",
        ),
        pytest.param(
            complaint(kind="not-spam", subtype="OnAccountSuppressionList"),
            ["echo"],
            id="echo before not spam",
        ),
        pytest.param(
            complaint("a@x.org", "b@x.org", kind="not-spam"),
            ["other", "other"],
            id="not spam before several",
        ),
        pytest.param(
            bounce("Transient", "MessageTooLarge", rita(status="5.4.4")),
            ["hard_bounce"],
            id="status before subtype",
        ),
        pytest.param(
            bounce("Transient", "General", rita(status="5.4.4 (no such host)")),
            ["hard_bounce"],
            id="a comment behind the status",
        ),
    ],
)
def test_what_ses_writes_means(message: Json, outcomes: list[str]) -> None:
    assert outcomes_of(message) == outcomes


REGISTER = Register(
    owners={
        "bakery.example": "bakery",
        "news.bakery.example": "press",
        "xn--bcher-kva.example": "books",
    },
    callers={
        "smtp-bakery": (("bakery", "bakery.example"),),
        "smtp-books": (("books", "xn--bcher-kva.example"),),
        "smtp-all": (("bakery", "bakery.example"), ("books", "xn--bcher-kva.example")),
    },
)
BAKERY = Attribution(customer="bakery", domain="bakery.example")
BOOKS = Attribution(customer="books", domain="xn--bcher-kva.example")
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/"


def mail(arn: str | None, source: str, caller: str | None) -> Json:
    tags = {} if caller is None else {"ses:caller-identity": [caller]}
    return {"sourceArn": arn, "source": source, "tags": tags}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(
            mail(f"{ARN}bücher.example", "x@y.example", None), BOOKS, id="IDN identity as written"
        ),
        pytest.param(
            mail(f"{ARN}xn--bcher-kva.example", "x@y.example", None), BOOKS, id="IDN as A-label"
        ),
        pytest.param(
            mail(None, "Laden <laden@BÜCHER.example>", None), BOOKS, id="IDN in the sender address"
        ),
        pytest.param(
            mail(f"{ARN}Info@Bakery.example", "x@y.example", None), BAKERY, id="address identity"
        ),
        pytest.param(
            mail(f"{ARN}mail.news.bakery.example", "x@y.example", None),
            Attribution(customer="press", domain="news.bakery.example"),
            id="longest suffix",
        ),
        pytest.param(
            mail(f"{ARN}bakery.example", "x@y.example", "smtp-books"),
            Attribution(customer="books", domain="xn--bcher-kva.example", foreign_caller=True),
            id="foreign caller",
        ),
        pytest.param(
            mail(f"{ARN}bakery.example", "x@y.example", "smtp-all"), BAKERY, id="shared caller"
        ),
        pytest.param(
            mail(f"{ARN}bakery.example", "x@y.example", "root"), BAKERY, id="unregistered caller"
        ),
        pytest.param(
            mail(f"{ARN}stranger.example", "shop@bakery.example", None),
            BAKERY,
            id="sender address where the identity is unknown",
        ),
        pytest.param(mail(None, "x@y.example", None), None, id="nobody"),
    ],
)
def test_what_ses_writes_counts_for(sent: Json, expected: Attribution | None) -> None:
    assert REGISTER.attribute(feedback_of(event("Bounce", mail=sent))) == expected


def test_both_flavours_count_for_the_same_customer() -> None:
    for message in (event("Bounce"), notification("Bounce")):
        assert REGISTER.attribute(feedback_of(message)) == BAKERY


def test_a_tag_of_the_customers_own_does_not_change_whom_it_counts_for() -> None:
    forged = mail(f"{ARN}bakery.example", "x@y.example", "smtp-bakery")
    forged["tags"] |= {"caller-identity": ["smtp-books"], "from-domain": ["bücher.example"]}
    forged["callerIdentity"] = "smtp-books"
    assert REGISTER.attribute(feedback_of(event("Bounce", mail=forged))) == BAKERY


def test_a_recipient_that_is_named_twice_keeps_its_place() -> None:
    named = [{"emailAddress": f"{name}@x.org"} for name in ("a", "b", "a")]
    message = bounce("Permanent", "General", *named)
    message["mail"]["destination"] = ["a@x.org", "b@x.org"]
    suffered = interpret(feedback_of(message), received_at=RECEIVED_AT).suffered
    assert [one.recipient for one in suffered] == ["a@x.org", "b@x.org"]
