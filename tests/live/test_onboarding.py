"""Onboarding at the sandbox: plan, apply, an empty plan; conflicts; logins that work."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.bootstrap.offboard import offboarder_of
from sesauditd.errors import Busy
from sesauditd.model.addresses import registrable
from sesauditd.onboard.onboarding import Result
from sesauditd.onboard.onboarding_wait import Waiting
from sesauditd.store import tables
from tests.support.accounts import stood
from tests.support.newcomers import (
    RESOURCES,
    Newcomers,
    PowerCutError,
    names,
    newcomers_at,
    opened,
    unwatched,
    wish,
)
from tests.support.roles import COMMANDS, ONBOARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*ONBOARD) as standing:
        yield standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("onboarding")) as made:
        yield made


async def test_a_plan_writes_nothing_and_a_second_run_neither(newcomers: Newcomers) -> None:
    place, domain = newcomers.place, newcomers.domain()
    place.forget_calls()
    plan = await newcomers.plan(domain)
    # Two changes more than the engine's: the register, and the key; DKIM comes later.
    assert (len(plan.changes), plan.later) == (RESOURCES + 1, (f"3 DKIM records of {domain}",))
    assert place.writes() == 0

    outcome = await newcomers.onboard(domain)
    assert (outcome.result, len(outcome.changes)) == (Result.DONE, RESOURCES)
    assert newcomers.keys(domain) == [newcomers.newest(domain).user]

    place.forget_calls()
    assert (await newcomers.plan(domain)).is_empty
    assert (await newcomers.onboard(domain)).result is Result.UNCHANGED
    assert place.writes() == 0


async def test_a_login_sends_and_its_events_count_for_the_customer(
    newcomers: Newcomers, tmp_path: Path
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain, "club")
    await asyncio.to_thread(
        newcomers.send, newcomers.newest(domain), "bounce@simulator.amazonses.com"
    )
    await asyncio.to_thread(newcomers.send, newcomers.newest(domain), "jane@elsewhere.example")
    bodies = await asyncio.to_thread(received, newcomers.place)
    file = tmp_path / "received.jsonl"
    file.write_text("\n".join(bodies))
    running = newcomers.program.administration.program
    assert (await running.replay([str(file)])).recorded >= 4
    async with running.database.read() as connection:
        rows = (await connection.execute(tables.events.select())).all()
    assert {(row.domain, row.caller) for row in rows} == {(domain, domain)}
    assert (await running.log.register()).owners[domain] == "club"


def received(place: Stood) -> list[str]:
    """Return every message that waits in the feedback queue."""
    ask = place.asking.ask
    url = str(ask("sqs", "GetQueueUrl", QueueName="sesaudit-feedback")["QueueUrl"])
    bodies: list[str] = []
    while got := ask("sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in got:
            bodies.append(json.dumps(json.loads(one["Body"])))
            ask("sqs", "DeleteMessage", QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return bodies


async def test_ses_finds_the_records_at_once(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    program = newcomers.program
    states = await program.verified([domain], Waiting(timeout_seconds=0.0), unwatched)
    assert states[domain].is_complete


async def test_records_of_a_zone_elsewhere_are_told_and_waited_for(newcomers: Newcomers) -> None:
    domain = newcomers.domain(zone=False)
    newcomers.place.forget_calls()
    prepared = await newcomers.program.onboarding.prepare(wish(domain))
    assert newcomers.place.writes() == 0
    # The tokens of DKIM come with the identity.
    assert [row.kind for row in prepared.rows] == ["MX", "TXT", "TXT"]
    assert prepared.plan.later == (
        f"3 DKIM records of {domain}, to be entered by hand in {domain}",
    )
    outcome = await newcomers.onboard(domain)
    assert (await newcomers.program.onboarding.prepare(wish(domain))).rows == outcome.rows
    kinds = sorted(row.kind for row in outcome.rows)
    assert kinds == ["CNAME", "CNAME", "CNAME", "MX", "TXT", "TXT"]
    assert all(row.absolute.endswith(f"{domain}.") for row in outcome.rows)
    program = newcomers.program
    states = await program.verified(
        [domain], Waiting(timeout_seconds=0.05, first_seconds=0.01), unwatched
    )
    assert not states[domain].is_complete
    assert any("identity" in one for one in states[domain].missing)
    assert (await newcomers.plan(domain)).is_empty


async def test_reports_that_would_not_arrive_are_said_with_the_record_that_asks_for_them(
    newcomers: Newcomers,
) -> None:
    onboarding = newcomers.program.onboarding
    layout = replace(onboarding.layout, dmarc_rua="dmarc@reports.example")
    asking = replace(onboarding, layout=layout)
    records = newcomers.place.sandbox.zones.world.records
    for domain in (newcomers.domain(), newcomers.domain(zone=False)):
        remarks = (await asking.prepare(wish(domain))).plan.remarks
        assert [one for one in remarks if "*._report._dmarc.reports.example" in one], remarks
        records[f"{domain}._report._dmarc.reports.example", "TXT"] = ('"v=DMARC1"',)
        remarks = (await asking.prepare(wish(domain))).plan.remarks
        assert not [one for one in remarks if "_report" in one]


async def test_a_second_domain_is_no_new_beginning_for_its_customer(newcomers: Newcomers) -> None:
    await newcomers.onboard(newcomers.domain(), "baker")
    program = newcomers.program
    register = program.onboarding.register
    assert (await register.look("x.example", "baker")).is_new_customer is False
    async with program.administration.program.database.read() as connection:
        rows = (await connection.execute(tables.customers.select())).all()
    assert {row.id: row.since for row in rows}["baker"] is not None


async def test_a_set_that_was_switched_off_stays_off(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    await newcomers.onboard(domain)
    set_name = f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"
    off: dict[str, Any] = {"ConfigurationSetName": set_name, "SendingEnabled": False}
    ask("sesv2", "PutConfigurationSetSendingOptions", **off)
    ask(
        "sesv2",
        "PutConfigurationSetReputationOptions",
        ConfigurationSetName=set_name,
        ReputationMetricsEnabled=False,
    )
    outcome = await newcomers.onboard(domain)
    assert names(outcome.changes) == [f"SES configuration set {set_name}"]
    assert not ask("sesv2", "GetConfigurationSet", ConfigurationSetName=set_name)["SendingOptions"][
        "SendingEnabled"
    ]
    plan = await newcomers.plan(domain)
    assert plan.is_empty
    assert any("switched off" in one for one in plan.remarks)


async def test_a_domain_that_is_stopped_gets_neither_key_nor_a_set_that_sends(
    newcomers: Newcomers,
) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    program = newcomers.program
    register = program.onboarding.register
    await register.register(domain, "rogue", "anna@rogue-home.example", domain)
    async with program.administration.program.deciding() as decisions:
        await decisions.disable(domain, "hacked")
    assert (await newcomers.onboard(domain, "rogue")).result is Result.DONE
    assert newcomers.keys(domain) == []
    set_name = f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"
    assert not ask("sesv2", "GetConfigurationSet", ConfigurationSetName=set_name)["SendingOptions"][
        "SendingEnabled"
    ]


async def test_a_customer_whose_access_ended_gets_no_domain(newcomers: Newcomers) -> None:
    await newcomers.onboard(newcomers.domain(), "gone")
    async with newcomers.program.administration.program.deciding() as decisions:
        await decisions.terminate("gone", "spam")
    await refused(newcomers, newcomers.domain(), "gone", "access that was ended")


def _identity(newcomers: Newcomers, domain: str) -> None:
    newcomers.place.asking.ask("sesv2", "CreateEmailIdentity", EmailIdentity=domain)


def _set(newcomers: Newcomers, domain: str) -> None:
    name = f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"
    newcomers.place.asking.ask("sesv2", "CreateConfigurationSet", ConfigurationSetName=name)


def _user(newcomers: Newcomers, domain: str) -> None:
    newcomers.place.asking.ask("iam", "CreateUser", UserName=domain)


async def test_a_domain_of_another_customer_is_refused(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain, "first")
    await refused(newcomers, domain, "second", "a domain of customer first")


async def test_a_mail_from_name_is_no_sender_and_no_sender_is_a_mail_from_name(
    newcomers: Newcomers,
) -> None:
    """SES API 2, PutEmailIdentityMailFromAttributes: such a name cannot receive mail."""
    first, second = newcomers.domain(), newcomers.domain()
    await newcomers.onboard(first)
    await refused(newcomers, f"bounce.{first}", "bakery", f"the MAIL FROM name of {first}")
    assert (await newcomers.onboard(f"bounce.{second}")).result is Result.DONE
    await refused(newcomers, second, "bakery", f"bounce.{second}, a domain of customer bakery")


async def refused(newcomers: Newcomers, domain: str, customer: str, found: str) -> None:
    """Expect one conflict, and no write at all."""
    newcomers.place.forget_calls()
    shown = list(newcomers.shown)
    plan = await newcomers.plan(domain, customer)
    assert [one for one in plan.conflicts if found in one.found], plan.conflicts
    outcome = await newcomers.onboard(domain, customer)
    assert outcome.result is Result.CONFLICT
    assert outcome.why
    assert newcomers.place.writes() == 0
    assert newcomers.shown == shown


async def test_what_stands_there_is_taken_over_when_asked(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    for make in (_identity, _set, _user):
        make(newcomers, domain)
    async with opened(newcomers.place, newcomers.folder, take_over=True) as program:
        outcome = await newcomers.onboard_by(program, domain)
    assert outcome.result is Result.DONE
    assert (await newcomers.plan(domain)).is_empty
    await asyncio.to_thread(newcomers.send, newcomers.newest(domain), "jane@elsewhere.example")


async def test_one_failing_domain_does_not_stop_the_rest(newcomers: Newcomers) -> None:
    domains = [newcomers.domain() for _ in range(3)]
    _identity(newcomers, domains[1])
    program = newcomers.program
    prepared = await program.batch.prepare([wish(one) for one in domains], unwatched)
    outcomes = await program.batch.carry_out(
        prepared, show=newcomers.shown.append, on_change=unwatched, on_domain=unwatched
    )
    results = [one.result for one in outcomes]
    assert results == [Result.DONE, Result.CONFLICT, Result.DONE]


async def test_two_runs_at_once_leave_one_user_and_one_key(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    outcomes = await asyncio.gather(newcomers.onboard(domain), newcomers.onboard(domain))
    busy = [one for one in outcomes if one.result is Result.FAILED]
    assert len(busy) == 1
    assert "works on" in busy[0].why
    assert newcomers.keys(domain) == [newcomers.newest(domain).user]


async def test_the_claim_of_a_living_process_is_respected(newcomers: Newcomers) -> None:
    program = newcomers.program
    claim = program.onboarding.claim
    async with claim("x.example"):
        with pytest.raises(Busy, match="another sesauditd"):
            async with claim("x.example"):
                pytest.fail("claimed twice")
    async with claim("x.example"):
        pass


async def test_of_two_that_looked_at_once_one_makes_the_key_and_registers(
    newcomers: Newcomers,
) -> None:
    domain, program = newcomers.domain(), newcomers.program
    with newcomers.place.acting(*ONBOARD):
        first, second, other = [
            await program.onboarding.prepare(wish(domain, customer))
            for customer in ("bakery", "bakery", "club")
        ]
        outcomes = [
            await program.onboarding.carry_out(one, unwatched, unwatched)
            for one in (first, second, other)
        ]
    assert [one.result for one in outcomes] == [Result.DONE, Result.UNCHANGED, Result.CONFLICT]
    assert newcomers.keys(domain) == [outcomes[0].key]
    assert "bakery" in outcomes[2].conflicts[0].found


async def test_what_was_begun_for_one_customer_is_refused_to_another_until_taken_back(
    newcomers: Newcomers, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = newcomers.domain()
    taking = offboarder_of(newcomers.program.administration)

    def die(point: str) -> None:
        if point == "onboard.asked":
            raise PowerCutError

    monkeypatch.setattr("sesauditd.onboard.onboarding.reach", die)
    with pytest.raises(PowerCutError):
        await newcomers.onboard(domain)
    monkeypatch.undo()
    (conflict,) = (await newcomers.plan(domain, "club")).conflicts
    assert "begun for customer bakery" in conflict.found
    with newcomers.place.acting(*COMMANDS["offboard"]):
        await taking.carry_out(await taking.prepare(domain), unwatched)
    assert not (await newcomers.plan(domain, "club")).conflicts


async def test_an_international_domain_goes_by_its_a_label(newcomers: Newcomers) -> None:
    label = registrable("straße-bäcker.example.")
    assert label.startswith("xn--")
    newcomers.place.asking.ask("route53", "CreateHostedZone", Name=label, CallerReference=label)
    assert (await newcomers.onboard(label)).result is Result.DONE
    assert (await newcomers.plan(label)).is_empty


async def test_secrets_are_nowhere_in_the_database(newcomers: Newcomers) -> None:
    await newcomers.onboard(newcomers.domain())
    assert newcomers.shown
    kept = b"".join(one.read_bytes() for one in newcomers.folder.iterdir() if one.is_file())
    for one in newcomers.shown:
        assert one.user.encode() in kept
        assert one.password.encode() not in kept
