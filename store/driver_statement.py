"""Statements compiled once and run on the driver, for the path that is taken thousands of times a second.

They are built of the same tables as all others. What SQLAlchemy does at every execution (events, caches,
result objects) is several times the work of the statement itself; here only the types' own conversions are
left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.sql.expression import ClauseElement

Convert = Callable[[Any], Any] | None


class DriverStatement:
    """One statement for one kind of database."""

    def __init__(self, statement: Executable, columns: Sequence[str] = ()) -> None:
        """Nothing is compiled yet: which database it is, the first connection tells.

        Args:
            statement: with named parameters.
            columns: what an INSERT gives values for.
        """
        self._statement = statement
        self._columns = list(columns) or None
        self._sql = ""
        self._parameters: list[tuple[str, Convert]] = []

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run a query; its rows as the driver gives them, not converted."""
        self._compile(connection)
        cursor = _driver(connection).execute(self._sql, self._row(values))
        rows: list[Any] = cursor.fetchall()
        return rows

    def many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each row."""
        self._compile(connection)
        _driver(connection).executemany(self._sql, [self._row(row) for row in rows])

    def _compile(self, connection: Connection) -> None:
        if self._sql:
            return
        assert isinstance(self._statement, ClauseElement)  # noqa: S101 - every statement of Core is one
        dialect = connection.dialect
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        types = [(name, compiled.binds[name].type) for name in compiled.positiontup]
        self._parameters = [
            (name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in types
        ]
        self._sql = str(compiled)

    def _row(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(
            values[name] if convert is None else convert(values[name]) for name, convert in self._parameters
        )


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
