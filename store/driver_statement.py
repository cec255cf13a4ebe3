"""Statements compiled once and run on the driver, for the path that is taken thousands of times a second.

They are built of the same tables as all others. What SQLAlchemy does at every execution (events, caches,
result objects) is several times the work of the statement itself; here only the types' own conversions are
left.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    SelectBase,
    literal_column,
)
from sqlalchemy.sql.expression import ClauseElement

Convert = Callable[[Any], Any] | None
ONE: ColumnClause[int] = literal_column("1")
"""The limit of a statement that looks for the first row. As a parameter it would be unknown to PostgreSQL's
plan for all executions, which then seems dear: it would plan anew for each."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class DriverStatement:
    """One statement, compiled for each kind of database that it is run on."""

    def __init__(self, statement: Executable, columns: Sequence[str] = ()) -> None:
        """Nothing is compiled yet: which database it is, the connection tells.

        Args:
            statement: with named parameters; what it compares with constants is given with them.
            columns: what an INSERT gives values for.
        """
        self._statement = statement
        self._columns = list(columns) or None
        self._found = tuple(statement.selected_columns) if isinstance(statement, SelectBase) else ()
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> list[Any]:
        """Run a query; its rows as named tuples, of what the columns' types make of the values."""
        compiled = self._for(connection.dialect)
        found = _driver(connection).execute(compiled.sql, compiled.row(values)).fetchall()
        return compiled.found(found)

    def first(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Any | None:
        """Run a query that finds one row, or none; the row, as `rows` has it."""
        rows = self.rows(connection, values)
        return rows[0] if rows else None

    def scalars(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> list[Any]:
        """Run a query of one column; what it finds in it."""
        return [value for value, *_ in self.rows(connection, values)]

    def each(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Run a query for each of these; the rows of all, as the driver gives them, not converted.

        A server is asked for all of them at once.
        """
        driver = _driver(connection)
        asked = self.on_driver(connection.dialect, rows)
        together = connection.dialect.name == "postgresql" and len(asked) > 1
        with driver.pipeline() if together else nullcontext():
            cursors = [driver.execute(*one) for one in asked]
        return [row for cursor in cursors for row in cursor.fetchall()]

    def many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each row."""
        compiled = self._for(connection.dialect)
        values = [compiled.row(row) for row in rows]
        if len(values) == 1:
            _driver(connection).execute(compiled.sql, values[0])
        else:
            _driver(connection).cursor().executemany(compiled.sql, values)

    def on_driver(self, dialect: Dialect, rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, Any]]:
        """The text and the values that this kind of driver is given, for each of these."""
        compiled = self._for(dialect)
        return [(compiled.sql, compiled.row(values)) for values in rows]

    def _for(self, dialect: Dialect) -> "_Compiled":
        found = self._compiled.get(dialect.name)
        if found is None:
            assert isinstance(self._statement, ClauseElement)  # noqa: S101 - every statement of Core is one
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            found = _Compiled(compiled, dialect, self._found)
            self._compiled[dialect.name] = found
        return found


class _Compiled:
    """The statement as a driver takes it."""

    def __init__(self, compiled: Any, dialect: Dialect, found: Sequence[ColumnElement[Any]]) -> None:
        # SQLite's driver takes values in their order, PostgreSQL's by their names.
        types = [(name, compiled.binds[name].type) for name in compiled.positiontup or compiled.binds]
        self._parameters: list[tuple[str, Convert]] = [
            (name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in types
        ]
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._arranged = self._in_order if compiled.positiontup else self._by_name
        self._named = _names(found)
        read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in found]
        self._read = [(place, convert) for place, convert in enumerate(read) if convert]
        self.sql = str(compiled)

    def row(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        return self._arranged({**self._constants, **values} if self._constants else values)

    def found(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """The driver's rows as named tuples."""
        made = []
        for row in rows:
            values = list(row)
            for place, convert in self._read:
                values[place] = convert(values[place])
            made.append(self._named(values))
        return made

    def _in_order(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        # A list first: a tuple made of a generator takes half as long again.
        return tuple(
            [values[name] if convert is None else convert(values[name]) for name, convert in self._parameters]
        )

    def _by_name(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: values[name] if convert is None else convert(values[name])
            for name, convert in self._parameters
        }


def _names(columns: Iterable[ColumnElement[Any]]) -> Callable[[Iterable[Any]], Any]:
    """What makes a named tuple of the values of a row. What has no name of its own has its place alone."""
    names = [str(column.key) for column in columns]
    # Only the connection tells the names: mypy and ruff know classes that are written down.
    found: Any = namedtuple("Found", names, rename=True)  # type: ignore[misc] # noqa: PYI024
    return cast("Callable[[Iterable[Any]], Any]", found._make)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
