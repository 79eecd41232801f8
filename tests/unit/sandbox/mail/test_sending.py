from __future__ import annotations

from dataclasses import replace
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from typing import Any

import pytest

from sesauditd.sandbox.mail.letter import eicar
from sesauditd.sandbox.mail.outgoing import Door
from sesauditd.sandbox.mail.refusals import Refusal, Why
from sesauditd.sandbox.ses.values import ConfigurationSet, Enforcement, Reason, Suppressed, Tenant
from tests.support.mailing import SET, SHOP, START, Post, arn, letter, statement


def refusal_of(post: Post, *recipients: str, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        post.send(*(recipients or ("a@x.example",)), **more)
    assert post.board.published == []
    return caught.value


def listed(post: Post, address: str, reason: Reason = Reason.BOUNCE) -> None:
    post.state.suppression[address] = Suppressed(address=address, reason=reason, updated_at=START)


def infected(nested: bool) -> bytes:
    message = MIMEMultipart()
    message["From"] = f"info@{SHOP}"
    part = MIMEApplication(b"before " + eicar() + b" after")
    if nested:
        inner = MIMEMultipart()
        inner.attach(part)
        message.attach(inner)
    else:
        message.attach(part)
    return message.as_bytes()


def test_an_accepted_message_gets_an_id_of_its_region_and_is_sent_and_delivered() -> None:
    post = Post()
    first = post.send("a@x.example")
    second = post.send("a@x.example")
    assert first.startswith("0107")
    assert first.endswith("-000000")
    assert first != second
    assert post.kinds() == ["Send", "Delivery", "Send", "Delivery"]


def test_a_subdomain_sends_by_its_parents_identity() -> None:
    post = Post()
    sender = f"news@mail.{SHOP}"
    post.send("a@x.example", sender=sender, raw=letter("a@x.example", sender=sender))
    assert post.board.events()[0]["mail"]["sourceArn"] == arn("identity", SHOP)


def test_an_address_with_an_identity_of_its_own_uses_that_ones_set() -> None:
    post = Post()
    post.iam.documents = [statement("Allow")]
    post.add_identity(f"info@{SHOP}", configuration_set="other")
    post.state.sets["other"] = ConfigurationSet(name="other", sending_enabled=False)
    assert refusal_of(post).kind is Why.SET_PAUSED


@pytest.mark.parametrize(
    ("sender", "raw", "named"),
    [
        pytest.param(
            "info@foreign.example",
            letter("a@x.example", sender="info@foreign.example"),
            "info@foreign.example",
            id="from-and-envelope",
        ),
        pytest.param(
            "bounces@foreign.example",
            letter("a@x.example"),
            "bounces@foreign.example",
            id="envelope",
        ),
        pytest.param(
            f"info@{SHOP}",
            letter("a@x.example", headers="Sender: x@foreign.example\r\n"),
            "x@foreign.example",
            id="sender",
        ),
        pytest.param(
            f"info@{SHOP}",
            letter("a@x.example", headers="Return-Path: <y@foreign.example>\r\n"),
            "y@foreign.example",
            id="return-path",
        ),
    ],
)
def test_a_sender_that_is_not_verified_is_refused_by_name(
    sender: str, raw: bytes, named: str
) -> None:
    post = Post()
    post.iam.documents = [statement("Allow")]
    refusal = refusal_of(post, sender=sender, raw=raw)
    assert refusal.kind is Why.UNVERIFIED
    assert refusal.reply == (
        "554 Message rejected: Email address is not verified. The following identities failed "
        f"the check in region EU-CENTRAL-1: {named}"
    )


def test_naming_another_set_is_refused_by_that_sets_arn() -> None:
    post = Post()
    post.state.sets["other"] = ConfigurationSet(name="other")
    raw = letter("a@x.example", headers="X-SES-CONFIGURATION-SET: other\r\n")
    assert refusal_of(post, raw=raw).reply == (
        f"554 Access denied: User `arn:aws:iam::123456789012:user/{SHOP}' is not authorized to "
        f"perform `ses:SendRawEmail' on resource `{arn('configuration-set', 'other')}'"
    )


def test_an_identitys_default_set_must_be_allowed_too() -> None:
    post = Post()
    post.iam.documents = [statement("Allow", Resource=arn("identity", SHOP))]
    assert arn("configuration-set", SET) in refusal_of(post).text


def test_only_what_ses_composes_needs_an_action_of_its_own() -> None:
    post = Post()
    post.iam.documents = [statement("Allow", Action="ses:SendRawEmail")]
    assert post.send("a@x.example", api=Door.SMTP)
    assert post.send("a@x.example", api=Door.V2)
    post.board.published.clear()
    refusal = refusal_of(post, api=Door.V2, composed=True)
    assert "`ses:SendEmail'" in refusal.text
    assert refusal.v2_code == "AccessDeniedException"


def test_one_denied_recipient_refuses_the_whole_message() -> None:
    post = Post()
    condition = {"ForAnyValue:StringEqualsIgnoreCase": {"ses:Recipients": ["bob@x.example"]}}
    post.iam.documents.append(statement("Deny", Condition=condition))
    assert refusal_of(post, "a@x.example", "BOB@X.example").kind is Why.DENIED
    assert post.send("a@x.example")


def test_root_is_asked_for_nothing_and_called_root() -> None:
    post = Post()
    post.iam.documents = []
    post.send("a@x.example", user=None)
    tags = post.board.events()[0]["mail"]["tags"]
    assert tags["ses:caller-identity"] == ["root"]


@pytest.mark.parametrize(
    ("by_header", "expected"),
    [
        pytest.param(True, f"info@{SHOP}", id="header"),
        pytest.param(False, f"bounces@{SHOP}", id="envelope"),
    ],
)
def test_which_sender_feeds_the_condition_is_a_switch(by_header: bool, expected: str) -> None:
    post = Post()
    post.state.switches.from_header_feeds_from_address = by_header
    post.send("a@x.example", sender=f"bounces@{SHOP}")
    assert post.iam.asked[0]["ses:FromAddress"] == [expected]
    assert post.iam.asked[0]["ses:Recipients"] == ["a@x.example"]
    assert post.iam.asked[0]["ses:ApiVersion"] == ["2"]


@pytest.mark.parametrize(("denies", "sent"), [(True, False), (False, True)])
def test_whether_an_identitys_own_deny_holds_is_a_switch(denies: bool, sent: bool) -> None:
    post = Post()
    post.state.switches.identity_policy_denies = denies
    deny = statement("Deny", Principal={"AWS": "*"})
    held = post.state.identities[SHOP]
    post.state.identities[SHOP] = replace(held, policies={"stop": deny})
    if sent:
        assert post.send("a@x.example")
    else:
        assert refusal_of(post).kind is Why.DENIED


def test_a_default_set_that_was_deleted_stops_every_send() -> None:
    post = Post()
    del post.state.sets[SET]
    refusal = refusal_of(post)
    assert refusal.kind is Why.UNKNOWN_SET
    assert refusal.v1_code == "ConfigurationSetDoesNotExist"


def test_a_paused_set_refuses() -> None:
    post = Post()
    post.change_set(sending_enabled=False)
    refusal = refusal_of(post)
    assert refusal.v1_code == "ConfigurationSetSendingPausedException"
    assert refusal.code == 554


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param({"sending_enabled": False}, Why.ACCOUNT_PAUSED, id="paused"),
        pytest.param({"enforcement": Enforcement.SHUTDOWN}, Why.ACCOUNT_SHUT, id="shut-down"),
        pytest.param({"max_24_hours": 1.0}, Why.QUOTA, id="quota"),
        pytest.param({"production": False}, Why.DENIED, id="aws-sandbox"),
    ],
)
def test_the_account_can_stop_a_message(change: dict[str, Any], kind: Why) -> None:
    post = Post()
    post.add_identity("x.example")
    post.change_account(**change)
    assert refusal_of(post, "a@x.example", "b@x.example").kind is kind


def test_a_quota_that_is_used_up_asks_to_come_back_later() -> None:
    post = Post()
    post.change_account(max_24_hours=1.0)
    post.send("a@x.example")
    with pytest.raises(Refusal) as caught:
        post.send("a@x.example")
    assert caught.value.reply == "454 Throttling failure: Daily message quota exceeded."
    post.later(hours=25)
    assert post.send("a@x.example")


def test_a_rate_that_is_held_throttles_and_the_next_second_is_free() -> None:
    post = Post(hold_rate=True)
    post.change_account(max_rate=2.0)
    post.send("a@x.example")
    post.later(seconds=0.5)
    post.send("b@x.example")
    with pytest.raises(Refusal) as caught:
        post.send("c@x.example")
    assert caught.value.reply == "454 Throttling failure: Maximum sending rate exceeded."
    assert caught.value.v2_code == "TooManyRequestsException"
    post.later(seconds=0.5)
    assert post.send("c@x.example")


@pytest.mark.parametrize("production", [True, False])
def test_where_a_recipient_is_ours_too_iam_may_be_asked_about_it(production: bool) -> None:
    post = Post()
    post.add_identity("friend.example")
    post.change_account(production=production)
    post.state.switches.recipient_identity_authorised = production
    assert refusal_of(post, "a@friend.example").text.endswith(
        f"resource `{arn('identity', 'friend.example')}'"
    )


def test_outside_awss_sandbox_a_recipient_is_nobodys_identity() -> None:
    post = Post()
    post.add_identity("friend.example")
    assert post.send("a@friend.example")


def test_in_awss_sandbox_only_verified_recipients_and_the_simulator_get_mail() -> None:
    post = Post()
    post.iam.documents = [statement("Allow")]
    post.change_account(production=False)
    post.add_identity("friend@y.example")
    assert refusal_of(post, "friend@y.example", "a@x.example").text.endswith(": a@x.example")
    assert post.send("friend@y.example", "success+1@simulator.amazonses.com")


def test_a_message_has_at_most_fifty_recipients() -> None:
    post = Post()
    many = [f"r{number}@x.example" for number in range(51)]
    assert refusal_of(post, *many).reply == "554 Transaction failed: Recipient count exceeds 50."
    assert post.send(*many[:50])
    with pytest.raises(Refusal):
        post.send()


@pytest.mark.parametrize("nested", [False, True])
def test_a_virus_is_accepted_and_then_rejected_whole(nested: bool) -> None:
    post = Post()
    post.send("a@x.example", "b@x.example", raw=infected(nested))
    assert post.kinds() == ["Send", "Reject"]
    assert post.board.events()[1]["reject"] == {"reason": "Bad content"}
    assert post.board.events()[1]["mail"]["destination"] == ["a@x.example", "b@x.example"]
    assert post.inbox.mails() == []


def test_a_listed_recipient_bounces_and_the_other_gets_the_mail() -> None:
    post = Post()
    listed(post, "Dead@x.example")
    post.send("dead@X.example", "a@x.example")
    assert post.kinds() == ["Send", "Bounce", "Delivery"]
    bounce = post.board.events()[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == (
        "Permanent",
        "OnAccountSuppressionList",
    )
    assert [one["emailAddress"] for one in bounce["bouncedRecipients"]] == ["dead@X.example"]


@pytest.mark.parametrize(
    ("complain", "kind"), [(True, "Complaint"), (False, "Bounce")], ids=["complaint", "bounce"]
)
def test_how_a_listed_complainer_answers_is_a_switch(complain: bool, kind: str) -> None:
    post = Post()
    post.change_account(reasons=(Reason.COMPLAINT,))
    post.state.switches.complaint_entries_complain = complain
    listed(post, "cross@x.example", Reason.COMPLAINT)
    post.send("cross@x.example")
    assert post.kinds() == ["Send", kind]
    if complain:
        body = post.board.events()[1]["complaint"]
        assert body["complaintSubType"] == "OnAccountSuppressionList"


def test_an_entry_whose_reason_is_not_asked_for_stops_nothing() -> None:
    post = Post()
    listed(post, "cross@x.example", Reason.COMPLAINT)
    post.send("cross@x.example")
    post.change_set(reasons=())
    listed(post, "dead@x.example")
    post.send("dead@x.example")
    assert post.kinds() == ["Send", "Delivery"] * 2


@pytest.mark.parametrize(
    ("reasons", "kinds"),
    [
        pytest.param((), ["Send", "Bounce"], id="without-a-list-of-our-own"),
        pytest.param((Reason.BOUNCE,), ["Send", "Delivery"], id="overridden-by-ours"),
    ],
)
def test_the_global_list_stops_only_who_uses_no_list(
    reasons: tuple[Reason, ...], kinds: list[str]
) -> None:
    post = Post()
    post.change_account(reasons=reasons)
    entry = Suppressed(address="old@x.example", reason=Reason.BOUNCE, updated_at=START)
    post.state.remember(entry, None)
    post.state.suppression.clear()
    post.send("OLD@x.example")
    assert post.kinds() == kinds
    if "Bounce" in kinds:
        assert post.board.events()[1]["bounce"]["bounceSubType"] == "Suppressed"


def tenant_of(*resources: str, status: str = "ENABLED") -> Tenant:
    held = dict.fromkeys(resources, START)
    return Tenant(name="t", id="tn-1", created_at=START, sending_status=status, resources=held)


OURS = (arn("identity", SHOP), arn("configuration-set", SET))
NAMED = letter("a@x.example", headers="X-SES-TENANT: t\r\n")


@pytest.mark.parametrize(
    ("tenant", "words"),
    [
        pytest.param(None, "does not exist", id="unknown"),
        pytest.param(tenant_of(OURS[0]), f"resources [{OURS[1]}]", id="foreign-set"),
        pytest.param(tenant_of(*OURS, status="DISABLED"), "disabled", id="disabled"),
    ],
)
def test_a_named_tenant_must_send_and_own_what_is_used(tenant: Tenant | None, words: str) -> None:
    post = Post()
    if tenant is not None:
        post.state.tenants["t"] = tenant
    refusal = refusal_of(post, raw=NAMED)
    assert refusal.kind is Why.TENANT
    assert words in refusal.text


def test_a_tenant_that_is_named_stands_in_the_tags_and_one_that_is_not_binds_nothing() -> None:
    post = Post()
    post.state.tenants["t"] = tenant_of(*OURS)
    post.send("a@x.example", raw=NAMED)
    post.state.tenants["t"] = tenant_of(*OURS, status="DISABLED")
    post.send("a@x.example")
    first, *_, last = post.board.events()
    assert first["mail"]["tags"]["ses:tenant-name"] == ["t"]
    assert "ses:tenant-name" not in last["mail"]["tags"]
