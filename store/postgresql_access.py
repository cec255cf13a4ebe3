"""A book in PostgreSQL: read in threads of its own, written through the one writer of this process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from store.engine_access import EngineAccess
from store.host_clock import HostClock, time_of_server
from store.postgresql import READERS, connect, is_lost, read_address, read_engine, sentences
from store.postgresql_changes import PostgresqlChanges
from store.postgresql_transactions import PostgresqlTransactions
from store.records.turn import Turn
from store.version import compare_version

T = TypeVar("T")

_OTHERS = text("SELECT coalesce(sum(number), 0) FROM writers WHERE name <> :own")


class PostgresqlAccess(EngineAccess):
    """One process's connections to a book; see `store.access.BookAccess`.

    Args:
        url: `postgresql://…`, see `store.postgresql.read_address`.
        clock: the time, with its zone; asked in the writer's thread when a function's turn has come.
        uptime: of the host, by which it is seen that its clock was set (`store.host_clock`).
        owner: in whose name it writes.
        patience: seconds that a write waits for its turn, at most.

    Raises:
        BookAddressError: the url cannot be understood.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime],
        uptime: Callable[[], timedelta] | None = None,
        owner: str,
        patience: float = 30.0,
    ) -> None:
        self._host_clock = HostClock(clock, uptime)
        self._address = read_address(url)
        database = PostgresqlTransactions(self._address)
        self._writer_name = database.name
        super().__init__(
            read_engine(self._address),
            readers=READERS,
            database=database,
            changes=PostgresqlChanges(self._read_version, self._address, database.name),
            clock=clock,
            owner=owner,
            patience=patience,
        )

    def _turn(self, connection: Connection) -> Turn:
        now = self._host_clock.now(lambda: time_of_server(connection))
        return Turn(connection=connection, now=now, owner=self._owner)

    async def empty_log(self) -> bool:
        """Have the server give up the space of what was deleted. Its log it keeps as its settings say."""
        return await self._run(self._files, self._vacuum)

    def _vacuum(self) -> bool:
        with connect(self._address, write=True) as connection:
            connection.execute("VACUUM bodies")
        return True

    async def _read_version(self) -> int:
        own = {"own": self._writer_name}
        return await self.read(lambda connection: int(connection.scalar(_OTHERS, own) or 0))

    def _read(self, function: Callable[[Connection], T]) -> T:
        try:
            return super()._read(function)
        except (DBAPIError, psycopg.Error) as error:
            # The pool's connections are from before a restart of the server.
            if not is_lost(error):
                raise
        return super()._read(function)

    def _sentences(self) -> AbstractContextManager[None]:
        return sentences(self._address)

    def _open(self) -> None:
        self._read(lambda connection: compare_version(connection, self._address.shown))
        self._writer.start()
