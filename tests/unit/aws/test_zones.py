"""Route 53's answers are read whole, or count as truncated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.errors import Conflict
from sesauditd.aws.zones import Zones
from sesauditd.errors import Forbidden, Missing, Unavailable
from sesauditd.model.zones import Act, RecordChange, RecordSet
from tests.unit.aws.wire import Reply, refused_in_xml

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ("<IsTruncated>false</IsTruncated>", "<MaxItems>100</MaxItems>")
CHANGE = RecordChange(
    act=Act.CREATE, record=RecordSet(name="x.org", kind="TXT", ttl=300, values=('"x"',))
)
SETS = "ListResourceRecordSetsResponse"
ZONES = "ListHostedZonesByNameResponse"


def said(element: str, *parts: str) -> Reply:
    return Reply(body=f"<{element}>{''.join(parts)}</{element}>".encode())


async def test_a_set_without_values_counts_as_truncated(wire: Wire, clients: Clients) -> None:
    one = "<ResourceRecordSet><Name>x.org.</Name><Type>TXT</Type></ResourceRecordSet>"
    wire.will(said(SETS, f"<ResourceRecordSets>{one}</ResourceRecordSets>", *ALL))
    with pytest.raises(Unavailable, match="truncated"):
        await Zones(clients).at("Z1", "x.org")


async def test_a_set_under_a_traffic_policy_is_not_plain(wire: Wire, clients: Clients) -> None:
    one = (
        "<ResourceRecordSet><Name>x.org.</Name><Type>MX</Type>"
        "<TrafficPolicyInstanceId>t1</TrafficPolicyInstanceId></ResourceRecordSet>"
    )
    wire.will(said(SETS, f"<ResourceRecordSets>{one}</ResourceRecordSets>", *ALL))
    found = await Zones(clients).at("Z1", "x.org")
    assert [(record.is_plain, record.routing) for record in found] == [(False, "t1")]


async def test_a_list_that_begins_behind_the_name_holds_nothing(
    wire: Wire, clients: Clients
) -> None:
    one = (
        "<HostedZone><Id>/hostedzone/Z1</Id><Name>y.org.</Name>"
        "<CallerReference>r</CallerReference></HostedZone>"
    )
    wire.will(said(ZONES, f"<HostedZones>{one}</HostedZones>", *ALL))
    assert await Zones(clients).named("x.org") == []


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        pytest.param("PriorRequestNotComplete", 400, Unavailable, id="prior-request"),
        pytest.param("Throttling", 400, Unavailable, id="throttled"),
        pytest.param("InvalidChangeBatch", 400, Conflict, id="misfit"),
        pytest.param("AccessDenied", 403, Forbidden, id="denied"),
        pytest.param("NoSuchHostedZone", 404, Missing, id="gone"),
    ],
)
async def test_refusals_are_named_by_what_to_do(
    wire: Wire, clients: Clients, code: str, status: int, failure: type[Exception]
) -> None:
    wire.will(refused_in_xml(code, status))
    with pytest.raises(failure):
        await Zones(clients).change("Z1", [CHANGE])
