"""Both ends of a copy of a book: opened, locked against writers, and looked at whether a service uses them.

SQLite: whoever has a book open holds a lock on its shared memory (`book.db-shm`), which is asked for; our
lock file is held while it is copied. PostgreSQL: other connections of a `postfax` are asked for; the book's
advisory lock is held meanwhile. A service that starts then waits for the lock, and finds a copy afterwards,
or one that is not whole.
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from store.address import is_on_server, shown
from store.bodies import count_in_rows
from store.copying import Copied, CopyDiffers, CopyRefused, Ends, Told, copy_book
from store.errors import BookIncompleteError
from store.migrations import migrate
from store.sqlite import BookLock, book_path, read_engine, sentences, write_engine
from store.version import compare_version

_OPEN_BYTE = 128
"""Of the shared memory: who has the book open holds a lock on it (unixShmMap of SQLite's os_unix.c)."""
_FLOCK = "hhqqi4x"
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, process."""
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = 'postfax'"
)
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
        if user := _process_with(book):
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
        if holder.execute(_OTHERS).fetchone() != (0,):
            raise CopyRefused(f"a service or a command uses {address.shown}: stop it first.")
        if holder.execute(TRY_TO_KEEP_LOCK).fetchone() != (True,):
            raise CopyRefused(f"somebody writes in {address.shown}: stop the service first.")
        engines = postgresql.read_engine(address), postgresql.write_engine(address)
        with _both(*engines):
            yield engines


@contextmanager
def _both(reading: Engine, writing: Engine) -> Iterator[tuple[Engine, Engine]]:
    try:
        yield reading, writing
    finally:
        reading.dispose()
        writing.dispose()


def _process_with(book: Path) -> int:
    """The process that has a book open; 0 for none."""
    try:
        descriptor = os.open(f"{book}-shm", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _OPEN_BYTE, 1, 0)
        kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        return 0 if kind == fcntl.F_UNLCK else int(process)
    finally:
        os.close(descriptor)
