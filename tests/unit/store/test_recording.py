"""Recording is the same whatever arrives twice, late, in any order, or in pieces."""

from __future__ import annotations

import itertools
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.store import tables
from tests.support import feedback as ses
from tests.support.running import Running, running
from tests.support.sweeps import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE = [f"p{number}@x.example" for number in range(3)] + ["q@gmail.com"]


@st.composite
def events(draw: st.DrawFn) -> ses.Event:
    """Draw one event about few people and few messages, so that they meet."""
    person = draw(st.sampled_from(PEOPLE))
    number = draw(st.integers(0, 5))
    moment = ses.at(draw(st.integers(0, 6)), draw(st.integers(0, 2)))
    about: dict[str, Any] = {
        "message": f"m{number}",
        "domain": ("a.example", "b.example", "nobody.example")[number % 3],
    }
    match draw(st.sampled_from(["hard", "soft", "complaint", "delivery", "send", "reject"])):
        case "hard":
            status = draw(st.sampled_from(["5.1.1", "5.7.1", "5.4.4", None]))
            return ses.bounce(person, moment, status=status, **about)
        case "soft":
            return ses.soft(person, moment, **about)
        case "complaint":
            return ses.complaint(person, moment, **about)
        case "delivery":
            return ses.delivery(person, moment, **about)
        case "send":
            return ses.send(person, moment, **about)
        case _:
            return ses.reject(person, moment, **about)


async def recorded(batches: Sequence[Sequence[ses.Event]]) -> dict[str, Any]:
    """Return everything that is derived from events, after recording them so."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as program:
            await program.adopt("a.example", "k")
            await program.adopt("b.example", "k")
            for batch in batches:
                await program.feed(batch, proposed=True)
            return await content(program)


async def content(program: Running) -> dict[str, Any]:
    """Return what must not depend on the way that events came."""
    found: dict[str, Any] = {}
    for table in (tables.event_recipients, tables.rollups, tables.strikes, tables.reached):
        found[table.name] = sorted(map(repr, await program.rows(table)))
    documents = await program.application.verdict_documents()
    found["verdicts"] = [one for one in documents if one["state"] != "withdrawn"]
    return found


@examples(10)
@given(given=st.lists(events(), min_size=1, max_size=12), data=st.data())
async def test_order_duplicates_and_batches_make_no_difference(
    given: list[ses.Event], data: st.DataObject
) -> None:
    unique = list({repr(key_of(event)): event for event in given}.values())
    again = data.draw(st.lists(st.sampled_from(unique), max_size=6))
    mixed = data.draw(st.permutations([*unique, *again]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=4)))
    edges = [0, *cuts, len(mixed)]
    pieces = [mixed[start:end] for start, end in itertools.pairwise(edges)]
    assert await recorded(pieces) == await recorded([unique])


def key_of(event: ses.Event) -> tuple[Any, ...]:
    """Return what SES would never publish twice with different content."""
    body = event.get("bounce") or event.get("complaint") or event.get("delivery") or {}
    mail = event["mail"]
    return (
        event["eventType"],
        mail["messageId"],
        body.get("feedbackId"),
        mail["destination"],
        body.get("timestamp"),
    )


async def test_a_domain_adopted_late_has_the_same_rows(tmp_path: Path) -> None:
    given = [
        ses.delivery("p@x.example", ses.at(0), message="m1"),
        ses.soft("p@x.example", ses.at(0, 11), message="m1", subtype="General"),
        ses.bounce("q@x.example", ses.at(1)),
        ses.reject("r@x.example", ses.at(2)),
    ]
    async with running(tmp_path / "early") as early, running(tmp_path / "late") as late:
        await early.adopt()
        await early.feed(given, proposed=True)
        await late.feed(given, proposed=True)
        assert await late.rows(tables.strikes) == []
        await late.adopt()
        assert await content(late) == await content(early)


async def test_a_foreign_caller_answers_for_himself(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.adopt("a.example", "k", iam_user="k-mailer")
        await program.adopt("b.example", "other", iam_user="b-mailer")
        await program.feed([ses.bounce("p@x.example", ses.at(1), caller="b-mailer")])
        (strike,) = await program.rows(tables.strikes)
        assert "b.example" in strike
        assert "other" in strike
        (event,) = await program.rows(tables.events)
        assert "foreign_caller" in event


async def test_garbage_is_kept_once_and_counted_each_time(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        first = await program.feed(["garbage", ses.send("p@x.example", ses.at())])
        assert (first.quarantined, first.recorded) == (1, 1)
        assert (await program.feed(["garbage"])).quarantined == 1
        assert len(await program.rows(tables.quarantine)) == 1


async def test_a_delivery_that_bounced_later_was_no_first_contact(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed([ses.delivery("p@x.example", ses.at(0), message="m1")])
        await program.feed([ses.delivery("q@x.example", ses.at(1), message="m2")])
        assert [row[3] for row in await program.rows(tables.reached)] == ["m1"]
        await program.feed([ses.bounce("p@x.example", ses.at(2), message="m1")])
        assert [row[3] for row in await program.rows(tables.reached)] == ["m2"]


async def test_a_damaged_rollup_is_mended_from_the_events(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed([ses.send(f"p{n}@x.example", ses.at(1)) for n in range(5)])
        before = await program.rows(tables.rollups)
        async with program.application.database.write() as connection:
            await connection.execute(tables.rollups.update().values(count=99))
        assert (await program.application.rollup(ses.at(1)))["mended"] == 1
        assert await program.rows(tables.rollups) == before


async def test_late_sends_withdraw_a_weekly_verdict_and_cancel_what_it_asked(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed([ses.complaint(f"p{n}@x.example", ses.at(2)) for n in range(5)])
        await program.feed([ses.send(f"p{n}@x.example", ses.at(1)) for n in range(100)])
        await program.application.enforce(ses.at(7, 3))
        assert await program.states() == {"complaint.disable": "requested"}
        await program.feed([ses.send(f"late{n}@x.example", ses.at(1)) for n in range(20_000)])
        await program.application.enforce(ses.at(7, 4))
        assert await program.states() == {"complaint.disable": "withdrawn"}
        assert {row[7] for row in await program.rows(tables.actions)} == {"cancelled"}


async def test_a_late_delivery_withdraws_a_block_and_a_later_bounce_revives_it(
    tmp_path: Path,
) -> None:
    address = "full@x.example"
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed([ses.soft(address, ses.at(1, hour)) for hour in range(5)])
        assert await program.states() == {"soft_bounce.block": "requested"}
        await program.feed([ses.delivery(address, ses.at(1, 2, 30))])
        assert await program.states() == {"soft_bounce.block": "withdrawn"}
        await program.feed([ses.soft(address, ses.at(1, hour)) for hour in (5, 6, 7)])
        assert await program.states() == {"soft_bounce.block": "requested"}
        blocks = await program.rows(tables.blocks)
        lifted_at = tables.blocks.c.keys().index("lifted_at")
        assert len([row for row in blocks if row[lifted_at] is None]) == 1


@pytest.mark.parametrize("mode", ["shadow", "off"])
async def test_shadow_shows_and_off_is_silent(tmp_path: Path, mode: str) -> None:
    async with running(tmp_path, f'mode = "{mode}"') as program:
        await program.adopt()
        await program.feed([ses.bounce("p@x.example", ses.at(1))])
        expected = {"hard_bounce.block": "shadow"} if mode == "shadow" else {}
        assert await program.states() == expected
        assert await program.rows(tables.blocks) == []


async def test_a_flood_stops_at_the_cap_and_asks(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        for number in range(30):
            await program.adopt(f"d{number}.example", f"c{number}")
        rejects = [
            ses.reject("p@x.example", ses.at(6) + timedelta(minutes=n), domain=f"d{n}.example")
            for n in range(27)
        ]
        await program.feed(rejects[::-1])
        states = [row[7] for row in await program.rows(tables.actions)]
        assert sorted(set(states)) == ["requested", "waiting"]
        assert states.count("requested") == 3


async def test_a_complaint_that_names_three_people_counts_one(tmp_path: Path) -> None:
    people = [f"p{number}@office.example" for number in range(3)]
    async with running(tmp_path) as program:
        await program.adopt()
        await program.feed(
            [ses.complaint(people, ses.at(1)), ses.complaint("q@x.example", ses.at(1))]
        )
        before = await program.rows(tables.rollups)
        assert [row[4] for row in before if row[2] == "complaint"] == [2]
        assert (await program.application.rollup(ses.at(1)))["mended"] == 0
