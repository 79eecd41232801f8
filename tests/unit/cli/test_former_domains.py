"""A domain of two customers, as the commands show it: the former one's under a name of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.store.closing import Closing
from sesauditd.store.engine import Database
from tests.support import ses
from tests.support.cases import when
from tests.support.cli import Cli, program

if TYPE_CHECKING:
    from datetime import datetime

DOMAIN = "shop.example"
FORMER = f"{DOMAIN}~1"


def close(cli: Cli, at: datetime) -> None:
    """Close the domain's entry, as offboarding does last."""

    async def closed() -> None:
        database = Database.open(f"sqlite:///{cli.database}")
        try:
            await Closing(database=database).close(DOMAIN, at)
        finally:
            await database.close()

    asyncio.run(closed())


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Return a program where a disabled domain went from `anna` to `bert`, who was told of late."""
    made = program(tmp_path_factory.mktemp("former"))
    made.at(when(0)).adopt(DOMAIN, "anna", "--iam-user", DOMAIN)
    people = ses.people(40)
    told = ses.sends(DOMAIN, people, when(1))
    told += [ses.bounce(DOMAIN, one, when(1, 1)) for one in people[:16]]
    made.at(when(2)).replay(ses.lines(told))
    made.verdicts(dry=False)
    made.at(when(7, 5)).ok("reinstate", DOMAIN, "--explanation", "an old list")
    close(made, when(8))
    after = made.at(when(9))
    after.adopt(DOMAIN, "bert", "--iam-user", DOMAIN)
    late = [ses.bounce(DOMAIN, people[20], when(9, 2), mail_at=when(1))]
    late += [ses.bounce(DOMAIN, people[21], when(9, 3))]
    at_last = made.at(when(14, 4))
    at_last.replay(ses.lines(late), "late.jsonl")
    at_last.verdicts(when(14, 3), dry=False)
    return at_last


def names(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return domain and customer of each row."""
    return [(one["domain"], one["customer"]) for one in rows]


def test_what_was_offboarded_is_listed_when_asked_for(cli: Cli) -> None:
    assert names(cli.rows("domains")) == [(DOMAIN, "bert")]
    assert names(cli.rows("domains", "--all")) == [(DOMAIN, "bert"), (FORMER, "anna")]
    assert [one["customer"] for one in cli.rows("customers")] == ["bert"]
    assert [one["customer"] for one in cli.rows("customers", "--all")] == ["anna", "bert"]


def test_events_are_those_of_whoever_sent(cli: Cli) -> None:
    assert len(cli.rows("events", "--domain", FORMER, "--kind", "bounce")) == 17
    assert len(cli.rows("events", "--domain", DOMAIN)) == 1


def test_no_row_was_changed_by_another_hand(cli: Cli) -> None:
    ran = cli.run("actions", "--verify")
    assert (ran.code, "chain whole" in ran.out) == (0, True)


def test_the_same_limits_judge_as_was_judged(cli: Cli) -> None:
    file = cli.folder / "new.toml"
    file.write_text("")
    document = cli.ok("policy", "simulate", "--policy", file, "--json").document
    assert {one["change"] for one in document["hits"]} == {"same"}


def test_the_case_of_the_former_customer_tells_how_it_ended(cli: Cli) -> None:
    (case,) = [one["id"] for one in cli.rows("cases")]
    shown = cli.ok("cases", case).out
    assert FORMER in shown
    assert "an old list" in shown


def test_a_former_domain_is_reported_and_never_stopped(cli: Cli) -> None:
    assert f"Domain {FORMER} of anna" in cli.ok("report", FORMER).out
    assert "Mail: 40 mailed" in cli.ok("report", FORMER, "--since", "2026-11-16").out
    ran = cli.run("disable", FORMER, "--reason", "late")
    assert (ran.code, "was offboarded on 2026-11-24" in ran.err) == (2, True)
    assert cli.ok("status", "--json").document["customers"][0]["customer"] == "bert"
