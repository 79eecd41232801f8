from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

POLICY = '{"Version":"2012-10-17","Statement":[]}'


def dkim_records(world: Any, answer: Any, domain: str) -> None:
    attributes = answer["DkimAttributes"]
    for token in attributes["Tokens"]:
        name = f"{token}._domainkey.{domain}"
        world.dns.held[name, "CNAME"] = [f"{token}.{attributes['SigningHostedZone']}."]


def test_a_new_domain_has_three_tokens_and_is_pending(v2: Any) -> None:
    made = v2.create_email_identity(EmailIdentity="Example.com")
    assert made["IdentityType"] == "DOMAIN"
    assert made["VerifiedForSendingStatus"] is False
    assert len(set(made["DkimAttributes"]["Tokens"])) == 3
    assert made["DkimAttributes"]["SigningHostedZone"] != "dkim.amazonses.com"
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "PENDING"
    assert found["VerificationInfo"]["ErrorType"] == "HOST_NOT_FOUND"
    assert found["DkimAttributes"] == made["DkimAttributes"]


def test_the_same_name_cannot_be_made_twice(v2: Any, refused: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    code = refused(v2.create_email_identity, EmailIdentity="EXAMPLE.com")
    assert code == "AlreadyExistsException"


@pytest.mark.parametrize("name", ["x", "-a.org", "a@", "@a.org", "a..org", "a b.org"])
def test_what_is_no_name_is_refused(v2: Any, refused: Any, name: str) -> None:
    assert refused(v2.create_email_identity, EmailIdentity=name) == "BadRequestException"


def test_a_domain_is_verified_once_its_records_are_there(world: Any, v2: Any) -> None:
    made = v2.create_email_identity(EmailIdentity="example.com")
    dkim_records(world, made, "example.com")
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "SUCCESS"
    assert found["DkimAttributes"]["Status"] == "SUCCESS"
    assert found["VerifiedForSendingStatus"] is True
    assert found["VerificationInfo"]["LastSuccessTimestamp"] == world.now


def test_a_wrong_target_does_not_verify(world: Any, v2: Any) -> None:
    made = v2.create_email_identity(EmailIdentity="example.com")
    dkim_records(world, made, "example.com")
    token = made["DkimAttributes"]["Tokens"][0]
    world.dns.held[f"{token}._domainkey.example.com", "CNAME"] = [f"{token}.dkim.amazonses.com"]
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "PENDING"
    assert found["VerificationInfo"]["ErrorType"] == "INVALID_VALUE"


def test_records_that_go_give_72_hours_of_grace(world: Any, v2: Any) -> None:
    made = v2.create_email_identity(EmailIdentity="example.com")
    dkim_records(world, made, "example.com")
    v2.get_email_identity(EmailIdentity="example.com")
    world.dns.held.clear()
    world.pass_time(timedelta(hours=71))
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "TEMPORARY_FAILURE"
    assert found["VerifiedForSendingStatus"] is True
    world.pass_time(timedelta(hours=2))
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "FAILED"
    assert found["VerifiedForSendingStatus"] is False


def test_a_sandbox_may_verify_at_once(world: Any, v2: Any) -> None:
    world.ses.switches.verify_at_once = True
    assert v2.create_email_identity(EmailIdentity="example.com")["VerifiedForSendingStatus"]
    made = v2.create_email_identity(EmailIdentity="jane@other.org")
    assert made["IdentityType"] == "EMAIL_ADDRESS"
    assert made["VerifiedForSendingStatus"]
    assert made["DkimAttributes"]["Status"] == "NOT_STARTED"


def test_mail_from_needs_exactly_one_exchanger_and_an_spf_record(world: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    v2.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="mail.example.com"
    )

    def status() -> Any:
        found = v2.get_email_identity(EmailIdentity="example.com")
        return found["MailFromAttributes"]["MailFromDomainStatus"]

    assert status() == "PENDING"
    ours = "10 feedback-smtp.eu-central-1.amazonses.com."
    world.dns.held["mail.example.com", "MX"] = [ours, "20 mx.example.com"]
    world.dns.held["mail.example.com", "TXT"] = ['"v=spf1 include:amazonses.com" " ~all"']
    assert status() == "PENDING"
    world.dns.held["mail.example.com", "MX"] = [ours]
    assert status() == "SUCCESS"


def test_a_failed_mail_from_is_looked_at_again_only_when_asked_for(world: Any, v2: Any) -> None:
    asked = {"EmailIdentity": "example.com", "MailFromDomain": "mail.example.com"}
    v2.create_email_identity(EmailIdentity="example.com")
    v2.put_email_identity_mail_from_attributes(**asked)
    world.pass_time(timedelta(hours=73))
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["MailFromAttributes"]["MailFromDomainStatus"] == "FAILED"
    world.dns.held["mail.example.com", "MX"] = ["10 feedback-smtp.eu-central-1.amazonses.com"]
    world.dns.held["mail.example.com", "TXT"] = ['"v=spf1 include:amazonses.com ~all"']
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["MailFromAttributes"]["MailFromDomainStatus"] == "FAILED"
    v2.put_email_identity_mail_from_attributes(**asked)
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"


def test_mail_from_must_lie_below_the_identity_and_can_be_taken_away(v2: Any, refused: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    put = v2.put_email_identity_mail_from_attributes
    for domain in ("mail.other.org", "example.com", "notexample.com"):
        code = refused(put, EmailIdentity="example.com", MailFromDomain=domain)
        assert code == "BadRequestException"
    put(EmailIdentity="example.com", MailFromDomain="mail.example.com")
    put(EmailIdentity="example.com", BehaviorOnMxFailure="REJECT_MESSAGE")
    assert "MailFromAttributes" not in v2.get_email_identity(EmailIdentity="example.com")


def test_an_identity_keeps_its_settings(v2: Any, refused: Any) -> None:
    v2.create_configuration_set(ConfigurationSetName="shop")
    v2.create_email_identity(
        EmailIdentity="example.com",
        ConfigurationSetName="shop",
        Tags=[{"Key": "sesauditd", "Value": "main"}],
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"},
    )
    v2.put_email_identity_feedback_attributes(
        EmailIdentity="example.com", EmailForwardingEnabled=False
    )
    v2.put_email_identity_dkim_attributes(EmailIdentity="example.com", SigningEnabled=False)
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["ConfigurationSetName"] == "shop"
    assert found["Tags"] == [{"Key": "sesauditd", "Value": "main"}]
    assert found["FeedbackForwardingStatus"] is False
    assert found["DkimAttributes"]["SigningEnabled"] is False
    assert found["DkimAttributes"]["NextSigningKeyLength"] == "RSA_1024_BIT"
    put = v2.put_email_identity_configuration_set_attributes
    code = refused(put, EmailIdentity="example.com", ConfigurationSetName="none")
    assert code == "NotFoundException"
    put(EmailIdentity="example.com")
    assert "ConfigurationSetName" not in v2.get_email_identity(EmailIdentity="example.com")


def test_a_domain_may_bring_its_own_key(v2: Any, refused: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    put = v2.put_email_identity_dkim_signing_attributes
    wanted = {"EmailIdentity": "example.com", "SigningAttributesOrigin": "EXTERNAL"}
    assert refused(put, **wanted) == "BadRequestException"
    key = {"DomainSigningSelector": "mine", "DomainSigningPrivateKey": "AAAA"}
    assert put(**wanted, SigningAttributes=key)["DkimTokens"] == ["mine"]
    back = put(EmailIdentity="example.com", SigningAttributesOrigin="AWS_SES")
    assert len(back["DkimTokens"]) == 3
    v2.create_email_identity(EmailIdentity="jane@example.com")
    wanted["EmailIdentity"] = "jane@example.com"
    assert refused(put, **wanted) == "BadRequestException"


def test_identities_are_listed_in_pages(v2: Any) -> None:
    for number in range(5):
        v2.create_email_identity(EmailIdentity=f"d{number}.org")
    names: list[str] = []
    token: dict[str, str] = {}
    for _page in range(3):
        page = v2.list_email_identities(PageSize=2, **token)
        names += [one["IdentityName"] for one in page["EmailIdentities"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert names == [f"d{number}.org" for number in range(5)]
    assert not token


def test_a_deleted_identity_is_gone(v2: Any, refused: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    v2.delete_email_identity(EmailIdentity="example.com")
    assert refused(v2.get_email_identity, EmailIdentity="example.com") == "NotFoundException"
    assert refused(v2.delete_email_identity, EmailIdentity="example.com") == "NotFoundException"


def test_policies_need_a_verified_identity(v2: Any, refused: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    wanted = {"EmailIdentity": "example.com", "PolicyName": "deny", "Policy": POLICY}
    assert refused(v2.create_email_identity_policy, **wanted) == "BadRequestException"


def test_policies_are_made_changed_and_deleted(world: Any, v2: Any, refused: Any) -> None:
    world.ses.switches.verify_at_once = True
    v2.create_email_identity(EmailIdentity="example.com")
    wanted = {"EmailIdentity": "example.com", "PolicyName": "deny", "Policy": POLICY}
    assert refused(v2.update_email_identity_policy, **wanted) == "NotFoundException"
    v2.create_email_identity_policy(**wanted)
    assert refused(v2.create_email_identity_policy, **wanted) == "AlreadyExistsException"
    changed = POLICY.replace("[]", "[ ]")
    v2.update_email_identity_policy(**(wanted | {"Policy": changed}))
    held = v2.get_email_identity_policies(EmailIdentity="example.com")["Policies"]
    assert held == {"deny": changed}
    for _time in range(2):
        v2.delete_email_identity_policy(EmailIdentity="example.com", PolicyName="deny")
    assert v2.get_email_identity_policies(EmailIdentity="example.com")["Policies"] == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [("a b", POLICY), ("a", "{"), ("a", "[]"), ("a", "{}"), ("a", POLICY + " " * 4096)],
    ids=["name", "not JSON", "a list", "no statement", "too long"],
)
def test_a_wrong_policy_is_refused(world: Any, v2: Any, refused: Any, name: str, text: str) -> None:
    world.ses.switches.verify_at_once = True
    v2.create_email_identity(EmailIdentity="example.com")
    create = v2.create_email_identity_policy
    code = refused(create, EmailIdentity="example.com", PolicyName=name, Policy=text)
    assert code == "BadRequestException"


def test_an_identity_has_at_most_twenty_policies(world: Any, v2: Any, refused: Any) -> None:
    world.ses.switches.verify_at_once = True
    v2.create_email_identity(EmailIdentity="example.com")
    create = v2.create_email_identity_policy
    for number in range(20):
        create(EmailIdentity="example.com", PolicyName=f"p{number}", Policy=POLICY)
    code = refused(create, EmailIdentity="example.com", PolicyName="more", Policy=POLICY)
    assert code == "LimitExceededException"
