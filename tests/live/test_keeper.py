"""The daemon's worker at the sandbox: it resumes, waits for records, and compares by night."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.bootstrap.worker import Keeper
from sesauditd.jobs.alarms import Alarms
from sesauditd.store import onboarding, tables
from sesauditd.store.reports import people
from sesauditd.store.watch import Memory
from tests.support.accounts import QUICK, stood
from tests.support.newcomers import (
    RESOURCES,
    Newcomers,
    PowerCutError,
    newcomers_at,
    unwatched,
    wish,
)
from tests.support.roles import KEEPER, ONBOARD
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from sesauditd.model.plan import Change
    from sesauditd.notices.alarms import Alarm
    from sesauditd.onboard.engine import Moment
    from tests.support.accounts import Stood

DAY = timedelta(days=1)
MIDDLE = 5
"""The change at whose interruption the default run looks; the others are slow together."""


@pytest.fixture
def place() -> Iterator[Stood]:
    with stood(*KEEPER) as opened:
        yield opened


@dataclass(slots=True)
class Siren:
    """Remembers what it sounded."""

    sounded: list[Alarm] = field(default_factory=list)

    async def sound(self, alarm: Alarm) -> None:
        self.sounded.append(alarm)

    def severities(self) -> list[str]:
        """Return how each alarm was meant, and forget them."""
        found = [str(one.severity) for one in self.sounded]
        self.sounded.clear()
        return found


@dataclass(slots=True)
class Kept:
    """An installation, and a worker whose clock a test moves."""

    newcomers: Newcomers
    now: datetime = NOW
    siren: Siren = field(default_factory=Siren)

    async def work(self, keeper: Keeper | None = None) -> Keeper:
        """Let the worker do what is owed, a new one as after a restart, or the one given."""
        opened = self.newcomers.program.administration
        if keeper is None:
            book = Memory(opened.program.database)
            keeper = Keeper(
                program=opened.program,
                clients=opened.clients,
                alarms=Alarms(siren=self.siren, book=book),
                tempo=QUICK,
                clock=lambda: self.now,
            )
        await keeper.tick(asyncio.Event())
        return keeper

    async def notices(self, *kinds: str) -> list[tuple[str, str | None]]:
        """Return the kinds of notices that were asked for, and about which domain."""
        database = self.newcomers.program.administration.program.database
        async with database.read() as connection:
            rows = await connection.execute(
                tables.notices.select().order_by(tables.notices.c.requested_at)
            )
            return [(row.kind, row.domain) for row in rows if not kinds or row.kind in kinds]

    async def shown(self) -> dict[str, tuple[str, str | None]]:
        """Return the state of each domain as it is listed, and what it waits for."""
        database = self.newcomers.program.administration.program.database
        async with database.read() as connection:
            found = await people.shown_domains(connection)
        return {
            one.name: (one.state, one.waits_for and one.waits_for.partition(":")[0])
            for one in found
        }

    async def journal(self) -> list[tuple[str, str]]:
        """Return the kinds and subjects of the journal."""
        database = self.newcomers.program.administration.program.database
        async with database.read() as connection:
            rows = await connection.execute(
                tables.journal.select().order_by(tables.journal.c.sequence)
            )
            return [(row.kind, row.subject) for row in rows]

    async def steps(self, state: str) -> list[str]:
        """Return the steps in a state."""
        database = self.newcomers.program.administration.program.database
        async with database.read() as connection:
            return [one.step for one in await onboarding.steps(connection, state=state)]


@pytest_asyncio.fixture
async def kept(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kept]:
    async with newcomers_at(place, tmp_path_factory.mktemp("keeper")) as made:
        yield Kept(newcomers=made)


async def test_customer_and_operator_hear_once_that_a_domain_is_verified(kept: Kept) -> None:
    domain = kept.newcomers.domain()
    await kept.newcomers.onboard(domain)
    await kept.work()
    assert sorted(await kept.notices()) == [("domain_verified", domain), ("verified", domain)]
    kept.newcomers.place.forget_calls()
    kept.now = NOW + timedelta(hours=1)
    await kept.work()
    assert kept.newcomers.place.sandbox.recording.calls() == []
    kept.now = NOW + 2 * DAY
    await kept.work()
    assert len(await kept.notices()) == 2
    assert kept.newcomers.place.writes() == 0
    assert kept.siren.sounded == []


async def test_lost_records_are_told_as_lost_and_as_drift(kept: Kept) -> None:
    domain, ask = kept.newcomers.domain(), kept.newcomers.place.asking.ask
    await kept.newcomers.onboard(domain)
    keeper = await kept.work()
    zone = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"][0]["Id"]
    for one in ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]:
        if one["Type"] == "CNAME":
            batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": one}]}
            ask("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=batch)
    kept.now = NOW + 2 * DAY
    await kept.work(keeper)
    told = await kept.notices("verification_lost", "trouble")
    assert ("trouble", None) in told
    sounded = [(one.name, one.summary) for one in kept.siren.sounded]
    assert [name for name, _ in sounded] == ["drift"]
    assert f"sesauditd onboard {domain}" in sounded[0][1]
    await kept.newcomers.onboard(domain)
    kept.now = NOW + 3 * DAY
    await kept.work(keeper)
    assert kept.siren.severities() == ["trouble", "recovered"]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(one, marks=() if one == MIDDLE else pytest.mark.slow)
        for one in range(RESOURCES)
    ],
)
async def test_an_interrupted_onboarding_goes_on_but_makes_no_key(kept: Kept, number: int) -> None:
    """Whatever change it was interrupted at."""
    domain = kept.newcomers.domain()
    with kept.newcomers.place.acting(*ONBOARD):
        await interrupted(kept, domain, number)
    assert len(await kept.steps("begun")) == 1
    # It may do so only where the operator gave it the policy onboard as well.
    with kept.newcomers.place.acting(*KEEPER, "onboard"):
        keeper = await kept.work()
    assert await kept.steps("begun") == []
    assert kept.newcomers.keys(domain) == []
    assert [one.name for one in kept.siren.sounded] == ["onboarding"]
    assert f"sesauditd onboard {domain}" in str(kept.siren.sounded[0].details)
    plan = await kept.newcomers.plan(domain)
    assert {one.resource.split()[0] for one in plan.changes} == {"access"}
    await kept.newcomers.onboard(domain)
    await kept.work(keeper)
    assert kept.siren.severities() == ["trouble", "recovered"]


async def test_what_was_only_asked_for_is_made_registered_once_and_waits_for_its_login(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = kept.newcomers.domain()

    def die(point: str) -> None:
        if point == "onboard.asked":
            raise PowerCutError

    monkeypatch.setattr("sesauditd.onboard.onboarding.reach", die)
    kept.newcomers.place.forget_calls()
    with pytest.raises(PowerCutError):
        await kept.newcomers.onboard(domain)
    monkeypatch.undo()
    assert kept.newcomers.place.writes() == 0
    assert await kept.shown() == {domain: ("onboarding", "what was begun and not finished")}
    with kept.newcomers.place.acting(*KEEPER, "onboard"):
        keeper = await kept.work()
        assert await kept.shown() == {domain: ("onboarding", "its login, which nobody was shown")}
        kept.newcomers.place.forget_calls()
        await kept.work(keeper)
    assert kept.newcomers.place.writes() == 0
    assert kept.newcomers.keys(domain) == []
    await kept.newcomers.onboard(domain)
    await kept.work(keeper)
    assert await kept.shown() == {domain: ("sending", None)}
    journaled = [kind for kind, subject in await kept.journal() if subject == domain]
    assert journaled == ["onboard", "domain", "iam_user"]


async def test_the_worker_leaves_alone_whose_customer_was_terminated(kept: Kept) -> None:
    first, second = kept.newcomers.domain(), kept.newcomers.domain()
    await kept.newcomers.onboard(first, "spam")
    with kept.newcomers.place.acting(*ONBOARD):
        await interrupted(kept, second, 0, "spam")
    async with kept.newcomers.program.administration.program.deciding() as decisions:
        await decisions.terminate("spam", "spam")
    kept.newcomers.place.forget_calls()
    await kept.work()
    assert kept.newcomers.place.writes() == 0
    assert "sesauditd restore spam" in str(kept.siren.sounded[0].details)


async def interrupted(kept: Kept, domain: str, number: int, customer: str = "bakery") -> None:
    """Onboard a domain until the change of this number is begun, and die there."""
    seen: list[Change] = []

    def cut(change: Change, moment: Moment) -> None:
        if moment == "begun":
            seen.append(change)
            if len(seen) > number:
                raise PowerCutError

    onboarding = kept.newcomers.program.onboarding
    prepared = await onboarding.prepare(wish(domain, customer))
    with pytest.raises(PowerCutError):
        await onboarding.carry_out(prepared, unwatched, cut)
