"""Column types that SQLite lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, types
from typing_extensions import override

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(types.TypeDecorator[datetime]):
    """A point in time, kept as whole microseconds since 1970 UTC.

    SQLite gives naive datetimes back whatever was put in; an integer cannot lose its zone,
    sorts by time and takes eight bytes.
    """

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return microseconds; raises ValueError for a datetime without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a time zone"
            raise ValueError(message)
        return (value - EPOCH) // MICROSECOND

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the datetime in UTC."""
        return None if value is None else EPOCH + int(value) * MICROSECOND
