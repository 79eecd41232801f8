from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest

from sesauditd.sandbox.mail.outgoing import Door
from sesauditd.sandbox.mail.refusals import Refusal, Why

RAW = (
    b"From: Shop <shop@example.com>\r\nTo: Ann <ann@x.org>, bob@x.org\r\n"
    b"Bcc: cy@x.org\r\nSubject: Hello\r\n\r\nText\r\n"
)
TEXT = {"Subject": {"Data": "Grüße"}, "Body": {"Text": {"Data": "Text"}}}


def test_a_raw_message_is_handed_on_as_it_is(world: Any, customer: Any) -> None:
    sent = customer.send_email(Content={"Raw": {"Data": RAW}})
    assert sent["MessageId"] == "message-1"
    (taken,) = world.postbox.taken
    assert taken.raw == RAW
    assert taken.user == "bakery"
    assert taken.sender == "Shop <shop@example.com>"
    assert taken.recipients == ["ann@x.org", "bob@x.org", "cy@x.org"]
    assert taken.api is Door.V2


def test_the_request_comes_before_the_headers(world: Any, v2: Any) -> None:
    v2.send_email(
        FromEmailAddress="other@example.com",
        Destination={"ToAddresses": ["Di <di@x.org>"]},
        Content={"Raw": {"Data": RAW}},
        ConfigurationSetName="shop",
        TenantName="k",
        EmailTags=[{"Name": "a", "Value": "b"}],
    )
    (taken,) = world.postbox.taken
    assert taken.user is None
    assert taken.sender == "other@example.com"
    assert taken.recipients == ["di@x.org"]
    assert (taken.configuration_set, taken.tenant) == ("shop", "k")
    assert taken.tags == {"a": ["b"]}


def test_a_simple_message_becomes_mime(world: Any, v2: Any) -> None:
    content = TEXT | {
        "Body": {"Text": {"Data": "Text"}, "Html": {"Data": "<p>Text</p>"}},
        "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
        "Attachments": [{"FileName": "a.bin", "RawContent": b"\0\1"}],
    }
    v2.send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": ["ann@x.org"], "BccAddresses": ["cy@x.org"]},
        ReplyToAddresses=["desk@example.com"],
        Content={"Simple": content},
    )
    (taken,) = world.postbox.taken
    message = message_from_bytes(taken.raw)
    assert message["To"] == "ann@x.org"
    assert message["Bcc"] is None
    assert message["Reply-To"] == "desk@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/octet-stream"]
    assert taken.recipients == ["ann@x.org", "cy@x.org"]


def test_a_message_may_be_html_alone(world: Any, v2: Any) -> None:
    body = {"Html": {"Data": "<p>x</p>"}}
    v2.send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": ["ann@x.org"]},
        Content={"Simple": TEXT | {"Body": body}},
    )
    (taken,) = world.postbox.taken
    assert message_from_bytes(taken.raw).get_content_type() == "text/html"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"Raw": {"Data": RAW}, "Simple": TEXT},
        {"Template": {"TemplateName": "a"}},
        {"Raw": {"Data": b"Subject: x\r\n\r\n"}},
        {"Simple": TEXT | {"Body": {}}},
    ],
    ids=["nothing", "two kinds", "template", "no sender", "no body"],
)
def test_a_wrong_message_is_a_bad_request(
    world: Any, v2: Any, refused: Any, content: dict[str, Any]
) -> None:
    assert refused(v2.send_email, Content=content) == "BadRequestException"
    assert world.postbox.taken == []


def test_version_one_sends_raw_messages(world: Any, v1: Any, refused: Any) -> None:
    v1.send_raw_email(RawMessage={"Data": RAW})
    v1.send_raw_email(
        RawMessage={"Data": RAW},
        Source="other@example.com",
        Destinations=["di@x.org", "ed@x.org"],
        ConfigurationSetName="shop",
        Tags=[{"Name": "a", "Value": "b"}],
    )
    first, second = world.postbox.taken
    assert first.raw == RAW
    assert first.recipients == ["ann@x.org", "bob@x.org", "cy@x.org"]
    assert second.sender == "other@example.com"
    assert second.recipients == ["di@x.org", "ed@x.org"]
    assert (second.configuration_set, second.tags) == ("shop", {"a": ["b"]})
    code = refused(v1.send_raw_email, RawMessage={"Data": b"Subject: x\r\n\r\n"})
    assert code == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("why", "newer", "older"),
    [
        (Why.DENIED, "AccessDeniedException", "AccessDenied"),
        (Why.UNVERIFIED, "MessageRejected", "MessageRejected"),
        (Why.UNKNOWN_SET, "NotFoundException", "ConfigurationSetDoesNotExist"),
        (Why.SET_PAUSED, "SendingPausedException", "ConfigurationSetSendingPausedException"),
        (Why.ACCOUNT_PAUSED, "SendingPausedException", "AccountSendingPausedException"),
        (Why.ACCOUNT_SHUT, "AccountSuspendedException", "MessageRejected"),
        (Why.THROTTLED, "TooManyRequestsException", "Throttling"),
    ],
    ids=str,
)
def test_a_refusal_keeps_its_kind_in_both_versions(
    world: Any, v1: Any, v2: Any, refused: Any, why: Why, newer: str, older: str
) -> None:
    world.postbox.refusal = Refusal(why, "no")
    assert refused(v2.send_email, Content={"Raw": {"Data": RAW}}) == newer
    assert refused(v1.send_raw_email, RawMessage={"Data": RAW}) == older
