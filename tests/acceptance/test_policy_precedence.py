"""Where several rows of the policy fit an event, the most special one is what it means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sesauditd.ingest.reader import RawLine, read
from sesauditd.model.register import OwnNotices, Register
from tests.support import ses

AT = datetime(2026, 11, 17, 9, tzinfo=UTC)
POST = "post@host.example"
SIMULATOR = "bounce@simulator.amazonses.com"
LISTED = "OnAccountSuppressionList"
NOTICE: dict[str, Any] = {
    "source": POST,
    "configuration_set": "sesaudit-notices",
    "caller": "sesauditd",
}


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param(
            ses.bounce("a.example", SIMULATOR, AT, subtype=LISTED), "simulated", id="and an echo"
        ),
        pytest.param(
            ses.complaint("a.example", SIMULATOR, AT, kind="not-spam"), "simulated", id="not-spam"
        ),
        pytest.param(
            ses.bounce("host.example", "x@y.example", AT, subtype=LISTED, **NOTICE),
            "notice",
            id="an echo of our own notice",
        ),
        pytest.param(
            ses.complaint("host.example", "x@y.example", AT, **NOTICE),
            "notice",
            id="a complaint about our own notice",
        ),
        pytest.param(
            ses.complaint("a.example", "x@y.example", AT, kind="not-spam", subtype=LISTED),
            "echo",
            id="an echo that says not-spam",
        ),
        pytest.param(
            ses.bounce("a.example", "x@y.example", AT, subtype=LISTED, status="4.4.7"),
            "echo",
            id="an echo with a passing status",
        ),
        pytest.param(
            ses.bounce("a.example", "x@y.example", AT, subtype="Suppressed", status="4.4.7"),
            "delayed",
            id="a status before the subtype",
        ),
        pytest.param(
            ses.bounce("a.example", "x@y.example", AT, kind="Transient", status="5.4.4"),
            "hard_bounce",
            id="no such host before Transient",
        ),
        pytest.param(
            ses.complaint("a.example", "x@y.example", AT, kind="auth-failure"),
            "other",
            id="a machine's report",
        ),
    ],
)
def test_the_most_special_row_wins(told: ses.Event, outcome: str) -> None:
    line = RawLine(
        text=json.dumps(told).encode(), origin_source="precedence", line=1, received_at=AT
    )
    own = OwnNotices(sender=POST, configuration_set="sesaudit-notices")
    event = read(line, now=AT, register=Register(), own_notices=own).event
    assert event is not None
    assert [str(one.outcome) for one in event.suffered] == [outcome]
