"""Every kind of event in both flavours, and the quirks that SES is known for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Unreadable
from sesauditd.ingest.notification import parse
from sesauditd.ingest.wire import decode
from sesauditd.model.events import Named
from tests.unit.ingest.samples import (
    BODIES,
    FEEDBACK_ID,
    IDENTITY_KINDS,
    MESSAGE_ID,
    Json,
    encoded,
    event,
    notification,
)

if TYPE_CHECKING:
    from sesauditd.model.events import Feedback


def read(message: Json) -> Feedback:
    return parse(decode(encoded(message)))


RITA = Named(address="rita@example.org", spelling="rita@example.org")
RITA_BOUNCED = Named(
    address="rita@example.org",
    spelling="rita@example.org",
    action="failed",
    status="5.1.1",
    diagnostic="smtp; 550 5.1.1 <rita@example.org>: user unknown",
)
RITA_DELAYED = Named(
    address="rita@example.org",
    spelling="rita@example.org",
    status="4.4.1",
    diagnostic="smtp; 421 4.4.1 Unable to connect to remote host",
)


def inner(hour: int, minute: int, second: int, micro: int = 0) -> datetime:
    return datetime(2026, 11, 2, hour, minute, second, micro, tzinfo=UTC)


EXPECTED: dict[str, dict[str, object]] = {
    "Bounce": {
        "type": "Permanent",
        "subtype": "General",
        "feedback_id": FEEDBACK_ID,
        "inner_at": inner(10, 0, 2, 118_000),
        "named": (RITA_BOUNCED,),
    },
    "Complaint": {
        "subtype": None,
        "complaint_type": "abuse",
        "feedback_id": FEEDBACK_ID,
        "inner_at": inner(12, 41, 9),
        "named": (RITA,),
    },
    "Delivery": {"inner_at": inner(10, 0, 3, 4_000), "named": (RITA,)},
    "Send": {"inner_at": None, "named": (RITA,)},
    "Reject": {"inner_at": None, "reason": "Bad content", "named": (RITA,)},
    "Open": {"inner_at": inner(11, 0, 0), "named": (RITA,)},
    "Click": {"inner_at": inner(11, 0, 5), "named": (RITA,)},
    "Rendering Failure": {"inner_at": None, "named": (RITA,)},
    "DeliveryDelay": {
        "inner_at": inner(14, 0, 0),
        "reason": "TransientCommunicationFailure",
        "named": (RITA_DELAYED,),
    },
    "Subscription": {"inner_at": inner(12, 0, 0), "named": (RITA,)},
}


def said(feedback: Feedback, wanted: dict[str, object]) -> dict[str, object]:
    return {name: getattr(feedback, name) for name in wanted}


@pytest.mark.parametrize("kind", list(BODIES))
def test_every_kind_of_event_publishing_is_read(kind: str) -> None:
    feedback = read(event(kind))
    assert feedback.kind == kind
    assert said(feedback, EXPECTED[kind]) == EXPECTED[kind]
    assert feedback.message_id == MESSAGE_ID
    assert feedback.mail_at == inner(10, 0, 0, 512_000)
    assert feedback.source == "shop@bakery.example"
    assert feedback.identity == "bakery.example"
    assert feedback.caller == "smtp-bakery"
    assert feedback.configuration_set == "bakery-example"
    assert feedback.destination == ("rita@example.org",)


@pytest.mark.parametrize("kind", IDENTITY_KINDS)
def test_every_kind_of_identity_notification_is_read(kind: str) -> None:
    feedback = read(notification(kind))
    assert feedback.kind == kind
    assert said(feedback, EXPECTED[kind]) == EXPECTED[kind]
    assert feedback.caller == "smtp-bakery"
    assert feedback.configuration_set is None


@pytest.mark.parametrize("kind", IDENTITY_KINDS)
def test_both_flavours_of_one_event_have_one_key(kind: str) -> None:
    assert read(event(kind)).key == read(notification(kind)).key


def test_a_bounce_without_a_dsn_names_the_address_alone() -> None:
    feedback = read(event("Bounce", bouncedRecipients=[{"emailAddress": "rita@example.org"}]))
    assert feedback.named == (RITA,)


def test_a_bounce_may_mix_failed_and_delayed_recipients() -> None:
    feedback = read(
        event(
            "Bounce",
            bouncedRecipients=[
                {"emailAddress": "a@example.org", "action": "failed", "status": "5.1.1"},
                {"emailAddress": "b@example.org", "action": "delayed", "status": "4.4.7"},
            ],
        )
    )
    assert [(one.address, one.action, one.status) for one in feedback.named] == [
        ("a@example.org", "failed", "5.1.1"),
        ("b@example.org", "delayed", "4.4.7"),
    ]


def test_a_kind_that_is_not_known_yet_is_kept_and_names_nobody() -> None:
    message = {**event("Send"), "eventType": "Levitation\x07" + "x" * 99, "levitation": {}}
    feedback = read(message)
    assert feedback.kind == ("Levitation " + "x" * 99)[:64]
    assert feedback.named == ()
    assert feedback.destination == ("rita@example.org",)


def test_fields_that_are_not_known_yet_are_skipped() -> None:
    message = event("Bounce", machine={"likely": True}, mail={"new": [1, {"deep": None}]})
    assert read({**message, "novelty": [[]]}) == read(event("Bounce"))


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        pytest.param("5.1.1", "5.1.1", id="bare"),
        pytest.param(" 5.4.4 ", "5.4.4", id="spaces"),
        pytest.param("5.1.1 (bad destination mailbox)", "5.1.1", id="comment of a DSN"),
        pytest.param("5.1.10", "5.1.10", id="two digits"),
        pytest.param("5.1.1000", "5.1.1000", id="no status code"),
        pytest.param("smtp;550", "smtp;550", id="something else"),
        pytest.param(5.1, None, id="number"),
        pytest.param(None, None, id="null"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_status_is_kept_as_the_bare_code(status: object, kept: str | None) -> None:
    recipient = {"emailAddress": "rita@example.org", "status": status}
    assert read(event("Bounce", bouncedRecipients=[recipient])).named[0].status == kept


@pytest.mark.parametrize(
    ("written", "address", "spelling"),
    [
        pytest.param("Rita@Example.ORG", "rita@example.org", "Rita@Example.ORG", id="case"),
        pytest.param("<rita@example.org>", "rita@example.org", "rita@example.org", id="brackets"),
        pytest.param(
            '"Doe, Rita" <rita@example.org>',
            "rita@example.org",
            "rita@example.org",
            id="display name",
        ),
        pytest.param("rita@bücher.example", "rita@xn--bcher-kva.example", None, id="IDN"),
        pytest.param("undisclosed-recipients", "undisclosed-recipients", None, id="no at sign"),
        pytest.param("ri\r\nta\x00@example.org", "rita@example.org", "rita@example.org", id="C0"),
        pytest.param(
            "x" * 900 + " <rita@example.org>", "rita@example.org", "rita@example.org", id="long"
        ),
        pytest.param("\ud800@example.org", "\ufffd@example.org", None, id="half a pair"),
    ],
)
def test_a_recipient_is_kept_comparable_and_in_its_own_spelling(
    written: str, address: str, spelling: str | None
) -> None:
    named = read(event("Complaint", complainedRecipients=[{"emailAddress": written}])).named
    assert named[0].address == address
    if spelling is not None:
        assert named[0].spelling == spelling


def test_recipients_may_be_bare_strings_or_objects_in_every_list() -> None:
    bounced = read(event("Bounce", bouncedRecipients=["rita@example.org"]))
    delivered = read(event("Delivery", recipients=[{"emailAddress": "rita@example.org"}]))
    assert bounced.named == delivered.named == (RITA,)


def test_a_diagnostic_is_one_line_and_cut() -> None:
    hostile = "550 <img onerror=x>\r\nBcc: a@b.org\x00\x1b[2J" + "x" * 100_000
    recipient = {"emailAddress": "rita@example.org", "diagnosticCode": hostile}
    kept = read(event("Bounce", bouncedRecipients=[recipient])).named[0].diagnostic
    assert kept is not None
    assert kept.startswith("550 <img onerror=x> Bcc: a@b.org [2Jxxx")
    assert len(kept) == 500


def test_common_headers_are_never_read() -> None:
    odd = {"to": "a@example.org, b@example.org,c@example.org", "from": 7}
    assert read(event("Send", mail={"commonHeaders": odd, "headers": "?"})) == read(event("Send"))


def test_open_and_click_have_no_source_arn_in_the_samples() -> None:
    message = event("Open")
    del message["mail"]["sourceArn"]
    assert read(message).identity == ""


@pytest.mark.parametrize(
    ("arn", "identity"),
    [
        pytest.param("arn:aws:ses:us-east-1:1:identity/A.Example", "a.example", id="domain"),
        pytest.param("arn:aws:ses:us-east-1:1:identity/Me@A.Example", "me@a.example", id="address"),
        pytest.param(
            "arn:aws:ses:us-east-1:1:identity/bücher.example", "xn--bcher-kva.example", id="IDN"
        ),
        pytest.param("arn:aws-cn:ses:cn-north-1:1:identity/a.example", "a.example", id="China"),
        pytest.param("arn:aws:ses:us-east-1:1:template/x", "", id="no identity"),
        pytest.param("a.example", "", id="no ARN"),
        pytest.param("", "", id="empty"),
        pytest.param(None, "", id="null"),
        pytest.param(["arn:aws:ses:us-east-1:1:identity/a.example"], "", id="list"),
    ],
)
def test_the_identity_is_what_follows_in_the_arn(arn: object, identity: str) -> None:
    assert read(event("Send", mail={"sourceArn": arn})).identity == identity


@pytest.mark.parametrize(
    ("tags", "caller_identity", "caller"),
    [
        pytest.param({"ses:caller-identity": ["u"]}, None, "u", id="tag"),
        pytest.param({"ses:caller-identity": "u"}, None, "u", id="bare tag"),
        pytest.param({"ses:caller-identity": ["u"]}, "v", "u", id="the tag wins"),
        pytest.param({"ses:caller-identity": []}, "v", "v", id="empty tag"),
        pytest.param({"ses:caller-identity": [None]}, "v", "v", id="null tag"),
        pytest.param({"caller-identity": ["forged"]}, None, None, id="a customer's tag"),
        pytest.param([], "v", "v", id="tags are a list"),
        pytest.param("x", None, None, id="tags are a text"),
        pytest.param(None, {"a": 1}, None, id="object"),
    ],
)
def test_the_caller_is_the_tag_of_ses_else_the_field(
    tags: object, caller_identity: object, caller: str | None
) -> None:
    mail = {"tags": tags, "callerIdentity": caller_identity}
    assert read(event("Send", mail=mail)).caller == caller


@pytest.mark.parametrize(
    ("tags", "tenant"),
    [
        pytest.param({"ses:tenant-name": ["sesaudit-bakery"]}, "sesaudit-bakery", id="tag"),
        pytest.param({"tenant-name": ["forged"]}, None, id="a customer's tag"),
        pytest.param({"ses:tenant-name": []}, None, id="empty tag"),
        pytest.param("x", None, id="tags are a text"),
    ],
)
def test_the_tenant_is_the_tag_of_ses(tags: object, tenant: str | None) -> None:
    assert read(event("Bounce", mail={"tags": tags})).tenant == tenant


@pytest.mark.parametrize(
    ("written", "source"),
    [
        pytest.param("Shop <Shop@Bakery.example>", "shop@bakery.example", id="display name"),
        pytest.param("shop@bakery.example (Shop)", "shop@bakery.example", id="comment"),
        pytest.param("=?utf-8?q?B=C3=A4cker?= <a@b.example>", "a@b.example", id="encoded word"),
        pytest.param(None, "", id="null"),
        pytest.param(["shop@bakery.example"], "", id="list"),
    ],
)
def test_the_source_is_parsed_as_an_address(written: object, source: str) -> None:
    assert read(event("Bounce", mail={"source": written})).source == source


@pytest.mark.parametrize(
    ("written", "destination"),
    [
        pytest.param(["B@x.org", "A <a@x.org>"], ("b@x.org", "a@x.org"), id="in order"),
        pytest.param([], (), id="empty"),
        pytest.param("a@x.org", None, id="text"),
        pytest.param(None, None, id="null"),
        pytest.param({"0": "a@x.org"}, None, id="object"),
        pytest.param(["a@x.org", 5], None, id="an entry is no text"),
        pytest.param(["a@x.org", ""], None, id="an entry is empty"),
    ],
)
def test_the_destination_is_known_whole_or_not_at_all(
    written: object, destination: tuple[str, ...] | None
) -> None:
    assert read(event("Bounce", mail={"destination": written})).destination == destination


@pytest.mark.parametrize("kind", ["Open", "Click", "Subscription", "Rendering Failure"])
def test_what_counts_against_nobody_is_kept_even_if_it_names_nobody(kind: str) -> None:
    key, _ = BODIES[kind]
    message = {**event(kind, mail={"destination": None}), key: None}
    feedback = read(message)
    assert feedback.kind == kind
    assert feedback.named == ()
    assert feedback.inner_at is None


def test_a_send_is_kept_without_its_empty_object() -> None:
    message = event("Send")
    del message["send"]
    assert read(message).named == (RITA,)


def test_two_thousand_recipients_are_all_kept() -> None:
    everybody = [f"r{number}@example.org" for number in range(2000)]
    feedback = read(event("Delivery", recipients=everybody, mail={"destination": everybody}))
    assert [one.address for one in feedback.named] == everybody


def test_an_over_long_id_is_cut() -> None:
    feedback = read(event("Bounce", mail={"messageId": "m" * 1000}, feedbackId="f" * 1000))
    assert feedback.message_id == "m" * 256
    assert feedback.feedback_id == "f" * 256


GONE = object()
MESSAGE_ID_REASON = "mail.messageId is missing or not a text"
TYPE_REASON = "eventType is missing or not a text"
COMPLAINERS = "complaint.complainedRecipients"
HALF_KNOWN = [{"emailAddress": "a@x.org"}, {"emailAddress": None}]
NO_ADDRESS = "holds an entry without an address"
REFUSALS: list[tuple[str, str, object, str]] = [
    ("Bounce", "eventType", GONE, TYPE_REASON),
    ("Bounce", "eventType", "", TYPE_REASON),
    ("Bounce", "eventType", ["Bounce"], TYPE_REASON),
    ("Bounce", "mail", GONE, "mail is missing"),
    ("Bounce", "mail", None, "mail is missing"),
    ("Bounce", "mail", [], "mail is not an object"),
    ("Bounce", "mail", "x", "mail is not an object"),
    ("Bounce", "mail.messageId", GONE, MESSAGE_ID_REASON),
    ("Bounce", "mail.messageId", 12, MESSAGE_ID_REASON),
    ("Bounce", "mail.messageId", " \n", MESSAGE_ID_REASON),
    ("Bounce", "bounce", GONE, "bounce is missing"),
    ("Complaint", "complaint", 7, "complaint is not an object"),
    ("Delivery", "delivery", [], "delivery is not an object"),
    ("Reject", "reject", GONE, "reject is missing"),
    ("DeliveryDelay", "deliveryDelay", None, "deliveryDelay is missing"),
    ("Bounce", "bounce.bouncedRecipients", GONE, "bounce.bouncedRecipients is missing"),
    ("Bounce", "bounce.bouncedRecipients", {}, "bounce.bouncedRecipients is not a list"),
    ("Bounce", "bounce.bouncedRecipients", [], "bounce.bouncedRecipients names nobody"),
    ("Complaint", COMPLAINERS, [], f"{COMPLAINERS} names nobody"),
    ("Complaint", COMPLAINERS, HALF_KNOWN, f"{COMPLAINERS} {NO_ADDRESS}"),
    ("Delivery", "delivery.recipients", "a@x.org", "delivery.recipients is not a list"),
    ("Delivery", "delivery.recipients", [[]], f"delivery.recipients {NO_ADDRESS}"),
    ("Reject", "mail.destination", GONE, "mail.destination is missing"),
    ("Reject", "mail.destination", [], "mail.destination names nobody"),
    ("Send", "mail.destination", "a@x.org", "mail.destination is not a list"),
]


@pytest.mark.parametrize(
    ("kind", "path", "value", "reason"),
    REFUSALS,
    ids=[
        f"{kind}: {path} {'gone' if value is GONE else ascii(value)}"
        for kind, path, value, _ in REFUSALS
    ],
)
def test_what_cannot_be_read_is_refused_with_a_precise_reason(
    kind: str, path: str, value: object, reason: str
) -> None:
    message = event(kind)
    *trail, last = path.split(".")
    place = message
    for step in trail:
        place = place[step]
    place[last] = value
    if value is GONE:
        del place[last]
    with pytest.raises(Unreadable) as refusal:
        read(message)
    assert str(refusal.value) == reason


def test_json_that_is_no_event_at_all_is_named_as_such() -> None:
    others: list[Json] = [{}, {"hello": "world"}, {"Records": []}]
    for other in others:
        with pytest.raises(Unreadable, match="but no SES event: neither eventType nor mail"):
            read(other)
