"""The database of one seed, in memory, and the bodies beside it: what survives when a node dies.

Every transaction is all or nothing, as SQLite has it; what is simulated is where it falls: before a crash,
or done and never heard of.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, Engine, NullPool, create_engine

from simulation.virtual_time import BEGINNING
from store.errors import BookUnavailable, HostClockDiffers
from store.host_clock import HostClock, OwnClock
from store.migrations import migrate
from store.records.clocks import look_at_clock
from store.records.turn import Turn

if TYPE_CHECKING:
    from simulation.node import Node

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

_FILE_SECONDS = 0.002


class Changes:
    """What a node knows of the commits of all of them."""

    def __init__(self) -> None:
        self.generation = 0
        self._event = asyncio.Event()

    def announce(self) -> None:
        """The book has changed."""
        self.generation += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, since: int, seconds: float) -> int:
        """As `store.access.Changes.wait`."""
        if self.generation == since:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._event.wait()
        return self.generation


class Disk:
    """What is written. `documents` is the folder of large bodies."""

    def __init__(self, documents: Path) -> None:
        self.documents = documents
        self._connection = _engine().connect()
        self._driver = cast("sqlite3.Connection", self._connection.connection.driver_connection)
        self._readers: list[Changes] = []

    def reader(self) -> Changes:
        """Tells somebody of all commits from now on."""
        changes = Changes()
        self._readers.append(changes)
        return changes

    def forget(self, reader: Changes | None) -> None:
        """Nobody listens there any more."""
        if reader in self._readers:
            self._readers.remove(reader)

    def read(self, function: Callable[[Connection], T]) -> T:
        """Read; nothing comes between."""
        return function(self._connection)

    def write(self, function: Callable[[Connection], T]) -> T:
        """Write in one transaction, and tell all of it."""
        before = self._driver.total_changes
        self._driver.execute("BEGIN")  # as the service's own writer does it
        try:
            result = function(self._connection)
        except BaseException:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
            raise
        self._driver.execute("COMMIT")
        if self._driver.total_changes != before:
            for reader in self._readers:
                reader.announce()
        return result

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


class SimulatedAccess:
    """How a node reaches the disk: `store.access.BookAccess`, with the troubles of the seed."""

    def __init__(self, node: "Node", disk: Disk, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._disk = disk
        # A book that hosts share is on a server, whose clock is right.
        shared = len(node.world.roles) > 1
        self._clock = HostClock(clock, _uptime if shared else None)
        self._own_clock = None if shared else OwnClock(_uptime)
        self.changes = disk.reader()

    async def open(self) -> None:
        """The disk is there."""

    async def close(self) -> None:
        """Listen no more."""
        self._disk.forget(self.changes)

    async def write(
        self, function: Callable[Concatenate[Turn, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write, if the disk lets us; a node may die before it, or between the commit and hearing of it."""
        await self._node.outside()
        if self._node.in_storm("disk", self._node.chance.odds.book_fails):
            self._node.failed_writes += 1
            raise BookUnavailable("The disk with the book is full.", "simulated")
        try:
            result = self._disk.write(lambda connection: function(self._turn(connection), *args, **kwargs))
        except HostClockDiffers:
            self._node.failed_writes += 1
            raise
        await self._node.outside()
        return result

    def together(
        self, function: Callable[[Turn, Sequence[Item]], Sequence[T]]
    ) -> Callable[[Item], Awaitable[T]]:
        """Each item in a transaction of its own."""

        async def write(item: Item) -> T:
            [result] = await self.write(function, [item])
            return result

        return write

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read."""
        await self._node.outside()
        return self._disk.read(lambda connection: function(connection, *args, **kwargs))

    async def empty_log(self) -> bool:
        """There is no log."""
        return True

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work with files or objects; a node may die before and after."""
        world = self._node.world
        seconds = world.object_request_seconds if world.has_objects else _FILE_SECONDS
        await self._node.outside(seconds=seconds)
        result = function(*args, **kwargs)
        await self._node.outside(seconds=seconds)
        return result

    def _turn(self, connection: Connection) -> Turn:
        turn = Turn(connection=connection, now=self._clock.now(_true_time), owner=self._node.name)
        if self._own_clock and self._own_clock.was_set(turn.now):
            look_at_clock(turn, _uptime)
        return turn


def _uptime() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())


def _true_time() -> datetime:
    return BEGINNING + _uptime()


@cache
def _engine() -> Engine:
    """One for all seeds, so that each statement is compiled once; each of its connections is a new book."""
    return create_engine("sqlite://", creator=_opened, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _opened() -> sqlite3.Connection:
    driver = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
    driver.deserialize(_new_book())
    driver.execute("PRAGMA foreign_keys=ON")
    return driver


@cache
def _new_book() -> bytes:
    """An empty book of the present version, as the octets of its file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.db"
        migrate(f"sqlite:{path}")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # a database in memory cannot have a log
            return connection.serialize()
