"""Brings a book forward to this program's version, or sets up an empty one.

Only the service does it, when it starts. `versions` holds one module for each revision, `env` is what Alembic
runs them in. Alembic is loaded only when there is something to do: its import costs a quarter second.

It is one transaction, and nobody writes meanwhile: SQLite's lock file or PostgreSQL's advisory lock is held.
Of two services that start at one time the second finds the work done. And nobody uses the book: a program of
the older version that went on running would write what this one does not expect.
"""

from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from store.address import is_on_server
from store.book_users import OTHERS_ON_SERVER, process_with
from store.errors import BookVersionError
from store.sqlite import book_path, create_book_file, read_engine, sentences
from store.sqlite_transactions import write_once
from store.version import KNOWN, found_version


def migrate(url: str) -> None:
    """Make the book if it is missing, and bring it to the newest version in one transaction.

    A database in PostgreSQL must be there.

    Raises:
        BookAddressError: the url cannot be understood.
        BookVersionError: a newer Postfax wrote it, an older one is using it, or the database is not fit for a
            book.
        BookUnavailable: it cannot be written; it is as it was.
    """
    if is_on_server(url):
        from store.postgresql_migration import migrate_database  # noqa: PLC0415 - loads PostgreSQL's driver

        migrate_database(url, bring_forward)
        return
    book = book_path(url)
    create_book_file(book)
    if user := process_with(book):
        _check_unused(version_of(book), str(book), f"process {user} uses it")
    write_once(book, partial(bring_forward, place=str(book)))


def version_of(book: Path) -> str | None:
    """The version of a book in SQLite; None while it is empty.

    Raises:
        BookVersionError: a newer Postfax wrote it, or it is not whole.
        BookUnavailable: it cannot be read.
    """
    engine = read_engine(book)
    try:
        with sentences(book), engine.connect() as connection:
            return found_version(connection, str(book))
    finally:
        engine.dispose()


def _check_unused(found: str | None, place: str, others: str) -> None:
    if found not in {None, KNOWN[-1]}:
        raise BookVersionError(
            f"the book {place} is of version {found} and is to be brought forward to {KNOWN[-1]}, but "
            f"{others}: an older Postfax that goes on would write what this one does not expect. Stop it "
            "first, on every host (systemctl stop 'postfax*'), and end commands that follow the book "
            "(`postfax events`)."
        )


def bring_forward(connection: Connection, place: str) -> None:
    """Run the revisions that are missing, in the caller's transaction.

    Raises:
        BookVersionError: a newer Postfax wrote it, or, on a server, an older one is using it.
    """
    found = found_version(connection, place)
    if found == KNOWN[-1]:
        return
    if connection.dialect.name == "postgresql" and (others := connection.scalar(text(OTHERS_ON_SERVER))):
        _check_unused(found, place, f"{others} of its connections are of other processes")
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
