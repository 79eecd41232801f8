from __future__ import annotations

from typing import Any

import pytest

SHOP = "arn:aws:ses:eu-central-1:123456789012:configuration-set/shop"
DOMAIN = "arn:aws:ses:eu-central-1:123456789012:identity/example.com"


@pytest.fixture
def k(v2: Any) -> dict[str, str]:
    v2.create_tenant(TenantName="k")
    return {"TenantName": "k"}


def test_a_tenant_is_made_shown_listed_and_deleted(world: Any, v2: Any, refused: Any) -> None:
    made = v2.create_tenant(TenantName="k", Tags=[{"Key": "a", "Value": "b"}])
    assert made["TenantArn"].endswith(f"tenant/k/{made['TenantId']}")
    assert made["SendingStatus"] == "ENABLED"
    found = v2.get_tenant(TenantName="k")["Tenant"]
    assert found["CreatedTimestamp"] == world.now
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [one["TenantName"] for one in v2.list_tenants()["Tenants"]] == ["k"]
    assert refused(v2.create_tenant, TenantName="k") == "AlreadyExistsException"
    assert refused(v2.create_tenant, TenantName="a b") == "BadRequestException"
    v2.delete_tenant(TenantName="k")
    assert refused(v2.get_tenant, TenantName="k") == "NotFoundException"


def test_what_a_tenant_uses_cannot_be_deleted(v2: Any, k: Any, refused: Any) -> None:
    v2.create_configuration_set(ConfigurationSetName="shop")
    v2.create_email_identity(EmailIdentity="example.com")
    for arn in (SHOP, DOMAIN):
        v2.create_tenant_resource_association(**k, ResourceArn=arn)
    code = refused(v2.create_tenant_resource_association, **k, ResourceArn=SHOP)
    assert code == "AlreadyExistsException"
    code = refused(v2.delete_configuration_set, ConfigurationSetName="shop")
    assert code == "BadRequestException"
    code = refused(v2.delete_email_identity, EmailIdentity="example.com")
    assert code == "BadRequestException"
    held = v2.list_tenant_resources(**k)["TenantResources"]
    assert [one["ResourceType"] for one in held] == ["CONFIGURATION_SET", "EMAIL_IDENTITY"]
    owners = v2.list_resource_tenants(ResourceArn=SHOP)["ResourceTenants"]
    assert [one["TenantName"] for one in owners] == ["k"]
    v2.delete_tenant_resource_association(**k, ResourceArn=SHOP)
    v2.delete_configuration_set(ConfigurationSetName="shop")
    code = refused(v2.delete_tenant_resource_association, **k, ResourceArn=SHOP)
    assert code == "NotFoundException"


def test_only_what_exists_is_associated(v2: Any, k: Any, refused: Any) -> None:
    for arn in (SHOP, DOMAIN, "arn:aws:s3:::bucket", SHOP.replace("configuration-set", "x")):
        code = refused(v2.create_tenant_resource_association, **k, ResourceArn=arn)
        assert code == "NotFoundException"


def test_scope_and_reasons_go_together(v2: Any, k: Any, refused: Any) -> None:
    put = v2.put_tenant_suppression_attributes
    assert refused(put, **k, SuppressionScope="TENANT") == "BadRequestException"
    assert refused(put, **k, SuppressedReasons=["BOUNCE"]) == "BadRequestException"
    wanted = {"SuppressionScope": "TENANT", "SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    put(**k, **wanted)
    assert v2.get_tenant(**k)["Tenant"]["SuppressionAttributes"] == wanted
    put(**k)
    assert "SuppressionAttributes" not in v2.get_tenant(**k)["Tenant"]


def test_tags_are_added_and_removed_on_each_kind_of_resource(v2: Any) -> None:
    tenant = v2.create_tenant(TenantName="k")["TenantArn"]
    v2.create_configuration_set(ConfigurationSetName="shop")
    v2.create_email_identity(EmailIdentity="example.com")
    for arn in (tenant, SHOP, DOMAIN):
        tags = [{"Key": key, "Value": "1"} for key in "abc"]
        v2.tag_resource(ResourceArn=arn, Tags=tags)
        v2.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "2"}])
        v2.untag_resource(ResourceArn=arn, TagKeys=["a", "b", "unknown"])
        held = v2.list_tags_for_resource(ResourceArn=arn)["Tags"]
        assert held == [{"Key": "c", "Value": "2"}]


def test_tags_need_a_resource_and_different_keys(v2: Any, refused: Any) -> None:
    assert refused(v2.list_tags_for_resource, ResourceArn=SHOP) == "NotFoundException"
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    code = refused(v2.create_configuration_set, ConfigurationSetName="shop", Tags=twice)
    assert code == "BadRequestException"
