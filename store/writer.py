"""The one thread of a process that writes the book, in groups.

Whatever is queued while a commit is on its way to the disk goes together into the next transaction, so a
hundred mails that arrive at one time cost one flush; where several are seen to come at one time, the first
waits a moment for the others. Inside it each function has a savepoint: one that raises
is undone alone, and its caller alone gets the exception. Items that wait for the same function are given to
it together, for statements that write many rows at once. A result is given back only after the commit, so
what a caller was told is durable. If the transaction as a whole fails (disk full, lock, I/O) every caller
gets `BookUnavailable`, nothing of it stays, and the thread goes on.

A function whose turn does not come within the writer's patience, or whose caller stops waiting before, is not
run; once it has begun it is finished whether somebody waits or not.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from store.errors import BookUnavailable
from store.sqlite import BEGIN, BookLock, sentences, unavailability, write_engine

Item = TypeVar("Item")
Result = TypeVar("Result")

_GROUP = 256
"""The most functions of one transaction: bounds how long the book is locked for others."""
_GATHERING_SECONDS = 0.005
"""How long an item waits for others that are expected, at most. A transaction costs as much as several items,
so callers who are many at one time are all served sooner if none of them goes first alone."""

log = structlog.get_logger()


@dataclass(kw_only=True, slots=True)
class _Write:
    """An item that waits for its function's turn, and who waits for its result."""

    function: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    item: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Take its turn, in the writer's thread; False if its caller withdrew it."""
        return self._turn.acquire(blocking=False)

    def withdraw(self) -> bool:
        """Keep it from being done; False if it has begun."""
        return self._turn.acquire(blocking=False)

    def settle(self) -> None:
        """Tell the caller, if they still wait. Runs in their loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs write functions one after the other in a thread of its own.

    Args:
        book: the file of the book, migrated.
        patience: seconds that a function waits for its turn, at most.
        changed: called in the loop of the callers after each commit that changed the book.
    """

    def __init__(self, book: Path, *, patience: float, changed: Callable[[], None]) -> None:
        self._book = book
        self._patience = patience
        self._changed = changed
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._engine = write_engine(book, transactions=False)
        self._connection: Connection | None = None
        self._lock = BookLock(book)
        self._thread = threading.Thread(target=self._run, name="book-writer", daemon=True)
        self._open = False
        self._gathered: list[_Write] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._expected = 1
        """Items that were under way at one time when the last were written."""

    def start(self) -> None:
        """Open the lock and start the thread.

        Raises:
            OSError: the lock file is missing or may not be read.
        """
        self._lock.open()
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Let everything that is queued be written, then end the thread. Blocks until then.

        What was gathered must have been handed over.

        A thread that another program's lock holds up is left behind after `patience` and ends with the
        process.
        """
        if self._open:
            self._open = False
            self._queue.put(None)
            self._thread.join(self._patience)
        if self._thread.is_alive():
            log.error("book_writer_locked_out")
            return
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
        self._lock.close()

    async def write(self, function: Callable[[Connection], Result]) -> Result:
        """Run the function in a transaction; its result, once that is on the disk.

        Raises:
            BookUnavailable: nothing was written.
            Exception: whatever the function raised; nothing of it was written.
        """
        return await self._result_of(lambda connection, _: (function(connection),), None, self._queue.put)

    async def write_together(
        self, function: Callable[[Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> Result:
        """Have the function write an item, in one run with the others that wait for the same function.

        It gets them in the order of their arrival and returns a result for each. If it raises, it is run
        again for each item alone, so that an item that cannot be written fails alone.

        Raises:
            BookUnavailable: nothing was written.
            Exception: whatever the function raised for this item; nothing of it was written.
        """
        return await self._result_of(function, item, self._gather)

    async def _result_of(
        self,
        function: Callable[[Connection, Sequence[Item]], Sequence[Result]],
        item: Item,
        put: Callable[[_Write], None],
    ) -> Result:
        if not self._open:
            raise BookUnavailable("The service is ending; the book takes nothing more.", "closed")
        loop = asyncio.get_running_loop()
        write = _Write(function=function, item=item, loop=loop, future=loop.create_future())
        put(write)
        timer = loop.call_later(self._patience, self._give_up, write)
        try:
            result: Result = await write.future
        finally:
            timer.cancel()
            write.withdraw()
        return result

    def _gather(self, write: _Write) -> None:
        """Queue an item with those that are expected to come at the same time."""
        self._gathered.append(write)
        if len(self._gathered) >= self._expected:
            self.hand_over()
        elif self._gathering is None:
            self._gathering = write.loop.call_later(_GATHERING_SECONDS, self.hand_over)

    def hand_over(self) -> None:
        """Queue what was gathered. Only in the loop that writes."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        for write in self._gathered:
            self._queue.put(write)
        self._gathered.clear()

    def _give_up(self, write: _Write) -> None:
        if write.withdraw() and not write.future.done():
            write.future.set_exception(
                BookUnavailable(
                    f"The book {self._book} was locked for {self._patience:g} seconds. "
                    f"Find the program with `fuser {self._book}` and end it.",
                    "no turn",
                )
            )

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._next_group()
            try:
                changed = self._write_group(group)
            except Exception as error:  # noqa: BLE001 - the thread must outlive every failure; callers get it
                self._fail(group, error)
                self._reconnect()
                changed = False
            self._settle(group, changed=changed)

    def _reconnect(self) -> None:
        """Have the next group begin on a new connection: the old one may be what failed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, sqlite3.Error):
                connection.close()

    def _next_group(self) -> tuple[list[_Write], bool]:
        """Wait for a function, and take all that wait with it. Whether the end was asked for."""
        group = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) >= _GROUP or self._queue.empty():
                return group, False
            item = self._queue.get()
        return group, True

    def _write_group(self, group: Sequence[_Write]) -> bool:
        if not group:
            return False
        with self._lock.held():
            # Only now: waiting for the lock is what can take long.
            group = [write for write in group if write.begin()]
            connection = self._connection = self._connection or self._engine.connect()
            # SQLAlchemy's own beginning and ending of a transaction costs more than all of what is between.
            driver: sqlite3.Connection = cast("Any", connection.connection.driver_connection)
            before = driver.total_changes
            driver.execute(BEGIN)
            try:
                for together in _by_function(group):
                    self._write_together(connection, together, driver)
                driver.execute("COMMIT")
            except BaseException:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
                raise
            return bool(driver.total_changes != before)

    def _write_together(
        self, connection: Connection, writes: Sequence[_Write], driver: sqlite3.Connection
    ) -> None:
        driver.execute("SAVEPOINT turn")
        try:
            results = writes[0].function(connection, [write.item for write in writes])
            for write, result in zip(writes, results, strict=True):
                write.result = result
        except Exception as error:
            # After a full disk, an I/O error or the like SQLite has undone the transaction as a whole.
            if not driver.in_transaction:
                raise
            driver.execute("ROLLBACK TO turn")
            driver.execute("RELEASE turn")
            if len(writes) == 1:
                writes[0].error = unavailability(error, self._book) or error
                return
            for write in writes:
                self._write_together(connection, [write], driver)
        else:
            driver.execute("RELEASE turn")

    def _fail(self, group: Sequence[_Write], error: Exception) -> None:
        known = unavailability(error, self._book)
        if known:
            log.error("book_unavailable", cause=known.cause)
        else:
            log.error("book_write_failed", exc_info=error)
        for write in group:
            # An exception of their own for each: raising one in several tasks would mix their tracebacks.
            write.error = unavailability(error, self._book) or error

    def _settle(self, group: list[_Write], *, changed: bool) -> None:
        """Wake each loop once, however many of its callers wait."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
        for write in group:
            by_loop.setdefault(write.loop, []).append(write)
        for loop, writes in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell, writes, changed)
            except RuntimeError:
                # The loop was closed: nobody waits any more.
                log.warning("book_caller_gone", writes=len(writes))

    def _tell(self, writes: list[_Write], changed: bool) -> None:  # noqa: FBT001 - call_soon has no keywords
        for write in writes:
            write.settle()
        self._expected = max(1, len(writes) + len(self._gathered))
        if changed:
            self._changed()


def _by_function(group: Sequence[_Write]) -> list[list[_Write]]:
    """The writes of each function together, in the order of arrival."""
    together: dict[Any, list[_Write]] = {}
    for write in group:
        together.setdefault(write.function, []).append(write)
    return list(together.values())


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
