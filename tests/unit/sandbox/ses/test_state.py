from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sesauditd.errors import Missing
from sesauditd.sandbox.ses.state import Ses
from sesauditd.sandbox.ses.values import Check, Identity


@pytest.fixture
def ses(world: Any) -> Ses:
    made: Ses = world.ses
    made.switches.verify_at_once = True
    return made


def test_the_most_specific_verified_identity_covers_an_address(ses: Ses, v2: Any) -> None:
    def covering(address: str) -> str | None:
        found = ses.identity_for(address)
        return found.name if found else None

    v2.create_email_identity(EmailIdentity="example.com")
    v2.create_email_identity(EmailIdentity="shop.example.com")
    v2.create_email_identity(EmailIdentity="jane@shop.example.com")
    assert covering("jane@SHOP.example.com") == "jane@shop.example.com"
    assert covering("joe@shop.example.com") == "shop.example.com"
    assert covering("a@b.example.com") == "example.com"
    assert covering("a@other.org") is None


def test_an_identity_that_is_not_verified_is_passed_over(world: Any, v2: Any) -> None:
    v2.create_email_identity(EmailIdentity="example.com")
    v2.create_email_identity(EmailIdentity="jane@example.com")
    token = world.ses.identities["example.com"]
    for one in token.tokens:
        target = f"{one}.{token.hosted_zone}"
        world.dns.held[f"{one}._domainkey.example.com", "CNAME"] = [target]
    found = world.ses.identity_for("jane@example.com")
    assert found.name == "example.com"
    assert world.ses.identities["jane@example.com"].verification is Check.PENDING


def test_a_named_set_comes_before_the_identitys(ses: Ses, v2: Any) -> None:
    v2.create_configuration_set(ConfigurationSetName="own")
    v2.create_configuration_set(ConfigurationSetName="named")
    v2.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="own")
    identity = ses.identity_for("a@example.com")
    own, named = ses.set_of(identity, None), ses.set_of(identity, "named")
    assert own is not None
    assert named is not None
    assert (own.name, named.name) == ("own", "named")
    assert ses.set_of(None, None) is None


def test_a_default_set_that_was_deleted_is_missed(ses: Ses, v2: Any) -> None:
    v2.create_configuration_set(ConfigurationSetName="own")
    v2.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="own")
    v2.delete_configuration_set(ConfigurationSetName="own")
    with pytest.raises(Missing):
        ses.set_of(ses.identity_for("a@example.com"), None)


def test_two_snapshots_differ_only_by_what_was_changed(world: Any, ses: Ses, v2: Any) -> None:
    v2.create_configuration_set(ConfigurationSetName="shop")
    v2.create_email_identity(EmailIdentity="example.com", ConfigurationSetName="shop")
    v2.put_email_identity_mail_from_attributes(
        EmailIdentity="example.com", MailFromDomain="mail.example.com"
    )
    v2.create_configuration_set_event_destination(
        ConfigurationSetName="shop",
        EventDestinationName="feedback",
        EventDestination={
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:feedback"},
        },
    )
    v2.create_tenant(TenantName="k")
    shop = ses.arn("configuration-set", "shop")
    v2.create_tenant_resource_association(TenantName="k", ResourceArn=shop)
    v2.get_email_identity(EmailIdentity="example.com")
    before = json.dumps(ses.snapshot())
    world.pass_time(timedelta(days=1))
    v2.put_configuration_set_sending_options(ConfigurationSetName="shop", SendingEnabled=False)
    v2.put_suppressed_destination(EmailAddress="a@x.org", Reason="BOUNCE")
    ses.count_sent(1)
    assert json.dumps(ses.snapshot()) != before
    assert ses.snapshot()["suppression"] == {"": {"a@x.org": "BOUNCE"}}
    v2.put_configuration_set_sending_options(ConfigurationSetName="shop", SendingEnabled=True)
    v2.delete_suppressed_destination(EmailAddress="a@x.org")
    v2.get_email_identity(EmailIdentity="example.com")
    assert json.dumps(ses.snapshot()) == before


def test_without_a_zone_nothing_is_verified(world: Any) -> None:
    alone = Ses(clock=lambda: world.now, identities=dict(world.ses.identities))
    alone.identities["example.com"] = Identity(
        name="example.com", created_at=world.now, tokens=("a", "b", "c"), hosted_zone="z.org"
    )
    assert alone.identity_for("a@example.com") is None
