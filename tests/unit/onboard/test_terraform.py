"""What is written for Terraform of a domain that stands in every odd way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.plan import Conflict
from sesauditd.model.zones import RecordSet
from sesauditd.onboard.naming import Account
from sesauditd.onboard.records import Record
from sesauditd.onboard.terraform import export, text
from sesauditd.onboard.terraform_look import (
    RecordStanding,
    SetStanding,
    Standing,
    UserStanding,
)
from sesauditd.onboard.zones import Elsewhere, Zone
from tests.support.hcl import File, parsed

if TYPE_CHECKING:
    from sesauditd.model.plan import Document

ACCOUNT = Account(
    prefix="sesaudit", installation="main", account_id="123456789012", region="eu-central-1"
)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:sesaudit-feedback"
EVIL = 'x" }\n${file("/etc/passwd")} %{ if true }\r\n# \u2028'
OPTIONS: Document = {
    "sending_enabled": True,
    "reputation_metrics": True,
    "suppressed_reasons": ["BOUNCE"],
    "suppression_scope": None,
    "tls_policy": None,
    "sending_pool": None,
    "max_delivery_seconds": None,
    "redirect_domain": None,
    "https_policy": None,
    "engagement_metrics": None,
    "optimized_delivery": None,
    "tags": {},
}
SIGNING: Document = {"enabled": True, "origin": "AWS_SES", "key_length": "RSA_2048_BIT"}
IDENTITY: Document = {"configuration_set": "the-set", "signing": SIGNING, "tags": {}}
MX = Record(name="bounce.shop.example", kind="MX", value="10 feedback-smtp.x.amazonses.com")
SET, IDENT, USER = "aws_sesv2_configuration_set", "aws_sesv2_email_identity", "aws_iam_user"
DESTINATION = f"{SET}_event_destination"
NAME = "shop_example"


def destination(name: str, topic: str | None = TOPIC, *elsewhere: str) -> Document:
    kinds = list(elsewhere)
    return {"name": name, "enabled": True, "topic": topic, "types": ["SEND"], "elsewhere": kinds}


STANDING = Standing(
    domain="shop.example",
    identity=IDENTITY,
    mail_from=None,
    configuration_set=SetStanding(
        name="the-set", options=OPTIONS, destinations=[destination("sesaudit")]
    ),
    user=UserStanding(
        name="shop",
        properties={"path": "/", "boundary": None, "tags": {}},
        inline={},
        attached=(),
        groups=(),
    ),
    zone=Zone(id="Z1", name="shop.example"),
    records=[RecordStanding(wanted=MX, sets=())],
)


def written(**changes: Any) -> tuple[File, str]:
    """Return the file of a domain that stands otherwise in some way, parsed and as it is."""
    made = text([export(replace(STANDING, **changes), ACCOUNT)], ACCOUNT)
    return parsed(made), made


def of_set(**options: Any) -> SetStanding:
    return SetStanding(name="the-set", options={**OPTIONS, **options}, destinations=())


def test_everything_that_is_said_of_a_set_is_written() -> None:
    found, made = written(
        configuration_set=of_set(
            sending_enabled=False,
            tls_policy="REQUIRE",
            sending_pool="pool",
            max_delivery_seconds=3600,
            redirect_domain="click.shop.example",
            https_policy="REQUIRE",
            suppression_scope="TENANT",
            engagement_metrics="ENABLED",
            optimized_delivery="DISABLED",
            tags={"aws:cloudformation:stack-name": "theirs", "who s": EVIL},
        )
    )
    assert found.resources[f"{SET}.{NAME}"] == {
        "configuration_set_name": "the-set",
        "delivery_options": [
            {"max_delivery_seconds": 3600, "sending_pool_name": "pool", "tls_policy": "REQUIRE"}
        ],
        "reputation_options": [{"reputation_metrics_enabled": True}],
        "sending_options": [{"sending_enabled": False}],
        "suppression_options": [{"suppressed_reasons": ["BOUNCE"]}],
        "tracking_options": [
            {"custom_redirect_domain": "click.shop.example", "https_policy": "REQUIRE"}
        ],
        "vdm_options": [
            {
                "dashboard_options": [{"engagement_metrics": "ENABLED"}],
                "guardian_options": [{"optimized_shared_delivery": "DISABLED"}],
            }
        ],
        "tags": {"who s": EVIL},
        "lifecycle": [{"ignore_changes": ["sending_options"]}],
    }
    assert "Not written down, for want of an argument: its suppression scope is TENANT." in made


def test_a_set_that_inherits_says_nothing_of_suppression() -> None:
    found, _ = written(configuration_set=of_set(suppressed_reasons=None))
    assert "suppression_options" not in found.resources[f"{SET}.{NAME}"]


def test_several_destinations_have_names_and_those_to_elsewhere_are_left_out() -> None:
    set_standing = SetStanding(
        name="the-set",
        options=OPTIONS,
        destinations=[
            destination("sesaudit"),
            destination("Their Own"),
            destination("lake", None, "KinesisFirehoseDestination"),
        ],
    )
    found, made = written(configuration_set=set_standing)
    assert found.imports[f"{DESTINATION}.{NAME}_sesaudit"] == "the-set|sesaudit"
    assert found.imports[f"{DESTINATION}.{NAME}_their_own"] == "the-set|Their Own"
    assert "# Left out: event destination lake of the-set (KinesisFirehoseDestination)." in made


def test_keys_of_the_owners_own_are_no_argument() -> None:
    signing = {**SIGNING, "origin": "EXTERNAL", "enabled": False}
    found, made = written(identity={**IDENTITY, "signing": signing})
    assert "dkim_signing_attributes" not in found.resources[f"{IDENT}.{NAME}"]
    assert "# Its mail is not signed: DKIM is switched off.\n" in made
    assert "which are secrets" in made


@pytest.mark.parametrize(
    ("used", "said"),
    [
        pytest.param("the-set", f"${{{SET}.{NAME}.configuration_set_name}}", id="its-own"),
        pytest.param("other", "other", id="another"),
        pytest.param(None, None, id="none"),
    ],
)
def test_an_identity_names_the_set_that_it_uses(used: str | None, said: str | None) -> None:
    found, _ = written(identity={**IDENTITY, "configuration_set": used})
    assert found.resources[f"{IDENT}.{NAME}"].get("configuration_set_name") == said


def test_what_is_not_there_is_said() -> None:
    found, made = written(configuration_set=None, user=None)
    assert set(found.resources) == {f"{IDENT}.{NAME}"}
    assert found.resources[f"{IDENT}.{NAME}"]["configuration_set_name"] == "the-set"
    for words in (
        "no configuration set of shop.example",
        "shop.example has no MAIL FROM name at SES.",
        "no IAM user of its own was found for shop.example.",
        "bounce.shop.example MX, which is not in hosted zone Z1.",
    ):
        assert f"# Left out: {words}" in made


def test_a_tenant_is_named_and_left_to_onboarding() -> None:
    _, made = written(tenant="sesaudit-bakery")
    folded = " ".join(made.replace("#", " ").split())
    assert "Left out: tenant sesaudit-bakery with what it holds of shop.example" in folded
    assert "tenant" not in written()[1]


def test_a_user_that_others_made_is_written_with_what_holds_for_it() -> None:
    user = UserStanding(
        name="shop",
        properties={"path": "/", "boundary": None, "tags": {"team": EVIL}},
        inline={"mine": {"Version": "2012-10-17", "Statement": [], "Id": EVIL}},
        attached=["arn:aws:iam::aws:policy/AmazonSesSendingAccess"],
        groups=["mailers"],
    )
    found, made = written(user=user)
    assert found.resources[f"{USER}.{NAME}"] == {
        "name": "shop",
        "path": "/",
        "tags": {"team": EVIL},
    }
    assert found.resources[f"{USER}_policy.{NAME}_mine"]["policy"]["Id"] == EVIL
    address = f"{USER}_policy_attachment.{NAME}_amazonsessendingaccess"
    assert found.imports[address] == "shop/arn:aws:iam::aws:policy/AmazonSesSendingAccess"
    assert "# Without a boundary: the daemon may not stop it." in made
    assert "# Left out: groups of shop: mailers." in made


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        pytest.param(
            Elsewhere(zone="shop.example", reason=f"of others\n{EVIL}"),
            "# Left out: the records, whose place is shop.example: of others",
            id="elsewhere",
        ),
        pytest.param(
            Conflict(resource="hosted zone shop.example", found=EVIL, wanted="w", advice="Do it."),
            "# Left out: the records: hosted zone shop.example is x",
            id="conflict",
        ),
    ],
)
def test_no_word_of_others_leaves_its_comment(zone: Elsewhere | Conflict, words: str) -> None:
    found, made = written(zone=zone)
    assert words in made
    assert not [one for one in found.resources if one.startswith("aws_route53")]
    outside = [line for line in made.split("\n") if "passwd" in line]
    assert outside
    assert all(line.startswith("#") for line in outside)


def test_two_records_of_one_set_are_one_resource() -> None:
    both = RecordSet(name=MX.name, kind="MX", ttl=60, values=(MX.value, "20 b.example"))
    standing = RecordStanding(wanted=MX, sets=[both])
    found, made = written(records=[standing, standing])
    address = f"aws_route53_record.{NAME}_bounce_mx"
    assert found.imports[address] == "Z1_bounce.shop.example_MX"
    assert found.resources[address]["records"] == [MX.value, "20 b.example"]
    assert made.count('resource "aws_route53_record"') == 1
