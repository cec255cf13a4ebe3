"""SQLite as the book: where it is, how connections are opened, the lock between processes, and its failures.

The file is in WAL mode with `synchronous=FULL`: a commit has reached the disk when it returns.
`secure_delete` is on, as deleted bodies otherwise stay readable in the file. Beside the book lies its lock
file, which every writing transaction holds: SQLite's own waiting is polling without any order, in which one
of several writers can starve for seconds, while `flock` is fair and the kernel gives it back when a process
dies.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from store.errors import BookAddressError, BookUnavailable
from store.json_text import json_text

READERS = 4
"""Read connections of one process."""

_BUSY_SECONDS = 10
_LOG_MILLISECONDS = 200
"""How long writers may have to wait for readers of the log's old content."""
_WAL_PAGES = 4000
_PRIMARY_CODE = 0xFF  # of an extended result code, https://www.sqlite.org/rescode.html


def book_path(url: str) -> Path:
    """The file that `sqlite:PATH` names.

    Raises:
        BookAddressError: it is another kind of address.
    """
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path or path.startswith("//"):
        raise BookAddressError(
            f"store: '{url}' is not an address of a book; sqlite:/PATH/book.db was expected, "
            "or postgresql://USER@HOST/DATABASE"
        )
    return Path(path)


def lock_path(book: Path) -> Path:
    """The lock file beside a book."""
    return book.with_suffix(".lock")


def create_book_file(book: Path) -> None:
    """Make an empty book and its lock, for this user alone (it holds people's documents); keep what is there.

    The folder is made too.

    Raises:
        BookUnavailable: the folder cannot be made or may not be written.
    """
    with sentences(book):
        book.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (book, lock_path(book)):
            os.close(os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600))


BEGIN = "BEGIN IMMEDIATE"
"""How a writing transaction begins: with the write lock. One that begins by reading and writes later fails at
once with SQLITE_BUSY_SNAPSHOT if another one wrote in between."""


def write_engine(book: Path, *, transactions: bool = True) -> Engine:
    """An engine with one connection that may write.

    Args:
        book: the file.
        transactions: whether SQLAlchemy begins and ends them; if not, the caller does so on the driver.
    """
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"wal_autocheckpoint={_WAL_PAGES}",
        "journal_size_limit=67108864",
        "temp_store=MEMORY",
        "cache_size=-16384",
    )
    return _engine(book, BEGIN if transactions else "", pragmas, size=1)


def read_engine(book: Path) -> Engine:
    """An engine with a few connections that can only read; a transaction sees the book of one instant."""
    return _engine(book, "BEGIN", ("query_only=ON", "temp_store=MEMORY"), size=READERS)


def _engine(book: Path, begin: str, pragmas: tuple[str, ...], *, size: int) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = connect_book(book)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        json_serializer=json_text,
        **({} if begin else {"isolation_level": "AUTOCOMMIT"}),
    )
    if begin:

        @event.listens_for(engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def connect_book(book: Path) -> sqlite3.Connection:
    """A plain connection that begins no transaction by itself and never makes the file."""
    return sqlite3.connect(
        f"file:{quote(str(book.absolute()))}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
        cached_statements=256,
    )


class DataVersion:
    """A number that differs after each commit of another connection, in this process or another one."""

    def __init__(self, book: Path) -> None:
        self._book = book
        self._connection: sqlite3.Connection | None = None

    def read(self) -> int:
        """The number now; a few microseconds, without touching the disk."""
        if self._connection is None:
            self._connection = connect_book(self._book)
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class BookLock:
    """The lock that every writing transaction of every process holds.

    It is taken on a descriptor opened for reading, which any user who may read the book can have.
    """

    def __init__(self, book: Path) -> None:
        self._path = lock_path(book)
        self._descriptor = -1

    def open(self) -> None:
        """Open the lock file.

        Raises:
            OSError: it is missing or may not be read.
        """
        self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the lock file; a lock that is held is given back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until no one else writes, and keep it so."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def empty_log(book: Path) -> bool:
    """Bring the write-ahead log into the book and cut it to nothing, under the book's lock.

    What was deleted stays readable in the log until then. False if somebody reads the book as it was before:
    SQLite waits a moment for them.

    Raises:
        sqlite3.Error, OSError: The book or its lock cannot be used.
    """
    lock = BookLock(book)
    lock.open()
    connection = connect_book(book)
    try:
        connection.execute(f"PRAGMA busy_timeout={_LOG_MILLISECONDS}")
        with lock.held():
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy
    finally:
        connection.close()
        lock.close()


@contextmanager
def sentences(book: Path) -> Iterator[None]:
    """Turn failures of the disk, of rights and of SQLite's file into `BookUnavailable`; let mistakes pass."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        unavailable = unavailability(error, book)
        if unavailable is None:
            raise
        raise unavailable from error


def unavailability(error: Exception, book: Path) -> BookUnavailable | None:
    """What a failure means for a person, or None if it is a mistake of the program."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError):
        return BookUnavailable(_sentence_of_os_error(cause, book), repr(cause))
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return None
    sentence = _SENTENCES.get(code & _PRIMARY_CODE)
    if sentence is None:
        return None
    return BookUnavailable(
        sentence.format(book=book, folder=book.parent), f"{cause.sqlite_errorname}: {cause}"
    )


def _sentence_of_os_error(error: OSError, book: Path) -> str:
    return f"{error.filename or book}: {error.strerror or error}. {_ADVICE}"


_ADVICE = "Check the space on the disk and the rights of its folder."
_LOCKED = "Another program keeps the book {book} locked. Find it with `fuser {book}` and end it."
_RIGHTS = "Check its owner and rights and those of {folder}."
_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk with the book {book} is full. Free some space; nothing was lost.",
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_IOERR: "The disk with the book {book} cannot be written or read. "
    "Check its space, its health (`dmesg`), and the limits of the service.",
    sqlite3.SQLITE_READONLY: f"The book {{book}} may not be written. {_RIGHTS}",
    sqlite3.SQLITE_PERM: f"The book {{book}} may not be opened. {_RIGHTS}",
    sqlite3.SQLITE_AUTH: f"The book {{book}} may not be opened. {_RIGHTS}",
    sqlite3.SQLITE_CANTOPEN: f"The book {{book}} cannot be opened. {_RIGHTS}",
    sqlite3.SQLITE_NOMEM: "There is too little memory to use the book {book}.",
    sqlite3.SQLITE_CORRUPT: "The book {book} is damaged. Stop the service and restore the last backup.",
    sqlite3.SQLITE_NOTADB: "{book} holds something else than a book. Correct `store` in postfax.yaml.",
}
