"""The documents that scripts read: their keys, their words, one of them on standard output."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.cli import Cli

VERDICT = {
    "rule",
    "lane",
    "state",
    "action",
    "customer",
    "domain",
    "recipient",
    "window",
    "reason",
    "evidence",
}
ACTIONS = {"block_recipient", "warn", "disable_domain", "terminate_customer"}
LISTINGS = (
    ("status",),
    ("customers",),
    ("domains",),
    ("events",),
    ("events", "--quarantined"),
    ("blocks",),
    ("actions",),
    ("cases",),
    ("report",),
    ("report", "a.example"),
    ("report", "k"),
)


@pytest.fixture
def busy(cli: Cli) -> Cli:
    """Return a program that has something to show in every document."""
    cli.adopt("a.example", "k", "--iam-user", "smtp-k", "--since", "2025-01-01")
    everybody = ses.people(60)
    told = [
        *ses.sends("a.example", everybody, when(0, 9)),
        *(ses.delivery("a.example", one, when(0, 9, 1)) for one in everybody[16:]),
        *(
            ses.bounce("a.example", one, when(1, 1, number), status="5.2.1")
            for number, one in enumerate(everybody[:16])
        ),
        ses.complaint("a.example", everybody[20], when(2)),
        ses.reject("a.example", everybody[30], when(3)),
        ses.delay("a.example", everybody[40], when(3)),
        ses.send("nobody.example", "x@mail.example", when(3)),
    ]
    cli.replay([*ses.lines(told), "garbage"])
    return cli


def test_enforce_has_exactly_its_keys(busy: Cli) -> None:
    ran = busy.ok("enforce", "--as-of", "2026-11-23T03:00:00Z", "--dry-run", "--json")
    assert set(ran.document) == {"as_of", "mode", "verdicts"}
    assert ran.document["as_of"] == "2026-11-23T03:00:00Z"
    assert ran.document["mode"] == "enforce"
    assert len(ran.document["verdicts"]) == 18
    for verdict in ran.document["verdicts"]:
        assert set(verdict) == VERDICT
        check(verdict)


def check(verdict: Mapping[str, Any]) -> None:
    """Check the types and words of a verdict."""
    assert verdict["action"] in ACTIONS
    assert verdict["lane"] in {"fast", "weekly"}
    assert set(verdict["window"]) == {"start", "end"}
    start, end = (datetime.fromisoformat(verdict["window"][key]) for key in ("start", "end"))
    assert start.utcoffset() == end.utcoffset() == timedelta(0)
    assert start <= end
    assert (verdict["recipient"] is not None) == (verdict["action"] == "block_recipient")
    assert (verdict["customer"], verdict["domain"]) == ("k", "a.example")
    assert isinstance(verdict["state"], str)
    assert verdict["reason"].strip()
    assert "\n" not in verdict["reason"]
    assert isinstance(verdict["evidence"], dict)
    assert verdict["evidence"]


def test_as_of_is_told_in_utc_whatever_the_zone_it_was_given_in(busy: Cli) -> None:
    given = ("2026-11-23T04:00:00+01:00", "2026-11-22T22:00:00-05:00", "2026-11-23T03:00:00")
    shown = [busy.ok("enforce", "--as-of", one, "--dry-run", "--json").document for one in given]
    assert {one["as_of"] for one in shown} == {"2026-11-23T03:00:00Z"}
    assert [len(one["verdicts"]) for one in shown] == [18, 18, 18]


def test_a_withdrawn_verdict_says_why_and_is_shown_only_on_demand(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    cli.replay(ses.lines([ses.soft("a.example", "x@y.example", when(day)) for day in range(5)]))
    cli.replay(ses.lines([ses.delivery("a.example", "x@y.example", when(2, 1))]))
    assert cli.verdicts() == []
    (gone,) = cli.verdicts(when(7, 3), "--all")
    assert set(gone) >= VERDICT
    assert gone["state"] == "withdrawn"
    assert gone["withdrawn_because"]


def test_replay_has_exactly_its_keys_and_they_add_up(busy: Cli) -> None:
    line = ses.lines([ses.bounce("a.example", "new@mail.example", when(4))])
    counts = busy.replay([*line, *line, "garbage too", ses.VALIDATION])
    assert list(counts) == ["read", "recorded", "duplicates", "quarantined", "ignored"]
    assert counts == {"read": 4, "recorded": 1, "duplicates": 1, "quarantined": 1, "ignored": 1}


def test_the_same_event_in_another_wrapping_is_a_duplicate(busy: Cli) -> None:
    event = ses.bounce("a.example", "new@mail.example", when(4))
    again = json.loads(json.dumps(event))
    again["mail"]["headersTruncated"] = True
    counts = busy.replay(
        [
            json.dumps(event),
            ses.sns(event),
            ses.archived(json.dumps(event), when(4, 1)),
            ses.archived(ses.sns(event), when(4, 2)),
            json.dumps(again, indent=None, separators=(",", ":")),
        ]
    )
    assert (counts["recorded"], counts["duplicates"]) == (1, 4)


def test_events_that_differ_in_one_part_of_their_key_are_two(busy: Cli) -> None:
    message = ses.message_id()
    same: dict[str, Any] = {"message": message, "mail_at": when(4)}
    to = ["one@mail.example", "two@mail.example"]
    told = [
        ses.delivery("a.example", to[0], when(4, 1), destination=to, **same),
        ses.delivery("a.example", to[1], when(4, 1), destination=to, **same),
        ses.delivery("a.example", to[1], when(4, 2), destination=to, **same),
        ses.bounce("a.example", to[0], when(4, 1), destination=to, **same),
        ses.bounce("a.example", to[0], when(4, 1), destination=to, **same),
        ses.complaint("a.example", to[0], when(4, 1), destination=to, **same),
        ses.send("a.example", to, when(4), message=message),
    ]
    counts = busy.replay(ses.lines(told))
    assert (counts["recorded"], counts["duplicates"]) == (7, 0)
    turned = ses.delivery("a.example", to, when(4, 3), **same)
    back = ses.delivery("a.example", to[::-1], when(4, 3), **same)
    counts = busy.replay(ses.lines([turned, back]))
    assert (counts["recorded"], counts["duplicates"]) == (1, 1)


@pytest.mark.parametrize("command", LISTINGS, ids=" ".join)
def test_a_listing_is_one_document_and_the_same_twice(busy: Cli, command: tuple[str, ...]) -> None:
    first = busy.run(*command, "--json")
    assert first.code == 0, first.err
    assert isinstance(first.document, dict | list)
    assert first.err == ""
    if command[0] != "report":
        assert busy.run(*command, "--json").document == first.document


@pytest.mark.parametrize("command", LISTINGS, ids=" ".join)
def test_a_listing_shows_a_person_something(busy: Cli, command: tuple[str, ...]) -> None:
    ran = busy.run(*command)
    assert ran.code == 0, ran.err
    assert ran.out.strip()


def test_a_real_process_keeps_logs_and_facts_apart(busy: Cli) -> None:
    busy.configure(rest='[log]\nlevel = "debug"\nformat = "json"\n')
    path = busy.file(ses.lines([ses.bounce("a.example", "late@mail.example", when(5))]), "more")
    path = path.rename(path.with_suffix(".jsonl"))
    replayed = busy.spawn("replay", path, "--json", "--debug")
    assert replayed.code == 0, replayed.err
    assert replayed.document["recorded"] == 1
    twice = [
        busy.spawn("enforce", "--as-of", "2026-11-23T03:00:00Z", "--dry-run", "--json")
        for _ in range(2)
    ]
    assert twice[0].out == twice[1].out
    assert len(twice[0].document["verdicts"]) == 19


def test_every_time_in_a_document_carries_its_zone(busy: Cli) -> None:
    for command in LISTINGS:
        for text in strings(busy.run(*command, "--json").document):
            if len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T":
                assert text.endswith(("Z", "+00:00")), (command, text)


def strings(document: Any) -> list[str]:
    """Return every text in a document."""
    match document:
        case str():
            return [document]
        case list():
            return [text for one in document for text in strings(one)]
        case dict():
            return [text for one in document.values() for text in strings(one)]
        case _:
            return []


def test_evidence_leads_back_to_the_stored_events(busy: Cli) -> None:
    stored = {one["event"]: one for one in busy.rows("events", "--limit", "1000")}
    for verdict in busy.verdicts():
        named = [text for text in strings(verdict["evidence"]) if text in stored]
        assert named, f"{verdict['rule']} names no event"
        for event in named:
            assert stored[event]["domain"] == verdict["domain"]
            assert stored[event]["archive"]["sha256"]


def test_rollup_changes_nothing_in_what_was_counted_right(busy: Cli) -> None:
    before = busy.verdicts()
    document = busy.ok("rollup", "--day", "2026-11-17", "--json").document
    assert isinstance(document, dict)
    assert busy.verdicts() == before
