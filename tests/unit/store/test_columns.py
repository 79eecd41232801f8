"""Times come back from the database as they went in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from sesauditd.store.columns import Moment

DIALECT = sqlite.dialect()


def there_and_back(moment: datetime) -> datetime | None:
    """Return the moment as it is read after it was stored."""
    stored = Moment().process_bind_param(moment, DIALECT)
    assert isinstance(stored, int)
    return Moment().process_result_value(stored, DIALECT)


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    )
)
def test_a_moment_comes_back_to_the_microsecond_in_utc(moment: datetime) -> None:
    back = there_and_back(moment)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


def test_moments_sort_as_their_numbers_do() -> None:
    moments = [datetime(year, 5, 1, tzinfo=UTC) for year in (1969, 1970, 2011, 2026)]
    numbers = [Moment().process_bind_param(one, DIALECT) for one in moments]
    assert numbers == sorted(numbers, key=lambda one: one or 0)


def test_nothing_stays_nothing() -> None:
    assert Moment().process_bind_param(None, DIALECT) is None
    assert Moment().process_result_value(None, DIALECT) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        Moment().process_bind_param(datetime(2026, 1, 1), DIALECT)
