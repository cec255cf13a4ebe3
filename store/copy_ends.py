"""Both ends of a copy of a book: opened, locked against writers, and looked at whether a service uses them.

SQLite: whoever has a book open holds a lock on its shared memory (`book.db-shm`), which is asked for; our
lock file is held while it is copied. PostgreSQL: other connections of a `postfax` are asked for; the book's
advisory lock is held meanwhile. A service that starts then waits for the lock, and finds a copy afterwards,
or one that is not whole.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from store.address import is_on_server, shown
from store.bodies import count_in_rows
from store.book_users import OTHERS_ON_SERVER, process_with
from store.copying import Copied, CopyDiffers, CopyRefused, Ends, Told, copy_book
from store.errors import BookIncompleteError
from store.migrations import migrate
from store.sqlite import BookLock, book_path, read_engine, sentences, write_engine
from store.version import compare_version

if TYPE_CHECKING:
    import psycopg

_GOING_SECONDS = 3.0
_IN_ROWS = (
    "{:,} small mails and documents are in the book itself, and a server keeps for long what was deleted. "
    "Run `postfax migrate-bodies --out-of-book` first: it puts them beside the book."
)


def copy(source: str, target: str, told: Told, *, anew: bool = False) -> Copied:
    """Copy the book at one address to the other; see `store.copying`.

    Raises:
        BookAddressError: an address cannot be understood.
        BookUnavailable: one of them cannot be used.
        BookVersionError: the source is not of this program's version.
        CopyRefused: a service uses one of them, or the target holds something else.
        CopyDiffers: the copy is not the same.
    """
    place = shown(target)
    if shown(source) == place:
        raise CopyRefused("both addresses name the same book.")
    mark = hashlib.sha256(shown(source).encode()).hexdigest()[:8]
    with held(source) as (reading, _):
        with reading.connect() as connection:
            compare_version(connection, shown(source))
            if is_on_server(target) and (in_rows := count_in_rows(connection)):
                raise CopyRefused(_IN_ROWS.format(in_rows))
        with suppress(BookIncompleteError):
            migrate(target)
        with held(target) as (copied, writing):
            try:
                return copy_book(Ends(source=reading, target=writing, copied=copied), mark, told, anew=anew)
            except CopyRefused as problem:
                raise CopyRefused(f"{place} is left as it is: {problem}") from None
            except CopyDiffers as problem:
                raise CopyDiffers(f"{place} is not the same as {shown(source)}: {problem}") from None


@contextmanager
def held(url: str) -> Iterator[tuple[Engine, Engine]]:
    """Engines to read and to write a book that no service uses, and nobody else writes meanwhile."""
    if is_on_server(url):
        with _held_database(url) as engines:
            yield engines
        return
    book = book_path(url)
    with sentences(book):
        if not book.is_file():
            raise CopyRefused(f"there is no book {book}.")
        if user := process_with(book):
            raise CopyRefused(f"process {user} uses {book}: stop the service first.")
        lock = BookLock(book)
        lock.open()
        with closing(lock), lock.held(), _both(read_engine(book), write_engine(book)) as engines:
            yield engines


@contextmanager
def _held_database(url: str) -> Iterator[tuple[Engine, Engine]]:
    from store import postgresql  # noqa: PLC0415 - loads PostgreSQL's driver
    from store.postgresql_transactions import TRY_TO_KEEP_LOCK  # noqa: PLC0415 - as above

    address = postgresql.read_address(url)
    with postgresql.sentences(address), postgresql.connect(address, write=True) as holder:
        if _others_stay(holder):
            raise CopyRefused(f"a service or a command uses {address.shown}: stop it first.")
        if holder.execute(TRY_TO_KEEP_LOCK).fetchone() != (True,):
            raise CopyRefused(f"somebody writes in {address.shown}: stop the service first.")
        engines = postgresql.read_engine(address), postgresql.write_engine(address)
        with _both(*engines):
            yield engines


def _others_stay(holder: "psycopg.Connection") -> bool:
    """Whether others use the book. A connection that was closed is there for a moment more."""
    until = time.monotonic() + _GOING_SECONDS
    while holder.execute(OTHERS_ON_SERVER).fetchone() != (0,):
        if time.monotonic() > until:
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _both(reading: Engine, writing: Engine) -> Iterator[tuple[Engine, Engine]]:
    try:
        yield reading, writing
    finally:
        reading.dispose()
        writing.dispose()
