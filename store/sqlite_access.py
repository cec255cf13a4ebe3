"""A book in SQLite: read in threads of its own, written through the one writer."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from store.changes import Changes
from store.engine_access import EngineAccess
from store.errors import BookVersionError
from store.host_clock import OwnClock
from store.records.clocks import look_at_clock
from store.records.turn import Turn
from store.sqlite import READERS, DataVersion, empty_log, read_engine, sentences
from store.sqlite_transactions import SqliteTransactions
from store.version import compare_version


class SqliteAccess(EngineAccess):
    """One process's connections to a book; see `store.access.BookAccess`.

    Args:
        book: the file.
        clock: the time, with its zone; asked in the writer's thread when a function's turn has come.
        uptime: of the host, by which it is seen that its clock was set (`store.host_clock`); None for a clock
            that is made up.
        owner: in whose name it writes.
        patience: seconds that a write waits for its turn, at most.
    """

    def __init__(
        self,
        book: Path,
        *,
        clock: Callable[[], datetime],
        uptime: Callable[[], timedelta] | None = None,
        owner: str,
        patience: float = 30.0,
    ) -> None:
        self._book = book
        self._own_clock = OwnClock(uptime) if uptime else None
        self._data_version = DataVersion(book)
        super().__init__(
            read_engine(book),
            readers=READERS,
            database=SqliteTransactions(book),
            changes=Changes(self._read_data_version),
            clock=clock,
            owner=owner,
            patience=patience,
        )

    def _turn(self, connection: Connection) -> Turn:
        turn = super()._turn(connection)
        if self._own_clock and self._own_clock.was_set(turn.now):
            look_at_clock(turn, self._own_clock.uptime)
        return turn

    async def empty_log(self) -> bool:
        """Bring the write-ahead log into the book and cut it to nothing; False if readers were in the way."""
        return await self._run(self._files, lambda: empty_log(self._book))

    async def _read_data_version(self) -> int:
        return await self._run(self._readers, self._data_version.read)

    def _sentences(self) -> AbstractContextManager[None]:
        return sentences(self._book)

    def _open(self) -> None:
        if not self._book.is_file():
            raise BookVersionError(f"there is no book {self._book}. `postfax serve` makes it when it starts.")
        with self._engine.begin() as connection:
            compare_version(connection, str(self._book))
        self._writer.start()

    def _close(self) -> None:
        super()._close()
        self._data_version.close()
