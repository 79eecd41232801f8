"""Column types that SQLite lacks, and columns without their types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, types
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from typing_extensions import override

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return a moment as it is kept; raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        message = "a time without a time zone"
        raise ValueError(message)
    return (moment - EPOCH) // MICROSECOND


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
        return None if value is None else microseconds(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the datetime in UTC."""
        return None if value is None else EPOCH + int(value) * MICROSECOND


class Stored(FunctionElement[Any]):
    """A column as the database holds it, no type read into it; JSON is its text."""

    type = types.NullType()
    inherit_cache = True


@compiles(Stored)
def _as_it_is(element: Stored, compiler: SQLCompiler, **options: object) -> str:
    (column,) = element.clauses
    return compiler.process(column, **options)


@compiles(Stored, "postgresql")
def _as_text(element: Stored, compiler: SQLCompiler, **options: object) -> str:
    (column,) = element.clauses
    # The driver would read JSON, and what says the same in other letters would look alike.
    told = compiler.process(column, **options)
    return f"CAST({told} AS TEXT)" if isinstance(column.type, types.JSON) else told
