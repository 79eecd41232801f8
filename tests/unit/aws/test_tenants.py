"""The administration of tenants: one document, and one call a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.errors import Conflict
from sesauditd.aws.tenants import Tenants
from sesauditd.errors import Unavailable
from tests.unit.aws.wire import refused, said

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = refused("NotFoundException", 404)
ARN = "arn:aws:ses:eu-central-1:123456789012"
FOUND = {
    "TenantName": "t",
    "TenantArn": f"{ARN}:tenant/t/tn-1",
    "SendingStatus": "ENABLED",
    "Tags": [{"Key": "sesauditd", "Value": "main"}],
}


@pytest.mark.parametrize(
    ("chosen", "scope"),
    [
        pytest.param({}, "ACCOUNT", id="nothing said"),
        pytest.param({"SuppressionAttributes": None}, "ACCOUNT", id="null"),
        pytest.param({"SuppressionAttributes": {"SuppressionScope": "TENANT"}}, "TENANT", id="own"),
    ],
)
async def test_a_tenant_that_chose_no_list_uses_the_accounts(
    wire: Wire, clients: Clients, chosen: dict[str, object], scope: str
) -> None:
    wire.will(said({"Tenant": {**FOUND, **chosen}}))
    assert await Tenants(clients).tenant("t") == {
        "sending": "ENABLED",
        "suppression_scope": scope,
        "tags": {"sesauditd": "main"},
    }


async def test_what_does_not_exist_has_nothing_and_goes_without_a_word(
    wire: Wire, clients: Clients
) -> None:
    wire.will(ABSENT)
    tenants = Tenants(clients)
    assert await tenants.tenant("t") is None
    assert await tenants.resources("t") == ()
    assert await tenants.of_identity("x.example") == ()
    await tenants.delete("t")
    await tenants.leave_set("t", "s")


@pytest.mark.parametrize("answer", [{}, {"Tenant": None}, {"Tenant": []}])
async def test_half_an_answer_is_none(wire: Wire, clients: Clients, answer: object) -> None:
    wire.will(said(answer))
    with pytest.raises(Unavailable):
        await Tenants(clients).tenant("t")


async def test_each_change_is_one_call(wire: Wire, clients: Clients) -> None:
    wire.will(said({}))
    tenants = Tenants(clients)
    await tenants.create("t", {"sesauditd": "main"})
    await tenants.suppress("t", ["BOUNCE"], "ACCOUNT")
    await tenants.join_identity("t", "x.example")
    await tenants.join_set("t", "s")
    assert [one.parameters for one in wire.asked] == [
        {"TenantName": "t", "Tags": FOUND["Tags"]},
        {"TenantName": "t", "SuppressedReasons": ["BOUNCE"], "SuppressionScope": "ACCOUNT"},
        {"TenantName": "t", "ResourceArn": f"{ARN}:identity/x.example"},
        {"TenantName": "t", "ResourceArn": f"{ARN}:configuration-set/s"},
    ]


async def test_a_tenant_is_tagged_by_the_arn_that_ses_says(wire: Wire, clients: Clients) -> None:
    wire.will(said({"Tenant": FOUND}))
    await Tenants(clients).tag("t", {"sesauditd": "main"})
    assert wire.asked[-1].parameters["ResourceArn"] == f"{ARN}:tenant/t/tn-1"


async def test_what_is_associated_is_named_without_the_account(
    wire: Wire, clients: Clients
) -> None:
    arns = [f"{ARN}:identity/x.example", f"{ARN}:configuration-set/s"]
    wire.will(said({"TenantResources": [{"ResourceArn": one} for one in arns]}))
    assert await Tenants(clients).resources("t") == ["configuration-set/s", "identity/x.example"]


async def test_one_that_is_there_already_is_a_conflict(wire: Wire, clients: Clients) -> None:
    wire.will(refused("AlreadyExistsException", 400))
    with pytest.raises(Conflict):
        await Tenants(clients).create("t", {})
