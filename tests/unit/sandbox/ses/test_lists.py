from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


@pytest.fixture
def filled(world: Any, v2: Any) -> Any:
    v2.create_email_identity(EmailIdentity="shop.example.com")
    world.ses.switches.verify_at_once = True
    v2.create_email_identity(EmailIdentity="jane@example.com")
    v2.get_email_identity(EmailIdentity="jane@example.com")
    world.ses.switches.verify_at_once = False
    for name in ("shop", "club"):
        v2.create_configuration_set(ConfigurationSetName=name)
        v2.create_tenant(TenantName=name)
    for kind, name in (("configuration-set", "shop"), ("identity", "jane@example.com")):
        arn = f"arn:aws:ses:eu-central-1:123456789012:{kind}/{name}"
        v2.create_tenant_resource_association(TenantName="shop", ResourceArn=arn)
    return v2


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"IDENTITY_NAME_CONTAINS": "example"}, ["jane@example.com", "shop.example.com"]),
        ({"IDENTITY_NAME_CONTAINS": "shop."}, ["shop.example.com"]),
        ({"IDENTITY_TYPE": "EMAIL_ADDRESS"}, ["jane@example.com"]),
        ({"VERIFICATION_STATUS": "PENDING"}, ["shop.example.com"]),
        ({"IDENTITY_TYPE": "DOMAIN", "VERIFICATION_STATUS": "SUCCESS"}, []),
    ],
    ids=str,
)
def test_identities_are_filtered(filled: Any, wanted: Mapping[str, str], names: list[str]) -> None:
    found = filled.list_email_identities(Filter=wanted)["EmailIdentities"]
    assert [one["IdentityName"] for one in found] == names


def test_sets_tenants_and_their_resources_are_filtered(filled: Any) -> None:
    wanted = {"CONFIGURATION_SET_NAME_CONTAINS": "ho"}
    assert filled.list_configuration_sets(Filter=wanted)["ConfigurationSets"] == ["shop"]
    found = filled.list_tenants(Filter={"TENANT_NAME_CONTAINS": "cl"})["Tenants"]
    assert [one["TenantName"] for one in found] == ["club"]
    assert filled.list_tenants(Filter={"SENDING_STATUS": "DISABLED"})["Tenants"] == []
    held = filled.list_tenant_resources(
        TenantName="shop", Filter={"RESOURCE_TYPE": "EMAIL_IDENTITY"}
    )
    assert len(held["TenantResources"]) == 1


def test_an_unknown_filter_is_refused(v2: Any, refused: Any) -> None:
    code = refused(v2.list_email_identities, Filter={"COLOUR": "red"})
    assert code == "BadRequestException"
