"""Who still uses a shared login, and when it may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sesauditd.model.splitting import Split, Use, state_of

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)
STATES = {
    "never seen": (Use(domain="a"), "no mail seen yet"),
    "shared only": (Use(domain="a", shared_at=NOW - 20 * DAY), "still by the shared login"),
    "shared again": (
        Use(domain="a", shared_at=NOW, own_at=NOW - DAY),
        "still by the shared login",
    ),
    "moved lately": (
        Use(domain="a", shared_at=NOW - 13 * DAY, own_at=NOW),
        "moved, not yet for long",
    ),
    "moved": (Use(domain="a", shared_at=NOW - 14 * DAY, own_at=NOW), "moved"),
}


@pytest.mark.parametrize("name", STATES)
def test_the_state_of_a_domain_is_said(name: str) -> None:
    use, said = STATES[name]
    assert state_of(use, NOW) == said


def test_a_shared_login_goes_after_fourteen_days_of_silence() -> None:
    used = Split(user="u", since=NOW - 30 * DAY, uses=(Use(domain=None, shared_at=NOW - 13 * DAY),))
    assert used.still_using(NOW) == ["mail of no registered domain"]
    assert not used.is_silent(NOW)
    assert used.is_silent(NOW + DAY)
    assert used.still_using(NOW + DAY) == []
    assert not Split(user="u", since=NOW - 13 * DAY).is_silent(NOW)
