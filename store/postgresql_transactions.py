"""Groups of writes into a book in PostgreSQL: one after the other over all processes and hosts.

Each transaction begins with the book's advisory lock, and the server gives it back with the transaction,
however that ends. So writers take turns, as they do in SQLite under its lock file, and what a function
looked up is still so when it writes: a number has one call, a line no more calls than channels, and the last
of a mail's jobs sees all the others ended. The isolation is READ COMMITTED: each statement after the lock
sees everything that was committed before it. With a snapshot of the transaction it would be that of the
moment before the wait.

A process that is paused or cut off while it has the lock cannot write later: the server ends its transaction
(`idle_in_transaction_session_timeout`), and the commit that comes afterwards fails.

A transaction that has written also writes its number into the row of this writer in `writers`. Where the
connection is lost while a commit is on its way, nobody has said whether it was done. Then the writer connects
again, waits for the lock, under which the old transaction is certainly over, and looks whether the number is
there. Only then are the callers told. That holds after a fail-over as well, where transaction ids may be
given out a second time.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from store.errors import BookUnavailable
from store.postgresql import (
    PostgresqlAddress,
    connect,
    in_transaction,
    is_lost,
    sentences,
    unavailability,
    write_engine,
)
from store.write_group import Write, write_each

Result = TypeVar("Result")

CHANNEL = "postfax_book"
"""Where a writer says that the book has changed; its name is the payload."""
RECONNECT_SECONDS = 5.0
"""For so long a group waits for the server before its callers are told that it is not there."""

_LOCK_NUMBER = int.from_bytes(b"postfax", "big")
LOCK = f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"
TRY_TO_KEEP_LOCK = f"SELECT pg_try_advisory_lock({_LOCK_NUMBER})"
"""Of a whole connection, for a copy of the book; True if nobody else has it."""
_BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; {LOCK}"
# The row, and with it the notification, only if something was written: one message with the commit.
_COMMIT = (
    "INSERT INTO writers (name, number, at)"
    " SELECT '{name}', {number}, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    " WHERE pg_current_xact_id_if_assigned() IS NOT NULL"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number, at = excluded.at"
    " RETURNING pg_notify('{channel}', '{name}'); COMMIT"
)
_COMMITTED = "SELECT number FROM writers WHERE name = '{name}'"
_PAUSE = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Transaction:
    connection: Connection
    driver: psycopg.Connection

    def execute(self, statement: str) -> object:
        return self.driver.execute(cast("Any", statement))

    @property
    def stands(self) -> bool:
        return in_transaction(self.driver)

    def begin_again(self) -> None:
        self.execute("ROLLBACK")
        self.execute(_BEGIN)


class PostgresqlTransactions:
    """See `store.write_group.GroupDatabase`.

    Args:
        address: of the book, migrated.
    """

    def __init__(self, address: PostgresqlAddress) -> None:
        self.name = secrets.token_hex(8)
        """Of this writer, in `writers` and in what it announces."""
        self._address = address
        self._engine = write_engine(address, transactions=False)
        self._connection: Connection | None = None
        self._number = 0

    def open(self) -> None:
        """Nothing is needed: the thread connects with its first group."""

    def write(self, group: Sequence[Write[Any]]) -> bool:
        """Run a group under the lock; whether it changed the book."""
        transaction = self._begin()
        # Only now: waiting for the lock is what can take long.
        group = [write for write in group if write.begin()]
        try:
            if len(group) == 1:
                if not self._write_alone(transaction, group[0]):
                    return False
            else:
                write_each(transaction, group, self.unavailability)
            return self._commit(transaction)
        except BaseException:
            if transaction.stands:
                transaction.execute("ROLLBACK")
            raise

    def _write_alone(self, transaction: _Transaction, write: Write[Any]) -> bool:
        """Run a function that has the transaction to itself, and needs no savepoint; whether it succeeded."""
        try:
            [write.result] = write.function(transaction.connection, [write.item])
        except Exception as error:
            if not transaction.stands:
                raise
            transaction.execute("ROLLBACK")
            write.error = self.unavailability(error) or error
            return False
        return True

    def _begin(self) -> _Transaction:
        """Begin a transaction and wait for its turn, on a new connection if the old one is lost."""
        deadline = time.monotonic() + RECONNECT_SECONDS
        pause = 0.0
        while True:
            try:
                return self._begin_once()
            except (psycopg.Error, DBAPIError) as error:
                self.reset()
                if not is_lost(error) or time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = _PAUSE

    def _begin_once(self) -> _Transaction:
        connection = self._connection = self._connection or self._engine.connect()
        driver: psycopg.Connection = cast("Any", connection.connection.driver_connection)
        driver.execute(cast("Any", _BEGIN))
        return _Transaction(connection, driver)

    def _commit(self, transaction: _Transaction) -> bool:
        self._number += 1
        statement = _COMMIT.format(name=self.name, number=self._number, channel=CHANNEL)
        try:
            return bool(transaction.driver.execute(cast("Any", statement)).rowcount)
        except psycopg.Error as error:
            # An error that the server told has undone the transaction.
            if not transaction.driver.broken or not self._was_committed(error):
                raise
        return True

    def _was_committed(self, error: psycopg.Error) -> bool:
        """Whether the last commit was done, although its answer was lost; asked until the server says so."""
        log.warning("book_commit_unanswered", cause=str(error).strip())
        while True:
            try:
                number = self._last_number()
            except (psycopg.Error, BookUnavailable):
                time.sleep(_PAUSE)
                continue
            log.info("book_commit_known", committed=number == self._number)
            return number == self._number

    def _last_number(self) -> int | None:
        with connect(self._address, write=True) as connection:
            connection.execute(cast("Any", _BEGIN))
            row = connection.execute(cast("Any", _COMMITTED.format(name=self.name))).fetchone()
            connection.execute("COMMIT")
            return row[0] if row else None

    def reset(self) -> None:
        """Have the next group begin on a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.invalidate()
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.close()

    def unavailability(self, error: Exception) -> BookUnavailable | None:
        """What a failure means for a person, or None if it is a mistake of the program."""
        return unavailability(error, self._address)

    def no_turn(self, seconds: float) -> BookUnavailable:
        """The server did not answer, or another process has kept the lock, for so long."""
        return BookUnavailable(
            f"The book {self._address.shown} could not be written for {seconds:g} seconds: its server does "
            "not answer, or another process keeps it locked. Look at the server and at pg_stat_activity.",
            "no turn",
        )

    def close(self) -> None:
        """Close the connection."""
        self.reset()
        self._engine.dispose()


def write_once(address: PostgresqlAddress, function: Callable[[Connection], Result]) -> Result:
    """Run one function in a transaction under the book's lock, without a thread: for migrations.

    Raises:
        BookUnavailable: nothing was written.
    """
    engine = write_engine(address)
    try:
        with sentences(address), engine.begin() as connection:
            connection.exec_driver_sql(LOCK)
            return function(connection)
    finally:
        engine.dispose()
