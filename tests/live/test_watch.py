"""The account watch, end to end: a rate of AWS's that is over the line, and the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import OPERATOR, TAKEN

if TYPE_CHECKING:
    from tests.support.daemons import Stage

SHOP = "shop.example"
ANNA = "anna@good.example"
WATCH = """
[watch]
settle_days = 0
canary_minutes = 60
"""


def told(live: Stage) -> list[tuple[str, str]]:
    """Return which alarms operators were mailed, the oldest first."""
    rows = live.rows("SELECT kind, subject FROM notices WHERE state = 'sent' ORDER BY changed_at")
    mails = live.ask("GET", f"inbox?recipient={OPERATOR}")["count"]
    found = [(row["kind"], row["subject"].partition("/")[0]) for row in rows]
    return found if mails >= len(found) else []


@pytest.mark.slow
def test_a_rate_over_the_line_is_told_and_its_end_and_the_canary_comes_back(live: Stage) -> None:
    with (live.folder / "config.toml").open("a") as file:
        file.write(WATCH)
    for _ in range(3):
        assert live.mail(SHOP, ANNA) == TAKEN
    live.ask("POST", "ses", {"reputation": {"bounce_rate": 0.07}})

    daemon = live.daemon().ready()
    daemon.until(lambda: told(live) == [("trouble", "reputation_bounce")], "a notice", 180)
    found = live.done("status", "--json").json
    assert found["reputation"]["bounces"]["aws_percent"] == 7.0
    assert found["reputation"]["complaints"]["aws_percent"] == 0.0
    assert "AWS's 7.0 %" in live.done("status").out
    assert "above review" in live.done("report").out
    daemon.until(lambda: (canary(live).get("seconds")) is not None, "the canary to come back")
    # It was a bounce, and counts for nobody.
    assert live.rows("SELECT count(*) AS n FROM strikes")[0]["n"] == 0
    assert live.rows("SELECT count(*) AS n FROM rollups WHERE outcome <> 'sent'")[0]["n"] <= 1
    assert live.done("status", "--json").json["unattributed"] == 0
    daemon.stop()

    live.ask("POST", "ses", {"reputation": {}})
    daemon = live.daemon().ready()
    daemon.until(lambda: len(told(live)) > 1, "its end", 180)
    assert live.done("status", "--json").json["reputation"]["bounces"]["aws_percent"] == 0.0
    assert told(live) == [("trouble", "reputation_bounce"), ("recovered", "reputation_bounce")]


def canary(live: Stage) -> dict[str, object]:
    """Return what is known of the last canary."""
    found: dict[str, object] = live.done("status", "--json").json["daemon"]["canary"] or {}
    return found
