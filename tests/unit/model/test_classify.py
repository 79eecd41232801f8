"""The decision table of policy.md section 1: outcomes, whom they count for, and the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sesauditd.model.classify import CLOCK_TOLERANCE, could_be_auto_reply, event_time, interpret
from sesauditd.model.events import Event, Feedback, Flag, Named, Outcome

MAIL_AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
INNER_AT = MAIL_AT + timedelta(seconds=30)
RECEIVED_AT = MAIL_AT + timedelta(minutes=1)

HARD = Outcome.HARD_BOUNCE
SOFT = Outcome.SOFT_BOUNCE


def named(address: str = "reader@x.org", **parts: str) -> Named:
    return Named(address=address, spelling=parts.pop("spelling", address), **parts)


class Parts(TypedDict, total=False):
    """What a test says about an event besides its kind and recipients."""

    feedback_id: str
    type: str | None
    subtype: str | None
    complaint_type: str | None
    reason: str | None


def feedback(kind: str, *recipients: Named, **parts: Unpack[Parts]) -> Feedback:
    people = recipients or (named(),)
    plain = Feedback(
        kind=kind,
        message_id="m-1",
        mail_at=MAIL_AT,
        inner_at=INNER_AT,
        source="site@example.com",
        destination=tuple(one.address for one in people),
        named=people,
    )
    return replace(plain, **parts)


def bounce(kind: str | None, subtype: str | None, *recipients: Named) -> Feedback:
    return feedback("Bounce", *recipients, type=kind, subtype=subtype, feedback_id="f-1")


def complaint(*recipients: Named, **parts: Unpack[Parts]) -> Feedback:
    return replace(feedback("Complaint", *recipients, **parts), feedback_id="f-1")


def understood(given_feedback: Feedback, *, own_notice: bool = False) -> Event:
    return interpret(given_feedback, received_at=RECEIVED_AT, own_notice=own_notice)


def outcomes(given_feedback: Feedback) -> list[Outcome]:
    return [one.outcome for one in understood(given_feedback).suffered]


@pytest.mark.parametrize(
    ("kind", "subtype", "recipient", "outcome"),
    [
        pytest.param("Permanent", "General", {}, HARD, id="permanent general"),
        pytest.param("Permanent", "NoEmail", {}, HARD, id="permanent no email"),
        pytest.param("Permanent", "Suppressed", {}, HARD, id="permanent suppressed"),
        pytest.param("Permanent", None, {}, HARD, id="permanent without a subtype"),
        pytest.param("Permanent", "General", {"status": "5.7.1"}, HARD, id="permanent 5.7.1"),
        pytest.param("Permanent", "General", {"action": "failed"}, HARD, id="permanent failed"),
        pytest.param(
            "Permanent", "General", {"action": "delayed"}, Outcome.DELAYED, id="still trying"
        ),
        pytest.param(
            "Permanent", "General", {"action": "DELAYED"}, Outcome.DELAYED, id="still TRYING"
        ),
        pytest.param(
            "Permanent", "General", {"status": "4.2.2"}, Outcome.DELAYED, id="temporary status"
        ),
        pytest.param("Permanent", "OnAccountSuppressionList", {}, Outcome.ECHO, id="account list"),
        pytest.param("Permanent", "OnTenantSuppressionList", {}, Outcome.ECHO, id="tenant list"),
        pytest.param(
            "Permanent",
            "OnAccountSuppressionList",
            {"status": "4.4.7"},
            Outcome.ECHO,
            id="echo is more special than a status",
        ),
        pytest.param("Permanent", "EmailValidationSuppressed", {}, Outcome.OTHER, id="validation"),
        pytest.param("Permanent", "UnsubscribedRecipient", {}, Outcome.OTHER, id="unsubscribed"),
        pytest.param("Permanent", "AddedByAwsLater", {}, Outcome.OTHER, id="unknown subtype"),
        pytest.param("Transient", "General", {}, SOFT, id="transient general"),
        pytest.param("Transient", None, {}, SOFT, id="transient without a subtype"),
        pytest.param("Transient", "MailboxFull", {}, SOFT, id="mailbox full"),
        pytest.param("Transient", "General", {"status": "5.4.4"}, HARD, id="no such host"),
        pytest.param(
            "Transient", "MailboxFull", {"status": "5.4.4"}, HARD, id="status before subtype"
        ),
        pytest.param(
            "Transient",
            "General",
            {"status": "5.4.4", "action": "delayed"},
            Outcome.DELAYED,
            id="no such host, still trying",
        ),
        pytest.param("Transient", "MessageTooLarge", {}, Outcome.REFUSED_CONTENT, id="too large"),
        pytest.param(
            "Transient", "ContentRejected", {}, Outcome.REFUSED_CONTENT, id="content rejected"
        ),
        pytest.param(
            "Transient", "AttachmentRejected", {}, Outcome.REFUSED_CONTENT, id="attachment"
        ),
        pytest.param(
            "Transient", "CustomTimeoutExceeded", {}, Outcome.REFUSED_CONTENT, id="timeout"
        ),
        pytest.param("Transient", "AddedByAwsLater", {}, Outcome.OTHER, id="unknown transient"),
        pytest.param("Undetermined", "Undetermined", {}, Outcome.UNDETERMINED, id="undetermined"),
        pytest.param("AddedByAwsLater", "General", {}, Outcome.OTHER, id="unknown type"),
        pytest.param(None, None, {}, Outcome.OTHER, id="no type"),
    ],
)
def test_a_bounce_means(
    kind: str | None, subtype: str | None, recipient: dict[str, str], outcome: Outcome
) -> None:
    assert outcomes(bounce(kind, subtype, named(**recipient))) == [outcome]


@pytest.mark.parametrize(
    ("complaint_type", "subtype", "outcome"),
    [
        pytest.param("abuse", None, Outcome.COMPLAINT, id="abuse"),
        pytest.param("fraud", None, Outcome.COMPLAINT, id="fraud"),
        pytest.param("virus", None, Outcome.COMPLAINT, id="virus"),
        pytest.param("other", None, Outcome.COMPLAINT, id="other"),
        pytest.param(None, None, Outcome.COMPLAINT, id="no type"),
        pytest.param(" Abuse ", None, Outcome.COMPLAINT, id="letter case"),
        pytest.param("not-spam", None, Outcome.OTHER, id="not spam"),
        pytest.param("auth-failure", None, Outcome.OTHER, id="a machine's report"),
        pytest.param("added-later", None, Outcome.OTHER, id="unknown type"),
        pytest.param("abuse", "OnAccountSuppressionList", Outcome.ECHO, id="account list"),
        pytest.param(None, "OnTenantSuppressionList", Outcome.ECHO, id="tenant list"),
        pytest.param("not-spam", "OnAccountSuppressionList", Outcome.ECHO, id="echo first"),
    ],
)
def test_a_complaint_means(
    complaint_type: str | None, subtype: str | None, outcome: Outcome
) -> None:
    assert outcomes(complaint(complaint_type=complaint_type, subtype=subtype)) == [outcome]


@pytest.mark.parametrize(
    ("kind", "reason", "outcome"),
    [
        pytest.param("Reject", "Bad content", Outcome.VIRUS, id="virus"),
        pytest.param("Reject", " bad CONTENT", Outcome.VIRUS, id="virus in another case"),
        pytest.param("Reject", "Added later", Outcome.OTHER, id="another reject"),
        pytest.param("Reject", None, Outcome.OTHER, id="reject without a reason"),
        pytest.param("Delivery", None, Outcome.DELIVERED, id="delivery"),
        pytest.param("Send", None, Outcome.SENT, id="send"),
        pytest.param("DeliveryDelay", "General", Outcome.DELAYED, id="delay"),
        pytest.param("Rendering Failure", None, Outcome.OTHER, id="rendering failure"),
        pytest.param("Open", None, Outcome.OTHER, id="open"),
        pytest.param("Click", None, Outcome.OTHER, id="click"),
        pytest.param("Subscription", None, Outcome.OTHER, id="subscription"),
        pytest.param("AddedByAwsLater", None, Outcome.OTHER, id="unknown kind"),
    ],
)
def test_any_other_event_means(kind: str, reason: str | None, outcome: Outcome) -> None:
    assert outcomes(feedback(kind, reason=reason)) == [outcome]


@pytest.mark.parametrize(
    "given_feedback",
    [
        pytest.param(
            bounce("Permanent", "General", named("bounce@simulator.amazonses.com")), id="bounce"
        ),
        pytest.param(
            bounce(
                "Permanent",
                "OnAccountSuppressionList",
                named("suppressionlist@simulator.amazonses.com"),
            ),
            id="before echo",
        ),
        pytest.param(complaint(named("complaint@simulator.amazonses.com")), id="complaint"),
        pytest.param(feedback("Delivery", named("success@simulator.amazonses.com")), id="success"),
    ],
)
def test_the_mailbox_simulator_counts_for_nobody(given_feedback: Feedback) -> None:
    (one,) = understood(given_feedback).suffered
    assert (one.outcome, one.blockable) == (Outcome.SIMULATED, False)


def test_our_own_notices_count_for_nobody_whatever_became_of_them() -> None:
    event = understood(bounce("Permanent", "General"), own_notice=True)
    assert [one.outcome for one in event.suffered] == [Outcome.NOTICE]
    assert Flag.OWN_NOTICE in event.flags


def test_a_complaint_about_our_own_notice_is_not_ambiguous() -> None:
    event = understood(complaint(named("a@x.org"), named("b@x.org")), own_notice=True)
    assert Flag.AMBIGUOUS not in event.flags


def test_one_bounce_may_mean_different_things_for_its_recipients() -> None:
    mixed = bounce(
        "Permanent",
        "General",
        named("gone@x.org", status="5.1.1", action="failed"),
        named("slow@x.org", status="4.4.7", action="delayed"),
    )
    assert outcomes(mixed) == [HARD, Outcome.DELAYED]


def test_a_broken_name_server_counts_as_one_dead_address() -> None:
    people = [named(f"{name}@gone.example", status="5.4.4") for name in ("a", "b", "c")]
    event = understood(bounce("Transient", "General", *people))
    assert {one.counted_as for one in event.suffered} == {"@gone.example"}
    assert {one.recipient for one in event.suffered} == {one.address for one in people}


def test_a_complaint_of_one_recipient_is_theirs() -> None:
    event = understood(complaint(named("a@x.org")))
    (one,) = event.suffered
    assert (one.blockable, one.counted_as) == (True, "a@x.org")
    assert Flag.AMBIGUOUS not in event.flags


def test_a_complaint_of_several_counts_as_one_complainer_and_blocks_nobody() -> None:
    event = understood(complaint(*(named(f"p{number}@x.org") for number in range(12))))
    assert {one.outcome for one in event.suffered} == {Outcome.COMPLAINT}
    assert not any(one.blockable for one in event.suffered)
    assert len({one.counted_as for one in event.suffered}) == 1
    assert Flag.AMBIGUOUS in event.flags


def test_hidden_complainers_of_two_events_are_two() -> None:
    first = complaint(named("a@x.org"), named("b@x.org"))
    second = replace(first, feedback_id="f-2")
    counted = {one.counted_as for both in (first, second) for one in understood(both).suffered}
    assert len(counted) == 2


def test_an_echo_that_names_several_is_not_ambiguous() -> None:
    event = understood(
        complaint(named("a@x.org"), named("b@x.org"), subtype="OnAccountSuppressionList")
    )
    assert Flag.AMBIGUOUS not in event.flags


def test_the_same_complainer_named_twice_is_one_person() -> None:
    event = understood(complaint(named("a@x.org"), named("a@x.org", spelling="A@x.org")))
    assert len(event.suffered) == 1
    assert event.suffered[0].blockable


def test_an_event_that_names_one_recipient_twice_means_it_once() -> None:
    twice = bounce("Permanent", "General", named("a@x.org"), named("b@x.org"), named("a@x.org"))
    assert sorted(one.recipient for one in understood(twice).suffered) == ["a@x.org", "b@x.org"]


def test_a_forwarded_bounce_stands_for_the_only_destination() -> None:
    forwarded = replace(
        bounce("Permanent", "General", named("behind@y.org")), destination=("mailed@x.org",)
    )
    event = understood(forwarded)
    (one,) = event.suffered
    assert (one.recipient, one.spelling, one.blockable) == ("mailed@x.org", "mailed@x.org", True)
    assert Flag.FORWARDED not in event.flags


def test_a_forwarded_bounce_of_many_destinations_blocks_nobody() -> None:
    forwarded = replace(
        bounce("Permanent", "General", named("behind@y.org")),
        destination=("one@x.org", "two@x.org"),
    )
    event = understood(forwarded)
    (one,) = event.suffered
    assert (one.recipient, one.blockable) == ("behind@y.org", False)
    assert Flag.FORWARDED in event.flags


def test_without_a_list_of_destinations_the_named_address_stands_for_itself() -> None:
    event = understood(replace(bounce("Permanent", "General"), destination=None))
    assert (event.suffered[0].recipient, event.suffered[0].blockable) == ("reader@x.org", True)


def test_what_the_receiving_server_said_is_kept() -> None:
    said = {"status": "5.1.1", "action": "failed", "diagnostic": "smtp; 550 user unknown"}
    (one,) = understood(
        bounce("Permanent", "General", named(spelling="Reader@x.org", **said))
    ).suffered
    assert (one.spelling, one.status, one.action, one.diagnostic) == (
        "Reader@x.org",
        "5.1.1",
        "failed",
        "smtp; 550 user unknown",
    )


@pytest.mark.parametrize(
    ("kind", "subtype", "outcome", "expected"),
    [
        pytest.param("Transient", "General", SOFT, True, id="out of office"),
        pytest.param("Transient", "MailboxFull", SOFT, True, id="mailbox full"),
        pytest.param("Transient", "General", HARD, False, id="no such host"),
        pytest.param("Permanent", "General", SOFT, False, id="permanent"),
        pytest.param("Transient", "ContentRejected", SOFT, False, id="content"),
    ],
)
def test_only_a_soft_bounce_can_be_an_auto_reply(
    kind: str, subtype: str, outcome: Outcome, expected: bool
) -> None:
    assert could_be_auto_reply(bounce(kind, subtype), outcome) is expected


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = RECEIVED_AT + CLOCK_TOLERANCE + timedelta(seconds=1)
LATE = RECEIVED_AT + CLOCK_TOLERANCE
OLD = datetime(2012, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("inner_at", "mail_at", "expected"),
    [
        pytest.param(INNER_AT, MAIL_AT, (INNER_AT, False), id="inner time"),
        pytest.param(MAIL_AT, MAIL_AT, (MAIL_AT, False), id="inner time at the mail's"),
        pytest.param(None, MAIL_AT, (MAIL_AT, False), id="no inner time"),
        pytest.param(LATE, MAIL_AT, (LATE, False), id="a quarter of an hour ahead"),
        pytest.param(AHEAD, MAIL_AT, (MAIL_AT, True), id="further ahead"),
        pytest.param(
            MAIL_AT - timedelta(seconds=1), MAIL_AT, (MAIL_AT, True), id="before the mail"
        ),
        pytest.param(EPOCH, MAIL_AT, (MAIL_AT, True), id="1970"),
        pytest.param(EPOCH, EPOCH, (RECEIVED_AT, True), id="both 1970"),
        pytest.param(AHEAD, AHEAD, (RECEIVED_AT, True), id="both ahead"),
        pytest.param(None, AHEAD, (RECEIVED_AT, True), id="mail ahead, no inner time"),
        pytest.param(None, None, (RECEIVED_AT, True), id="no time at all"),
        pytest.param(INNER_AT, None, (INNER_AT, False), id="no mail time"),
        pytest.param(AHEAD, None, (RECEIVED_AT, True), id="ahead, no mail time"),
        pytest.param(OLD, OLD, (OLD, False), id="age alone is not absurd"),
        pytest.param(INNER_AT, AHEAD, (RECEIVED_AT, True), id="inner before a mail ahead"),
    ],
)
def test_the_time_of_an_event(
    inner_at: datetime | None, mail_at: datetime | None, expected: tuple[datetime, bool]
) -> None:
    given_feedback = replace(feedback("Delivery"), inner_at=inner_at, mail_at=mail_at)
    assert event_time(given_feedback, RECEIVED_AT) == expected


def test_a_replaced_time_is_flagged() -> None:
    event = understood(replace(feedback("Delivery"), inner_at=EPOCH))
    assert (event.at, Flag.TIME_REPLACED in event.flags) == (MAIL_AT, True)


MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))


@given(inner_at=MOMENTS, mail_at=MOMENTS)
def test_the_time_of_an_event_is_never_absurd(
    inner_at: datetime | None, mail_at: datetime | None
) -> None:
    given_feedback = replace(feedback("Delivery"), inner_at=inner_at, mail_at=mail_at)
    at, replaced = event_time(given_feedback, RECEIVED_AT)
    assert datetime(2011, 1, 1, tzinfo=UTC) <= at <= RECEIVED_AT + CLOCK_TOLERANCE
    assert replaced or at in {inner_at, mail_at}
