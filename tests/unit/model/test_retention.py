"""Where the horizon lies, and how long events must be kept for all that looks back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sesauditd.model import reputation as rates
from sesauditd.model import retention, silence, splitting
from sesauditd.model.limits import (
    Complaint,
    ComplaintBlock,
    Limits,
    SoftBounce,
    SoftBounceBlock,
    Virus,
    VirusTerminate,
)
from sesauditd.model.retention import horizon, least_days
from sesauditd.store import blocking, dead_contacts
from sesauditd.store import silence as habits

NOW = datetime(2026, 11, 24, 0, 31, tzinfo=UTC)
KEEP = timedelta(days=400)


@pytest.mark.parametrize(
    ("newest", "before"),
    [
        pytest.param(NOW, datetime(2025, 10, 20, tzinfo=UTC), id="mail of today"),
        pytest.param(
            NOW - timedelta(days=30), datetime(2025, 10, 20, tzinfo=UTC), id="30 days of silence"
        ),
        pytest.param(
            NOW - timedelta(days=31), datetime(2025, 10, 19, tzinfo=UTC), id="31 days of silence"
        ),
    ],
)
def test_the_horizon_is_a_midnight_and_waits_for_news(newest: datetime, before: datetime) -> None:
    assert horizon(NOW, newest, KEEP) == before


def test_a_clock_that_is_years_ahead_makes_no_new_mail_old() -> None:
    least, _ = least_days(limits(soft=1, complaints=1, viruses=1))
    ahead = horizon(NOW + timedelta(days=3650), NOW, timedelta(days=least))
    assert ahead < NOW - timedelta(days=28)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        horizon(NOW.replace(tzinfo=None), NOW, KEEP)


def limits(*, soft: int = 30, complaints: int = 365, viruses: int = 365) -> Limits:
    """Return the shipped limits with other windows."""
    return replace(
        Limits(),
        soft_bounce=SoftBounce(block=SoftBounceBlock(within_days=soft)),
        complaint=Complaint(block=ComplaintBlock(within_days=complaints)),
        virus=Virus(terminate=VirusTerminate(within_days=viruses)),
    )


@pytest.mark.parametrize(
    ("tried", "days", "because"),
    [
        pytest.param(limits(), 379, "virus.terminate.within_days looks back 365", id="shipped"),
        pytest.param(
            limits(soft=500), 514, "soft_bounce.block.within_days looks back 500", id="soft bounces"
        ),
        pytest.param(
            limits(complaints=366),
            380,
            "complaint.block.within_days looks back 366",
            id="complaint",
        ),
        pytest.param(
            limits(complaints=92, viruses=92), 106, "looks back 92 days", id="above the jobs"
        ),
        pytest.param(
            limits(complaints=91, viruses=91), 105, "jobs look back 105 days", id="as the jobs"
        ),
        pytest.param(
            limits(complaints=30, viruses=30), 105, "jobs look back 105 days", id="below the jobs"
        ),
    ],
)
def test_events_are_kept_for_as_long_as_anything_looks_back(
    tried: Limits, days: int, because: str
) -> None:
    found, said = least_days(tried)
    assert found == days
    assert because in said


def test_no_job_looks_further_back_than_is_said() -> None:
    longest = max(
        blocking.COLLATERAL + blocking.LONGEST_WAY,
        habits.LONGEST,
        dead_contacts.BOUNCES_LATE,
        splitting.SILENCE,
        silence.HABIT,
        timedelta(days=max(rates.SPANS)),
    )
    assert longest == timedelta(days=retention.LONGEST_JOB_DAYS)
