"""How the book reaches its database, whichever that is: opened, read, written, watched, closed."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from store.records.turn import Turn

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Changes(Protocol):
    """What is known of commits, of whomever: `store.changes.Changes` is the one kind of it."""

    @property
    def generation(self) -> int:
        """The number of changes so far that this process knows of."""

    def announce(self) -> None:
        """The book has changed."""

    async def wait(self, since: int, seconds: float) -> int:
        """Wait until the generation is no longer `since`, or the time is over; the generation then."""


class BookAccess(Protocol):
    """One process's connections to a book.

    A function that reads or writes gets a connection and does its work in one transaction. All methods raise
    `BookUnavailable` where the database cannot be used; nothing was written then.
    """

    @property
    def changes(self) -> Changes:
        """Tells those who wait that the book has changed."""

    async def open(self) -> None:
        """Compare versions, and be ready.

        Raises:
            BookVersionError: there is no book, or it is of another version.
        """

    async def close(self) -> None:
        """Write what is queued, and close everything."""

    async def write(
        self, function: Callable[Concatenate[Turn, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a writing function in a transaction; its result once that is on the disk."""

    def together(
        self, function: Callable[[Turn, Sequence[Item]], Sequence[T]]
    ) -> Callable[[Item], Awaitable[T]]:
        """A way to write items with this function, those that wait at one time in one run."""

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading function; everything it reads is of one instant."""

    async def empty_log(self) -> bool:
        """See that nothing deleted is left in the database's log; False if somebody was in the way."""

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that works with files."""
