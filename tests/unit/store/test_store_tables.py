"""Times in the tables."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from store.columns import Instant
from store.tables import metadata

DIALECT = sqlite.dialect()
zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)  # noqa: DTZ001 - hypothesis adds the zone


@given(times)
def test_a_time_comes_back_to_the_microsecond(time: datetime) -> None:
    instant = Instant()
    kept = instant.process_bind_param(time, DIALECT)
    found = instant.process_result_value(kept, DIALECT)
    assert found == time
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Instant().process_bind_param(datetime(2026, 11, 23), DIALECT)  # noqa: DTZ001 - the mistake


def test_no_time_is_no_time() -> None:
    assert Instant().process_bind_param(None, DIALECT) is None
    assert Instant().process_result_value(None, DIALECT) is None


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_can_be_said_in_postgresql(table: Table) -> None:
    dialect = PGDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    assert str(CreateTable(table).compile(dialect=dialect))
    for index in table.indexes:
        where = index.dialect_options["postgresql"]["where"]
        assert where is index.dialect_options["sqlite"]["where"]
        assert str(CreateIndex(index).compile(dialect=dialect))
