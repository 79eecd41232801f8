from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sesauditd.sandbox.ses.values import ConfigurationSet, Reason, Scope, Suppressed

BOB = "Bob@X.org"


def test_an_entry_is_read_back_by_its_exact_spelling(world: Any, v2: Any, refused: Any) -> None:
    v2.put_suppressed_destination(EmailAddress=BOB, Reason="BOUNCE")
    found = v2.get_suppressed_destination(EmailAddress=BOB)["SuppressedDestination"]
    assert found == {"EmailAddress": BOB, "Reason": "BOUNCE", "LastUpdateTime": world.now}
    for operation in (v2.get_suppressed_destination, v2.delete_suppressed_destination):
        assert refused(operation, EmailAddress="bob@x.org") == "NotFoundException"
    v2.delete_suppressed_destination(EmailAddress=BOB)
    assert refused(v2.get_suppressed_destination, EmailAddress=BOB) == "NotFoundException"


def test_sending_ignores_case(world: Any, v2: Any) -> None:
    v2.put_suppressed_destination(EmailAddress=BOB, Reason="BOUNCE")
    found = world.ses.suppressed("bob@x.ORG", None)
    assert found is not None
    assert found.address == BOB


def test_strange_addresses_survive_the_path(v2: Any) -> None:
    address = "o'neil+a/b?c#d%e f@x.org"
    v2.put_suppressed_destination(EmailAddress=address, Reason="COMPLAINT")
    found = v2.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
    assert found["EmailAddress"] == address


def test_awss_sandbox_takes_no_entry(world: Any, v2: Any, refused: Any) -> None:
    world.ses.account = world.ses.account.__class__(production=False)
    code = refused(v2.put_suppressed_destination, EmailAddress=BOB, Reason="BOUNCE")
    assert code == "BadRequestException"


def test_whether_simulator_addresses_can_be_listed_is_a_switch(
    world: Any, v2: Any, refused: Any
) -> None:
    wanted = {"EmailAddress": "success@simulator.amazonses.com", "Reason": "BOUNCE"}
    v2.put_suppressed_destination(**wanted)
    world.ses.switches.simulator_can_be_listed = False
    assert refused(v2.put_suppressed_destination, **wanted) == "BadRequestException"


@pytest.mark.parametrize("address", ["bob", "@x.org", "bob@"])
def test_what_is_no_address_is_not_listed(v2: Any, refused: Any, address: str) -> None:
    code = refused(v2.put_suppressed_destination, EmailAddress=address, Reason="BOUNCE")
    assert code == "BadRequestException"


def test_the_list_is_filtered_by_reasons_and_times(world: Any, v2: Any) -> None:
    v2.put_suppressed_destination(EmailAddress="a@x.org", Reason="BOUNCE")
    world.pass_time(timedelta(hours=1))
    v2.put_suppressed_destination(EmailAddress="b@x.org", Reason="COMPLAINT")

    def names(**filters: Any) -> list[str]:
        found = v2.list_suppressed_destinations(**filters)["SuppressedDestinationSummaries"]
        return [one["EmailAddress"] for one in found]

    assert names() == ["a@x.org", "b@x.org"]
    assert names(Reasons=["BOUNCE", "COMPLAINT"]) == ["a@x.org", "b@x.org"]
    assert names(Reasons=["COMPLAINT"]) == ["b@x.org"]
    assert names(StartDate=world.now) == ["b@x.org"]
    assert names(EndDate=world.now - timedelta(minutes=1)) == ["a@x.org"]


def test_the_list_comes_in_pages_and_knows_wrong_tokens(v2: Any, refused: Any) -> None:
    for number in range(5):
        v2.put_suppressed_destination(EmailAddress=f"u{number}@x.org", Reason="BOUNCE")
    first = v2.list_suppressed_destinations(PageSize=3)
    second = v2.list_suppressed_destinations(PageSize=3, NextToken=first["NextToken"])
    assert len(first["SuppressedDestinationSummaries"]) == 3
    assert len(second["SuppressedDestinationSummaries"]) == 2
    assert "NextToken" not in second
    code = refused(v2.list_suppressed_destinations, NextToken="???")
    assert code == "InvalidNextTokenException"
    assert refused(v2.list_suppressed_destinations, PageSize=1001) == "BadRequestException"


def test_a_tenants_list_is_its_own(v2: Any, refused: Any) -> None:
    wanted = {"EmailAddress": BOB, "TenantName": "k"}
    code = refused(v2.put_suppressed_destination, **wanted, Reason="BOUNCE")
    assert code == "NotFoundException"
    v2.create_tenant(TenantName="k")
    v2.put_suppressed_destination(**wanted, Reason="BOUNCE")
    found = v2.get_suppressed_destination(**wanted)["SuppressedDestination"]
    assert found["TenantName"] == "k"
    assert v2.list_suppressed_destinations()["SuppressedDestinationSummaries"] == []
    listed = v2.list_suppressed_destinations(TenantName="k")["SuppressedDestinationSummaries"]
    assert len(listed) == 1
    v2.delete_suppressed_destination(**wanted)
    assert refused(v2.get_suppressed_destination, EmailAddress=BOB) == "NotFoundException"


def test_a_reason_that_is_not_asked_for_stops_nothing(world: Any, v2: Any) -> None:
    v2.put_suppressed_destination(EmailAddress=BOB, Reason="COMPLAINT")
    assert world.ses.suppressed(BOB, None) is not None
    v2.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"])
    assert world.ses.suppressed(BOB, None) is None
    own = ConfigurationSet(name="own", reasons=(Reason.COMPLAINT,))
    assert world.ses.suppressed(BOB, own) is not None
    assert world.ses.suppressed(BOB, ConfigurationSet(name="none", reasons=())) is None


def test_a_tenants_scope_skips_the_accounts_list(world: Any, v2: Any) -> None:
    v2.create_tenant(TenantName="k")
    v2.put_suppressed_destination(EmailAddress=BOB, Reason="BOUNCE")
    assert world.ses.suppressed(BOB, None, "k") is not None
    v2.put_tenant_suppression_attributes(
        TenantName="k", SuppressionScope="TENANT", SuppressedReasons=["BOUNCE"]
    )
    assert world.ses.suppressed(BOB, None, "k") is None
    assert world.ses.suppressed(BOB, None) is not None
    account = ConfigurationSet(name="account", scope=Scope.ACCOUNT)
    assert world.ses.suppressed(BOB, account, "k") is not None
    alone = ConfigurationSet(name="alone", scope=Scope.TENANT)
    assert world.ses.suppressed(BOB, alone) is not None


def test_a_hard_bounce_is_remembered_where_its_reason_is_asked_for(world: Any, v2: Any) -> None:
    entry = Suppressed(address=BOB, reason=Reason.BOUNCE, updated_at=world.now, message_id="m")
    none = ConfigurationSet(name="none", reasons=())
    assert not world.ses.remember(entry, none)
    assert world.ses.suppression == {}
    assert world.ses.remember(entry, None)
    found = v2.get_suppressed_destination(EmailAddress=BOB)["SuppressedDestination"]
    assert found["Attributes"] == {"MessageId": "m"}
    assert world.ses.globally_suppressed("bob@x.org")
    world.pass_time(timedelta(days=14))
    assert not world.ses.globally_suppressed(BOB)


def test_a_complaint_is_nobody_elses_business(world: Any) -> None:
    entry = Suppressed(address=BOB, reason=Reason.COMPLAINT, updated_at=world.now)
    assert world.ses.remember(entry, None)
    assert not world.ses.globally_suppressed(BOB)
