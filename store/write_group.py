"""Write functions that are run together in one transaction, each undone alone if it raises.

`store.writer` queues them; a `GroupDatabase` begins and ends the transaction and calls `write_each` inside.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Connection

from store.errors import BookUnavailable

Result = TypeVar("Result")


@dataclass(slots=True)
class Write(Generic[Result]):
    """An item that waits for its function's turn, and who waits for its result.

    It is withdrawn when nobody waits any more: the future was cancelled.
    """

    function: Callable[[Connection, Sequence[Any]], Sequence[Result]]
    item: Any
    future: asyncio.Future[Result]
    result: Result | None = None
    error: Exception | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Take its turn, in the writer's thread; False if it was withdrawn."""
        return not self.future.cancelled() and self._turn.acquire(blocking=False)

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
            self.future.set_result(cast("Result", self.result))


class GroupDatabase(Protocol):
    """A database as the writer's thread knows it. Others call `open`, `no_turn` and `close` alone."""

    def open(self) -> None:
        """Be ready to write.

        Raises:
            OSError, BookUnavailable: it cannot be reached.
        """

    def write(self, group: Sequence[Write[Any]]) -> bool:
        """Run those of the group that take their turn in one transaction; whether they changed the book.

        When it returns, that is on the disk; when it raises, nothing of it is.
        """

    def reset(self) -> None:
        """Have the next group begin on a new connection: the old one may be what failed."""

    def unavailability(self, error: Exception) -> BookUnavailable | None:
        """What a failure means for a person, or None if it is a mistake of the program."""

    def no_turn(self, seconds: float) -> BookUnavailable:
        """What it means that nothing could be written for so long."""

    def close(self) -> None:
        """Close everything; the thread has ended."""


class Transaction(Protocol):
    """The transaction that a group runs in."""

    @property
    def connection(self) -> Connection:
        """What the functions get."""

    def execute(self, statement: str) -> object:
        """Run a statement on the driver."""

    @property
    def stands(self) -> bool:
        """Whether there still is one to be rolled back to a savepoint in."""

    def begin_again(self) -> None:
        """Undo all that was done in it, and begin anew."""


def write_each(
    transaction: Transaction,
    group: Sequence[Write[Any]],
    unavailability: Callable[[Exception], BookUnavailable | None],
) -> None:
    """Run the functions of a group, and keep their results and errors with them.

    Raises:
        Exception: the transaction as a whole has failed.
    """
    functions = _by_function(group)
    if len(functions) == 1:
        _write_undivided(transaction, functions[0], unavailability)
        return
    for together in functions:
        _write_together(transaction, together, unavailability)


def _write_undivided(
    transaction: Transaction,
    writes: Sequence[Write[Any]],
    unavailability: Callable[[Exception], BookUnavailable | None],
) -> None:
    """Run a function that has the transaction to itself: that costs a tenth less without a savepoint."""
    try:
        _run(transaction, writes)
    except Exception as error:
        if not transaction.stands:
            raise
        transaction.begin_again()
        _write_apart(transaction, writes, error, unavailability)


def _write_together(
    transaction: Transaction,
    writes: Sequence[Write[Any]],
    unavailability: Callable[[Exception], BookUnavailable | None],
) -> None:
    transaction.execute("SAVEPOINT turn")
    try:
        _run(transaction, writes)
    except Exception as error:
        # After a full disk, an I/O error, a lost connection or the like the transaction is undone as a whole.
        if not transaction.stands:
            raise
        transaction.execute("ROLLBACK TO turn")
        transaction.execute("RELEASE turn")
        _write_apart(transaction, writes, error, unavailability)
    else:
        transaction.execute("RELEASE turn")


def _write_apart(
    transaction: Transaction,
    writes: Sequence[Write[Any]],
    error: Exception,
    unavailability: Callable[[Exception], BookUnavailable | None],
) -> None:
    """What raised together is written one by one; what was alone has failed."""
    if len(writes) == 1:
        writes[0].error = unavailability(error) or error
        return
    for write in writes:
        _write_together(transaction, [write], unavailability)


def _run(transaction: Transaction, writes: Sequence[Write[Any]]) -> None:
    results = writes[0].function(transaction.connection, [write.item for write in writes])
    for write, result in zip(writes, results, strict=True):
        write.result = result


def _by_function(group: Sequence[Write[Any]]) -> list[list[Write[Any]]]:
    """The writes of each function together, in the order of arrival."""
    together: dict[Any, list[Write[Any]]] = {}
    for write in group:
        together.setdefault(write.function, []).append(write)
    return list(together.values())
