"""What the accesses of both databases have in common: threads that read, one writer, and the changes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from store.changes import Changes
from store.records.turn import Turn
from store.write_group import GroupDatabase
from store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

_FILE_THREADS = 8
"""Large bodies that are flushed at one time; with so many a disk does its most."""


class EngineAccess:
    """One process's connections to a book; see `store.access.BookAccess`.

    Args:
        engine: for reading.
        readers: its connections.
        database: for writing.
        changes: tells of commits.
        clock: the time, with its zone; asked in the writer's thread when a function's turn has come.
        owner: in whose name it writes.
        patience: seconds that a write waits for its turn, at most.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        readers: int,
        database: GroupDatabase,
        changes: Changes,
        clock: Callable[[], datetime],
        owner: str,
        patience: float,
    ) -> None:
        self._clock = clock
        self._owner = owner
        self._engine = engine
        self._readers = ThreadPoolExecutor(readers, "book-reader")
        self._files = ThreadPoolExecutor(_FILE_THREADS, "book-file")
        self.changes = changes
        self._writer = Writer(database, patience=patience, changed=changes.announce)

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
        return await self._run(
            self._readers, lambda: self._read(lambda connection: function(connection, *args, **kwargs))
        )

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return function(connection)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that works with files."""
        return await self._run(self._files, lambda: function(*args, **kwargs))

    async def _run(self, threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        def run() -> T:
            with self._sentences():
                return function()

        return await asyncio.get_running_loop().run_in_executor(threads, run)

    def _sentences(self) -> AbstractContextManager[None]:
        """Turns what fails of the database and of files into `BookUnavailable`."""
        raise NotImplementedError

    def _open(self) -> None:
        """Compare versions, and start the writer."""
        raise NotImplementedError

    def _close(self) -> None:
        self._writer.stop()
        self._readers.shutdown()
        self._files.shutdown()
        self._engine.dispose()
