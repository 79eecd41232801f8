"""Reports by mail: to customers who sent mail, once a month, and only where it is switched on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.bootstrap.reporting import STALE, Reporting
from sesauditd.model.owed import monthly
from sesauditd.store.tables import notices
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

(NOVEMBER,) = monthly("06:00").owed((), NOW, NOW + timedelta(days=10))
DECEMBER_FIRST = datetime.fromisoformat("2026-12-01T06:00:00+00:00")
ON = 'mode = "enforce"\n[notices]\ncustomer_reports = true\nfrom = "desk@host.example"'


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, ON) as found:
        await found.adopt("a.example", "k")
        await found.adopt("b.example", "silent")
        await found.feed(
            [
                *(ses.delivery(f"d{number}@x.example", ses.at(1)) for number in range(30)),
                ses.bounce("gone@x.example", ses.at(2)),
            ]
        )
        found.now[0] = DECEMBER_FIRST
        yield found


async def told(program: Running) -> list[dict[str, Any]]:
    async with program.application.database.read() as connection:
        rows = await connection.execute(notices.select())
        return [row._asdict() for row in rows if row.kind == "monthly_report"]


async def test_who_sent_mail_is_told_once_how_the_month_was(program: Running) -> None:
    reporting = Reporting(program.application)
    assert await reporting.to_customers(NOVEMBER, DECEMBER_FIRST) == 1
    assert await reporting.to_customers(NOVEMBER, DECEMBER_FIRST) == 0
    (notice,) = await told(program)
    facts = notice["facts"]
    assert (notice["customer"], notice["audience"]) == ("k", "customer")
    assert (facts["month"], facts["grade"]) == ("November 2026", "A")
    assert facts["counts"][0] == "31 mails were sent to 31 people."
    assert [one["recipient"] for one in facts["blocked"]] == ["gone@x.example"]
    page = facts["attached"]["page"]
    assert "How your mail did" in page
    assert "desk@host.example" in page
    assert "silent" not in page


async def test_nobody_is_told_of_a_month_that_is_long_over(program: Running) -> None:
    late = DECEMBER_FIRST + STALE + timedelta(seconds=1)
    assert await Reporting(program.application).to_customers(NOVEMBER, late) == 0


async def test_customers_hear_nothing_unless_it_is_switched_on(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed([ses.delivery("d@x.example", ses.at(1))])
        assert await Reporting(program.application).to_customers(NOVEMBER, DECEMBER_FIRST) == 0
        assert await told(program) == []


async def test_operators_get_the_account_with_every_customer(program: Running) -> None:
    page = await Reporting(program.application).of_account(NOW)
    assert page.startswith("<!doctype html>")
    assert "Each customer's part" in page.replace("&#39;", "'")
    assert "Customer k" in page
