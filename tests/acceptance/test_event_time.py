"""When an event happened: its own time, unless that cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import when

if TYPE_CHECKING:
    from tests.support.cli import Cli

ANN = "ann@mail.example"
MINUTE = timedelta(minutes=1)
MAILED = when(2, 10)
RECEIVED = when(2, 12)


@pytest.mark.parametrize(
    ("inner", "mailed", "expected", "replaced"),
    [
        pytest.param(when(2, 11), MAILED, when(2, 11), False, id="its own time"),
        pytest.param(MAILED, MAILED, MAILED, False, id="at once"),
        pytest.param(MAILED - MINUTE, MAILED, MAILED, True, id="before the mail"),
        pytest.param(
            RECEIVED + 14 * MINUTE, MAILED, RECEIVED + 14 * MINUTE, False, id="14 minutes ahead"
        ),
        pytest.param(RECEIVED + 16 * MINUTE, MAILED, MAILED, True, id="16 minutes ahead"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), MAILED, MAILED, True, id="1970"),
        pytest.param(
            RECEIVED + 60 * MINUTE, RECEIVED + 50 * MINUTE, RECEIVED, True, id="both ahead"
        ),
        pytest.param(
            datetime(2001, 1, 1, tzinfo=UTC),
            datetime(2001, 1, 1, tzinfo=UTC),
            RECEIVED,
            True,
            id="both before SES",
        ),
        pytest.param(
            datetime(2012, 5, 6, tzinfo=UTC),
            datetime(2012, 5, 5, tzinfo=UTC),
            datetime(2012, 5, 6, tzinfo=UTC),
            False,
            id="age alone is not absurd",
        ),
    ],
)
def test_an_events_time_is(
    cli: Cli, inner: datetime, mailed: datetime, expected: datetime, *, replaced: bool
) -> None:
    cli.adopt("a.example", "k")
    event = ses.bounce("a.example", ANN, inner, mail_at=mailed)
    cli.replay([ses.archived(json.dumps(event), RECEIVED)])
    (stored,) = cli.rows("events")
    assert datetime.fromisoformat(stored["at"]) == expected
    assert ("time_replaced" in stored["flags"]) == replaced


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-18T11:00:00.000Z",
        "2026-11-18T11:00:00Z",
        "2026-11-18T06:00:00-05:00",
        "2026-11-18T11:00:00 +0000",
        "2026-11-18T11:00:00+0000",
        "2026-11-18T12:00:00.000+01:00",
    ],
)
def test_every_way_of_writing_a_time_is_read(cli: Cli, written: str) -> None:
    cli.adopt("a.example", "k")
    event = ses.bounce("a.example", ANN, when(2, 11), mail_at=MAILED)
    event["bounce"]["timestamp"] = written
    cli.replay([ses.archived(json.dumps(event), RECEIVED)])
    (stored,) = cli.rows("events")
    assert datetime.fromisoformat(stored["at"]) == when(2, 11)
    assert stored["flags"] == []


@pytest.mark.parametrize("written", [None, "", "soon", 17, [], "2026-11-31T00:00:00Z"])
def test_without_a_time_of_its_own_it_is_the_mails(cli: Cli, written: object) -> None:
    cli.adopt("a.example", "k")
    event = ses.bounce("a.example", ANN, when(2, 11), mail_at=MAILED)
    event["bounce"]["timestamp"] = written
    cli.replay([ses.archived(json.dumps(event), RECEIVED)])
    (stored,) = cli.rows("events")
    assert datetime.fromisoformat(stored["at"]) == MAILED


def test_an_event_counts_in_its_own_week_however_late_it_comes(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = [
        ses.archived(json.dumps(ses.bounce("a.example", one, when(1), status="5.2.1")), when(30))
        for one in ses.people(8)
    ]
    cli.replay(told)
    weekly = [one["rule"] for one in cli.verdicts() if one["lane"] == "weekly"]
    assert weekly == ["hard_bounce.warn"]
    assert cli.verdicts(when(35, 3)) == []


def test_every_type_of_event_is_recorded_and_only_what_hurts_counts(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    at = when(1)
    told = [
        ses.send("a.example", ANN, at),
        ses.delivery("a.example", ANN, at),
        ses.delivery("a.example", ANN, at, flavour="identity"),
        ses.delay("a.example", ANN, at),
        ses.delay("a.example", ANN, at + MINUTE, kind="SpamDetected"),
        ses.opened("a.example", ANN, at),
        ses.clicked("a.example", ANN, at),
        ses.subscription("a.example", ANN, at),
        ses.rendering_failure("a.example", ANN, at),
        ses.event("Unheard Of", ses.mail("a.example", [ANN], at), {"x": 1}),
    ]
    counts = cli.replay(ses.lines(told))
    assert counts["quarantined"] == 0
    assert counts["recorded"] + counts["ignored"] + counts["duplicates"] == len(told)
    assert counts["recorded"] >= 8
    assert cli.verdicts() == []


def test_quirks_of_the_samples_do_no_harm(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    event = ses.bounce("a.example", [ses.bounced(f"Ann <{ANN}>", diagnostic=None)], when(1))
    event["mail"] |= {
        "destination": [ANN],
        "headersTruncated": "false",
        "commonHeaders": {"to": "one@x.example, two@x.example, three@x.example"},
        "a field that AWS adds tomorrow": {"deep": [1, 2, {"x": None}]},
    }
    event["bounce"] |= {"reportingMTA": "dns; b224", "new": True}
    event["new"] = []
    del event["mail"]["headers"]
    cli.replay([json.dumps(event)])
    (verdict,) = cli.verdicts()
    assert verdict["recipient"] == ANN


def test_both_flavours_of_one_bounce_count_once(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = []
    for number, one in enumerate(ses.people(8)):
        shared: dict[str, Any] = {
            "message": ses.message_id(f"twice {number}"),
            "feedback": ses.feedback_id(f"twice {number}"),
            "status": "5.2.1",
        }
        told += [
            ses.bounce("a.example", one, when(1), flavour=flavour, **shared)
            for flavour in ("publishing", "identity")
        ]
    counts = cli.replay(ses.lines(told))
    assert (counts["recorded"], counts["duplicates"]) == (8, 8)
    assert [one["rule"] for one in cli.verdicts() if one["lane"] == "weekly"] == [
        "hard_bounce.warn"
    ]
