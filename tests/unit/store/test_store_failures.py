"""Failures of SQLite and of the disk, in sentences."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from store.errors import BookUnavailable
from store.sqlite import sentences, unavailability

BOOK = Path("/var/lib/postfax/book.db")


def _error(code: int, name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as the driver says it")
    error.sqlite_errorcode = code
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_FULL, "is full"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "keeps the book"),
        (sqlite3.SQLITE_LOCKED, "keeps the book"),
        (sqlite3.SQLITE_IOERR_FSYNC, "cannot be written"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "may not be written"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged"),
        (sqlite3.SQLITE_NOTADB, "something else"),
    ],
)
def test_a_failure_names_the_book_and_what_to_do(code: int, said: str) -> None:
    told = unavailability(OperationalError("SELECT", None, _error(code, "SQLITE_X")), BOOK)
    assert told is not None
    assert said in told.sentence
    assert str(BOOK) in told.sentence
    assert told.cause == "SQLITE_X: as the driver says it"


def test_a_failure_of_a_file_names_it() -> None:
    told = unavailability(OSError(28, "No space left on device", "/var/lib/postfax/documents/0a/x"), BOOK)
    assert told is not None
    assert told.sentence.startswith("/var/lib/postfax/documents/0a/x: No space left on device.")


def test_mistakes_of_the_program_are_not_hidden() -> None:
    violated = IntegrityError(
        "INSERT", None, _error(sqlite3.SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE")
    )
    assert unavailability(violated, BOOK) is None
    assert unavailability(sqlite3.ProgrammingError("closed"), BOOK) is None
    with pytest.raises(IntegrityError), sentences(BOOK):
        raise violated


def test_failures_inside_become_sentences() -> None:
    with pytest.raises(BookUnavailable, match="is full"), sentences(BOOK):
        raise _error(sqlite3.SQLITE_FULL, "SQLITE_FULL")
