"""The one thread of a process that writes the book, in groups.

Whatever is queued while a commit is on its way to the disk goes together into the next transaction, so a
hundred mails that arrive at one time cost one flush; where several are seen to come at one time, the first
waits a moment for the others. Inside it each function that is not alone has a savepoint: one that raises
is undone alone, and its caller alone gets the exception. Items that wait for the same function are given to
it together, for statements that write many rows at once. A result is given back only after the commit, so
what a caller was told is durable. If the transaction as a whole fails (disk full, lock, I/O) every caller
gets `BookUnavailable`, nothing of it stays, and the thread goes on.

A function whose turn does not come within the writer's patience, or whose caller stops waiting before, is not
run; once it has begun it is finished whether somebody waits or not.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from store.errors import BookUnavailable
from store.write_group import GroupDatabase, Write

Item = TypeVar("Item")
Result = TypeVar("Result")

_GROUP = 256
"""The most functions of one transaction: bounds how long the book is locked for others."""
_GATHERING_SECONDS = 0.005
"""How long an item waits for others that are expected, at most. A transaction costs as much as several items,
so callers who are many at one time are all served sooner if none of them goes first alone."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Writes of one loop that are queued, and told of their end, at one go."""

    writes: list[Write[Any]]
    loop: asyncio.AbstractEventLoop
    timer: asyncio.TimerHandle
    """Of the writer's patience."""


class Writer:
    """Runs write functions one after the other in a thread of its own.

    Args:
        database: what it writes into, migrated.
        patience: seconds that a function waits for its turn, at most.
        changed: called in the loop of the callers after each commit that changed the book.
    """

    def __init__(self, database: GroupDatabase, *, patience: float, changed: Callable[[], None]) -> None:
        self._database = database
        self._patience = patience
        self._changed = changed
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="book-writer", daemon=True)
        self._open = False
        self._gathered: list[Write[Any]] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._expected = 1
        """Items that were under way at one time when the last were written."""

    def start(self) -> None:
        """Open the database and start the thread.

        Raises:
            OSError, BookUnavailable: it cannot be opened.
        """
        self._database.open()
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
        self._database.close()

    async def write(self, function: Callable[[Connection], Result]) -> Result:
        """Run the function in a transaction; its result, once that is on the disk.

        Raises:
            BookUnavailable: nothing was written.
            Exception: whatever the function raised; nothing of it was written.
        """
        write: Write[Result] = self._asked_for(lambda connection, _: (function(connection),), None)
        self._put([write])
        return await write.future

    def write_together(
        self, function: Callable[[Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> asyncio.Future[Result]:
        """Have the function write an item, in one run with the others that wait for the same function.

        It gets them in the order of their arrival and returns a result for each. If it raises, it is run
        again for each item alone, so that an item that cannot be written fails alone.

        Returns:
            The item's result, as soon as it is on the disk; or `BookUnavailable`, or whatever the function
            raised for this item, of which nothing was written then.

        Raises:
            BookUnavailable: nothing is taken any more.
        """
        write: Write[Result] = self._asked_for(function, item)
        self._gather(write)
        return write.future

    def _asked_for(
        self, function: Callable[[Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> Write[Result]:
        if not self._open:
            raise BookUnavailable("The service is ending; the book takes nothing more.", "closed")
        return Write(function, item, asyncio.get_running_loop().create_future())

    def _gather(self, write: Write[Any]) -> None:
        """Queue an item with those that are expected to come at the same time."""
        self._gathered.append(write)
        if len(self._gathered) >= self._expected:
            self.hand_over()
        elif self._gathering is None:
            loop = write.future.get_loop()
            self._gathering = loop.call_later(_GATHERING_SECONDS, self.hand_over)

    def hand_over(self) -> None:
        """Queue what was gathered. Only in the loop that writes."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._gathered:
            self._put(self._gathered)
            self._gathered = []

    def _put(self, writes: list[Write[Any]]) -> None:
        """Queue writes at one go: to wake the thread takes longer than to write another item."""
        loop = writes[0].future.get_loop()
        timer = loop.call_later(self._patience, self._give_up, writes)
        self._queue.put(_Batch(writes, loop, timer))

    def _give_up(self, writes: Sequence[Write[Any]]) -> None:
        for write in writes:
            if write.withdraw() and not write.future.done():
                write.future.set_exception(self._database.no_turn(self._patience))

    def _run(self) -> None:
        ended = False
        while not ended:
            batches, ended = self._next_batches()
            group = [write for batch in batches for write in batch.writes]
            try:
                changed = bool(group) and self._database.write(group)
            except Exception as error:  # noqa: BLE001 - the thread must outlive every failure; callers get it
                self._fail(group, error)
                self._database.reset()
                changed = False
            self._settle(batches, changed=changed)

    def _next_batches(self) -> tuple[list[_Batch], bool]:
        """Wait for a batch, and take all that wait with it. Whether the end was asked for."""
        batches: list[_Batch] = []
        size = 0
        batch = self._queue.get()
        while batch is not None:
            batches.append(batch)
            size += len(batch.writes)
            if size >= _GROUP or self._queue.empty():
                return batches, False
            batch = self._queue.get()
        return batches, True

    def _fail(self, group: Sequence[Write[Any]], error: Exception) -> None:
        known = self._database.unavailability(error)
        if known:
            log.error("book_unavailable", cause=known.cause)
        else:
            log.error("book_write_failed", exc_info=error)
        for write in group:
            # An exception of their own for each: raising one in several tasks would mix their tracebacks.
            write.error = self._database.unavailability(error) or error

    def _settle(self, batches: Sequence[_Batch], *, changed: bool) -> None:
        """Wake each loop once, however many of its callers wait."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Batch]] = {}
        for batch in batches:
            by_loop.setdefault(batch.loop, []).append(batch)
        for loop, told in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell, told, changed)
            except RuntimeError:
                # The loop was closed: nobody waits any more.
                log.warning("book_caller_gone", writes=sum(len(batch.writes) for batch in told))

    def _tell(self, batches: Sequence[_Batch], changed: bool) -> None:  # noqa: FBT001 - call_soon has no keywords
        together = len(self._gathered)
        for batch in batches:
            batch.timer.cancel()
            for write in batch.writes:
                write.settle()
            together += len(batch.writes)
        self._expected = max(1, min(together, _GROUP))
        if changed:
            self._changed()
