"""Groups of writes into a book in SQLite: under the book's lock, on one connection."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from store.errors import BookUnavailable
from store.sqlite import BEGIN, BookLock, sentences, unavailability, write_engine
from store.write_group import Write, write_each

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Transaction:
    connection: Connection
    driver: sqlite3.Connection

    def execute(self, statement: str) -> object:
        return self.driver.execute(statement)

    @property
    def stands(self) -> bool:
        return self.driver.in_transaction

    def begin_again(self) -> None:
        self.execute("ROLLBACK")
        self.execute(BEGIN)


class SqliteTransactions:
    """See `store.write_group.GroupDatabase`.

    Args:
        book: the file, migrated.
    """

    def __init__(self, book: Path) -> None:
        self._book = book
        self._engine = write_engine(book, transactions=False)
        self._connection: Connection | None = None
        self._lock = BookLock(book)

    def open(self) -> None:
        """Open the lock.

        Raises:
            OSError: the lock file is missing or may not be read.
        """
        self._lock.open()

    def write(self, group: Sequence[Write[Any]]) -> bool:
        """Run a group under the lock; whether it changed the book."""
        with self._lock.held():
            # Only now: waiting for the lock is what can take long.
            group = [write for write in group if write.begin()]
            connection = self._connection = self._connection or self._engine.connect()
            # SQLAlchemy's own beginning and ending of a transaction costs more than all of what is between.
            driver: sqlite3.Connection = cast("Any", connection.connection.driver_connection)
            before = driver.total_changes
            driver.execute(BEGIN)
            try:
                write_each(_Transaction(connection, driver), group, self.unavailability)
                driver.execute("COMMIT")
            except BaseException:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
                raise
            return bool(driver.total_changes != before)

    def reset(self) -> None:
        """Have the next group begin on a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, sqlite3.Error):
                connection.close()

    def unavailability(self, error: Exception) -> BookUnavailable | None:
        """What a failure means for a person, or None if it is a mistake of the program."""
        return unavailability(error, self._book)

    def no_turn(self, seconds: float) -> BookUnavailable:
        """Another program has kept the lock for so long."""
        return BookUnavailable(
            f"The book {self._book} was locked for {seconds:g} seconds. "
            f"Find the program with `fuser {self._book}` and end it.",
            "no turn",
        )

    def close(self) -> None:
        """Close the connection and the lock."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
        self._lock.close()


def write_once(book: Path, function: Callable[[Connection], Result]) -> Result:
    """Run one function in a transaction under the book's lock, without a thread: for migrations.

    Raises:
        BookUnavailable: nothing was written.
    """
    lock = BookLock(book)
    engine = write_engine(book)
    try:
        with sentences(book):
            lock.open()
            with lock.held(), engine.begin() as connection:
                return function(connection)
    finally:
        engine.dispose()
        lock.close()
