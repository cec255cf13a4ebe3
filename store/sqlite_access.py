"""A book in SQLite: read in threads of its own, written through the one writer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from store.changes import Changes
from store.errors import BookVersionError
from store.records.turn import Turn
from store.sqlite import READERS, DataVersion, empty_log, read_engine, sentences
from store.sqlite_transactions import SqliteTransactions
from store.version import compare_version
from store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

_FILE_THREADS = 8
"""Large bodies that are flushed at one time; with so many a disk does its most."""


class SqliteAccess:
    """One process's connections to a book; see `store.access.BookAccess`.

    Args:
        book: the file.
        clock: the time, with its zone; asked in the writer's thread when a function's turn has come.
        owner: in whose name it writes.
        patience: seconds that a write waits for its turn, at most.
    """

    def __init__(
        self, book: Path, *, clock: Callable[[], datetime], owner: str, patience: float = 30.0
    ) -> None:
        self._book = book
        self._clock = clock
        self._owner = owner
        self._readers = ThreadPoolExecutor(READERS, "book-reader")
        self._files = ThreadPoolExecutor(_FILE_THREADS, "book-file")
        self._engine = read_engine(book)
        self._data_version = DataVersion(book)
        self.changes = Changes(self._read_data_version)
        self._writer = Writer(SqliteTransactions(book), patience=patience, changed=self.changes.announce)

    async def open(self) -> None:
        """Compare versions and start the writer.

        Raises:
            BookVersionError: there is no book, or it is of another version.
            BookUnavailable: it cannot be opened.
        """
        await self._run(self._readers, self._open)
        await self.changes.look()

    async def close(self) -> None:
        """Write what is queued, and close everything."""
        await self.changes.stop()
        self._writer.hand_over()
        await asyncio.to_thread(self._close)

    async def write(
        self, function: Callable[Concatenate[Turn, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a writing function in a transaction; its result once that is on the disk."""
        return await self._writer.write(lambda connection: function(self._turn(connection), *args, **kwargs))

    def together(
        self, function: Callable[[Turn, Sequence[Item]], Sequence[T]]
    ) -> Callable[[Item], Awaitable[T]]:
        """A way to write items with this function, those that wait at one time in one run."""

        def run(connection: Connection, items: Sequence[Item]) -> Sequence[T]:
            return function(self._turn(connection), items)

        return lambda item: self._writer.write_together(run, item)

    def _turn(self, connection: Connection) -> Turn:
        return Turn(connection=connection, now=self._clock(), owner=self._owner)

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading function in a thread; everything it reads is of one instant."""

        def read() -> T:
            with self._engine.begin() as connection:
                return function(connection, *args, **kwargs)

        return await self._run(self._readers, read)

    async def empty_log(self) -> bool:
        """Bring the write-ahead log into the book and cut it to nothing; False if readers were in the way."""
        return await self._run(self._files, lambda: empty_log(self._book))

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that works with files."""
        return await self._run(self._files, lambda: function(*args, **kwargs))

    async def _run(self, threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        def run() -> T:
            with sentences(self._book):
                return function()

        return await asyncio.get_running_loop().run_in_executor(threads, run)

    async def _read_data_version(self) -> int:
        return await self._run(self._readers, self._data_version.read)

    def _open(self) -> None:
        if not self._book.is_file():
            raise BookVersionError(f"there is no book {self._book}. `postfax serve` makes it when it starts.")
        with self._engine.begin() as connection:
            compare_version(connection, str(self._book))
        self._writer.start()

    def _close(self) -> None:
        self._writer.stop()
        self._readers.shutdown()
        self._files.shutdown()
        self._data_version.close()
        self._engine.dispose()
