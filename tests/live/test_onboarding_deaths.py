"""Onboarding that dies, or whose answers are lost, anywhere: the next run converges."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.onboard import access_keys, engine, onboarding
from sesauditd.onboard.onboarding import Result
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, PowerCutError, newcomers_at
from tests.support.roles import ONBOARD
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGES = 9
POINTS = [
    *((name, nth) for name in ("intended", "called", "recorded") for nth in range(1, CHANGES + 1)),
    *(
        (name, 1)
        for name in (
            "asked",
            "registered",
            "key_intended",
            "key_created",
            "key_noted",
            "key_shown",
            "granted",
        )
    ),
]
"""Where the process dies: before and after each call, and around each note of the key."""
WRITES = [
    ("sesv2", "CreateConfigurationSet", 1),
    ("sesv2", "CreateConfigurationSetEventDestination", 1),
    ("sesv2", "CreateEmailIdentity", 1),
    ("sesv2", "PutEmailIdentityMailFromAttributes", 1),
    ("route53", "ChangeResourceRecordSets", 1),
    ("route53", "ChangeResourceRecordSets", 2),
    ("route53", "ChangeResourceRecordSets", 3),
    ("iam", "CreateUser", 1),
    ("iam", "PutUserPolicy", 1),
    ("iam", "CreateAccessKey", 1),
]
ATTEMPTS = 3
"""Of the SDK, for one call of ours."""


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*ONBOARD) as standing:
        yield standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("deaths")) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "nth"), sampled(POINTS, 8), ids=[f"{name} {nth}" for name, nth in POINTS]
)
async def test_a_death_at_any_point_is_made_good(
    newcomers: Newcomers, monkeypatch: pytest.MonkeyPatch, name: str, nth: int
) -> None:
    domain = newcomers.domain()
    reached: Counter[str] = Counter()

    def reach(point: str) -> None:
        reached[point] += 1
        if (point, reached[point]) == (f"onboard.{name}", nth):
            raise PowerCutError

    for module in (engine, onboarding, access_keys):
        monkeypatch.setattr(module, "reach", reach)
    with pytest.raises(PowerCutError):
        await newcomers.onboard(domain)
    monkeypatch.undo()
    await converged(newcomers, domain)


@pytest.mark.parametrize("times", [1, ATTEMPTS], ids=["once", "each time"])
@pytest.mark.parametrize(("service", "operation", "nth"), sampled(WRITES, 2))
async def test_a_lost_answer_to_any_write_is_made_good(
    newcomers: Newcomers, service: str, operation: str, nth: int, times: int
) -> None:
    domain = newcomers.domain()
    fault = Fault(
        service=service,
        operation=operation,
        nth=nth,
        times=times,
        action=FaultAction.LOSE_ANSWER,
    )
    newcomers.place.sandbox.faults.add(fault)
    await newcomers.onboard(domain)
    newcomers.place.sandbox.faults.clear()
    await converged(newcomers, domain)


@pytest.mark.parametrize(
    ("service", "operation", "nth"),
    sampled(
        [
            ("sesv2", "CreateEmailIdentity", 1),
            ("route53", "ChangeResourceRecordSets", 2),
            ("iam", "CreateAccessKey", 1),
        ],
        1,
    ),
)
async def test_what_aws_cannot_do_now_is_made_good(
    newcomers: Newcomers, service: str, operation: str, nth: int
) -> None:
    domain = newcomers.domain()
    fault = Fault(
        service=service, operation=operation, nth=nth, times=60, action=FaultAction.THROTTLE
    )
    newcomers.place.sandbox.faults.add(fault)
    outcome = await newcomers.onboard(domain)
    newcomers.place.sandbox.faults.clear()
    assert outcome.result is Result.FAILED
    await converged(newcomers, domain)


async def converged(newcomers: Newcomers, domain: str) -> None:
    """Run it again, and expect one of everything, a key that works, and no more to do."""
    outcome = await newcomers.onboard(domain)
    assert outcome.result in {Result.DONE, Result.UNCHANGED}, outcome.why
    newcomers.place.forget_calls()
    assert (await newcomers.plan(domain)).is_empty
    assert newcomers.place.writes() == 0
    assert newcomers.keys(domain) == [newcomers.newest(domain).user]
    found = await asyncio.to_thread(zones_and_records, newcomers.place, domain)
    assert found == Counter({"zone": 1, "CNAME": 3, "MX": 1, "TXT": 2, "values": 6})
    await asyncio.to_thread(newcomers.send, newcomers.newest(domain), "jane@elsewhere.example")


def zones_and_records(place: Stood, domain: str) -> Counter[str]:
    """Count the domain's zones, and in it the record sets that we make and their values."""
    ask = place.asking.ask
    zones: list[dict[str, Any]] = ask("route53", "ListHostedZones")["HostedZones"]
    ours = [one["Id"] for one in zones if one["Name"] == f"{domain}."]
    found = Counter(zone=len(ours))
    for each in ask("route53", "ListResourceRecordSets", HostedZoneId=ours[0])[
        "ResourceRecordSets"
    ]:
        if each["Type"] in {"CNAME", "MX", "TXT"}:
            found[each["Type"]] += 1
            found["values"] += len(each["ResourceRecords"])
    return found
