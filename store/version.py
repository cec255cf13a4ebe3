"""Which version of the book this program reads and writes, known without loading Alembic (a quarter second).

`KNOWN` lists every revision in `store/migrations/versions`, oldest first; a test holds the two together.
"""

from sqlalchemy import Connection, inspect, text

from store.errors import BookIncompleteError, BookVersionError

KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006")
COPYING = "copying "
"""Stands before the source's mark in place of a version, while a book is being copied into this one."""


def compare_version(connection: Connection, place: str) -> None:
    """Pass if the book is of this program's version.

    Raises:
        BookVersionError: it is empty, older, or newer; the text says what to do.
    """
    found = found_version(connection, place)
    if found is None:
        raise BookVersionError(f"the book {place} is empty. `postfax serve` sets it up when it starts.")
    if found != KNOWN[-1]:
        raise BookVersionError(
            f"the book {place} is of version {found}, and this program needs {KNOWN[-1]}. "
            "`postfax serve` brings it forward when it starts."
        )


def found_version(connection: Connection, place: str) -> str | None:
    """The book's version; None while it is empty.

    Raises:
        BookVersionError: a newer Postfax wrote it.
        BookIncompleteError: another one is being copied into it.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is not None and found.startswith(COPYING):
        raise BookIncompleteError(
            f"the book {place} is not whole: `postfax migrate-book` is copying into it, or was broken off. "
            "Run it again: it goes on where it was."
        )
    if found not in {None, *KNOWN}:
        raise BookVersionError(
            f"the book {place} is of version {found}, which this program does not know ({KNOWN[-1]} is its "
            "newest). A newer Postfax wrote it: use that one, or restore the backup made before the upgrade."
        )
    return found
