"""One case an incident: opened by what stops, explained, closed by what lets go again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Failed, Refused
from sesauditd.report.cases import customer_row
from sesauditd.report.cases_text import for_customer, for_operator
from sesauditd.store import tables
from sesauditd.store.reports import cases as reports
from sesauditd.store.reports import decided
from tests.support import feedback as ses
from tests.support.databases import kept
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sesauditd.report.cases import CaseFile
    from sesauditd.report.figures import Case

HOSTILE = "it was\x00 \x1b[31mred\u202e\r\nBcc: all@x.example <script>{{ x }} %s"


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with one customer of two domains."""
    async with running(tmp_path) as one:
        await one.adopt()
        await one.adopt("b.example")
        yield one


async def decide(program: Running, name: str, *given: Any) -> Any:
    """Take one decision."""
    async with program.application.deciding("operator:secret-name") as decisions:
        return await getattr(decisions, name)(*given)


async def cases(program: Running) -> tuple[Case, ...]:
    """Return every case."""
    async with program.application.database.read() as connection:
        return await decided.all_cases(connection)


async def only(program: Running) -> CaseFile:
    """Return the only case."""
    (case,) = await cases(program)
    async with program.application.database.read() as connection:
        return await reports.case_file(connection, case.id)


async def infect(program: Running, *domains: str, days: float = 0) -> None:
    """Have a virus found in a mail of each domain, so many days from now."""
    program.now[0] = max(program.now[0], NOW + timedelta(days=days))
    at = NOW + timedelta(days=days, hours=-1)
    await program.feed([ses.reject("p@x.example", at, domain=one) for one in domains])


async def test_one_incident_in_two_domains_is_one_case_until_both_are_reinstated(
    program: Running,
) -> None:
    await infect(program, "a.example")
    await infect(program, "b.example", days=0.01)
    file = await only(program)
    assert (file.case.state, file.domains) == ("opened", ("a.example", "b.example"))
    await decide(program, "reinstate", "a.example", "cleaned")
    assert (await only(program)).case.state == "explained"
    await decide(program, "reinstate", "b.example", "cleaned, too")
    file = await only(program)
    assert (file.case.state, file.case.closed_at) == ("reinstated", program.now[0])
    said = [one.text for one in file.timeline if one.what == "reinstated"]
    assert said == ["reinstate a.example: cleaned", "reinstate b.example: cleaned, too"]


async def test_an_explanation_is_kept_word_for_word_and_shown_as_text(program: Running) -> None:
    await infect(program, "a.example")
    (case,) = await cases(program)
    decision = await decide(program, "explain", case.id.removeprefix("case-"), HOSTILE)
    assert decision.subject == case.id
    file = await only(program)
    assert (file.case.state, file.case.explanation) == ("explained", kept(HOSTILE))
    for text in (for_operator(file), for_customer(file)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nBcc" not in text


async def test_a_customer_gets_the_evidence_and_nothing_of_operators(program: Running) -> None:
    await infect(program, "a.example")
    (case,) = await cases(program)
    await decide(program, "explain", case.id, "the laptop")
    file = await only(program)
    for text in (for_customer(file), str(customer_row(file))):
        assert "p@x.example" in text
        assert "test.jsonl" in text
        assert not {"secret-name", "policy:", "asked for"} & set(text.split())
        assert "secret-name" not in text
        assert "policy:" not in text
    row: Any = customer_row(file)
    (event,) = row["grounds"][0]["evidence"]
    assert {"at", "recipient", "status", "diagnostic", "message_id", "object", "line"} < set(event)
    assert len(event["sha256"]) == 64


async def test_a_second_incident_ends_in_the_case_that_it_opened(program: Running) -> None:
    await infect(program, "a.example")
    await decide(program, "reinstate", "a.example", "cleaned")
    await infect(program, "a.example", days=20)
    newest, first = await cases(program)
    assert (newest.state, first.state) == ("terminated", "reinstated")
    async with program.application.database.read() as connection:
        file = await reports.case_file(connection, newest.id)
    assert file.offence is not None
    assert file.offence.startswith("2nd virus case, within 90 days after the reinstatement of")
    assert [one.state for one in file.strikes] == ["reinstated", "terminated"]
    await decide(program, "restore", "k", "the nephew did it")
    assert [one.state for one in await cases(program)] == ["restored", "reinstated"]


async def test_a_groundless_case_is_closed_and_no_strike(program: Running) -> None:
    day = ses.at(1)
    await program.feed([ses.bounce(f"p{n}@x{n}.example", day) for n in range(16)])
    await program.application.enforce(NOW)
    assert (await only(program)).case.state == "opened"
    await program.feed([ses.send(f"q{n}@y.example", day) for n in range(400)])
    await program.application.enforce(NOW + timedelta(hours=1))
    file = await only(program)
    assert (file.case.state, file.strikes, file.grounds) == ("withdrawn", (), ())
    assert "does not count against you" in for_customer(file)
    assert "no ground" in for_customer(file)


async def test_an_operators_own_stop_is_a_case_of_its_own(program: Running) -> None:
    await decide(program, "disable", "a.example", "complaint by phone")
    await decide(program, "terminate", "k", "contract ended")
    assert {(one.rule, one.state) for one in await cases(program)} == {
        ("operator", "opened"),
        ("operator", "terminated"),
    }
    await decide(program, "restore", "k", "renewed")
    assert {one.state for one in await cases(program)} == {"reinstated", "restored"}


async def test_a_closed_case_takes_no_explanation_and_an_unknown_one_is_refused(
    program: Running,
) -> None:
    await infect(program, "a.example")
    (case,) = await cases(program)
    await decide(program, "reinstate", "a.example", "cleaned")
    with pytest.raises(Failed, match="is closed: reinstated on"):
        await decide(program, "explain", case.id, "late")
    with pytest.raises(Refused, match="there is no case 'x'"):
        await decide(program, "explain", "x", "late")


async def test_nobody_is_told_that_mail_is_stopped_before_it_is(program: Running) -> None:
    await infect(program, "a.example")
    assert "is not sent" not in for_customer(await only(program))


async def test_the_limits_of_a_verdict_are_in_the_journal_once(program: Running) -> None:
    await infect(program, "a.example", "b.example")
    policies = {row[16] for row in await program.rows(tables.verdicts)}
    noted = [row for row in await program.rows(tables.journal) if row[3] == "policy"]
    assert [row[4] for row in noted] == sorted(policies)
    assert noted[0][5]["complaint"]["terminate"]["again_within_days"] == 90
