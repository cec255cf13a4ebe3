"""What the columns of the book are made of, and the one catalogue that its tables are in.

Times are whole microseconds since 1970 in UTC, and aware datetimes on our side (`Instant`).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, MetaData
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - as SQLAlchemy calls it
        """The number that is kept.

        Raises:
            ValueError: the time has no zone, so that it could mean any hour.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """The time that was kept, in UTC."""
        return None if value is None else instant(value)


def instant(kept: int) -> datetime:
    """The time, in UTC, of what an `Instant` is kept as."""
    return _EPOCH + kept * _MICROSECOND


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_of",
        "uq": "%(table_name)s_%(column_0_name)s_once",
    }
)

# NULL, and not the text null, where there is nothing.
OptionalJson = JSON(none_as_null=True)
# A number that the database counts up; SQLite does so only for INTEGER.
Counted = BigInteger().with_variant(Integer, "sqlite")
