"""Brings a book forward to this program's version, or sets up an empty one.

Only the service does it, when it starts. `versions` holds one module for each revision, `env` is what Alembic
runs them in. Alembic is loaded only when there is something to do: its import costs a quarter second.

It is one transaction, and nobody writes meanwhile: SQLite's lock file or PostgreSQL's advisory lock is held.
Of two services that start at one time the second finds the work done.
"""

from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from store.address import is_on_server
from store.sqlite import book_path, create_book_file
from store.sqlite_transactions import write_once
from store.version import KNOWN, found_version


def migrate(url: str) -> None:
    """Make the book if it is missing, and bring it to the newest version in one transaction.

    A database in PostgreSQL must be there.

    Raises:
        BookAddressError: the url cannot be understood.
        BookVersionError: a newer Postfax wrote it, or the database is not fit for a book.
        BookUnavailable: it cannot be written; it is as it was.
    """
    if is_on_server(url):
        from store.postgresql_migration import migrate_database  # noqa: PLC0415 - loads PostgreSQL's driver

        migrate_database(url, bring_forward)
        return
    book = book_path(url)
    create_book_file(book)
    write_once(book, partial(bring_forward, place=str(book)))


def bring_forward(connection: Connection, place: str) -> None:
    """Run the revisions that are missing, in the caller's transaction."""
    if found_version(connection, place) == KNOWN[-1]:
        return
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
