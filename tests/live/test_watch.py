"""The account watch, end to end: a rate of AWS's that is over the line, and the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import OPERATOR, TAKEN

if TYPE_CHECKING:
    from tests.support.daemons import Daemon, Stage

SHOP = "shop.example"
ANNA = "anna@good.example"
WATCH = """
[watch]
settle_days = 0
canary_minutes = 60
"""


def subjects(live: Stage) -> list[str]:
    """Return what operators were written, the oldest first."""
    mails = live.ask("GET", f"inbox?recipient={OPERATOR}")["mails"]
    return [str(dict(one["headers"])["Subject"]) for one in mails]


def told(daemon: Daemon, live: Stage, *words: str) -> None:
    daemon.until(
        lambda: any(all(one in subject for one in words) for subject in subjects(live)),
        f"a notice about {words}, not only {subjects(live)}",
    )


@pytest.mark.slow
def test_a_rate_over_the_line_is_told_and_its_end_and_the_canary_comes_back(live: Stage) -> None:
    with (live.folder / "config.toml").open("a") as file:
        file.write(WATCH)
    for _ in range(3):
        assert live.mail(SHOP, ANNA) == TAKEN
    live.ask("POST", "ses", {"reputation": {"bounce_rate": 0.07}})

    daemon = live.daemon().ready()
    told(daemon, live, "reputation_bounce")
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
    daemon.until(lambda: sum("reputation_bounce" in one for one in subjects(live)) > 1, "its end")
    assert live.done("status", "--json").json["reputation"]["bounces"]["aws_percent"] == 0.0
    assert sum("reputation_bounce" in one for one in subjects(live)) == 2
    assert not [one for one in subjects(live) if "canary" in one]


def canary(live: Stage) -> dict[str, object]:
    """Return what is known of the last canary."""
    found: dict[str, object] = live.done("status", "--json").json["daemon"]["canary"] or {}
    return found
