"""Brings a book forward to this program's version, or sets up an empty one.

Only the service does it, when it starts. `versions` holds one module for each revision, `env` is what Alembic
runs them in. Alembic is loaded only when there is something to do: its import costs a quarter second.
"""

from pathlib import Path

from sqlalchemy import Connection

from store.sqlite import create_book_file
from store.sqlite_transactions import write_once
from store.version import KNOWN, found_version


def migrate(book: Path) -> None:
    """Make the book if it is missing, and bring it to the newest version in one transaction.

    Raises:
        BookVersionError: a newer Postfax wrote it.
        BookUnavailable: it cannot be written; it is as it was.
    """
    create_book_file(book)
    write_once(book, lambda connection: _bring_forward(connection, str(book)))


def _bring_forward(connection: Connection, place: str) -> None:
    if found_version(connection, place) == KNOWN[-1]:
        return
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
