"""Where a book is: a file of SQLite, or a database of PostgreSQL. The text `store:` of the settings says it.

PostgreSQL's driver is loaded only where the book is there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from store.access import BookAccess
from store.sqlite import book_path
from store.sqlite_access import SqliteAccess

_SERVER = ("postgresql:", "postgres:")


def is_on_server(url: str) -> bool:
    """Whether the book is on a server, and not a file of this host."""
    return url.startswith(_SERVER)


def access_to(
    url: str, *, clock: Callable[[], datetime], uptime: Callable[[], timedelta] | None = None, owner: str
) -> BookAccess:
    """The way to the book with this address.

    Without `uptime` the clock is believed, as one that is made up.

    Raises:
        BookAddressError: it is none.
    """
    if is_on_server(url):
        from store.postgresql_access import PostgresqlAccess  # noqa: PLC0415 - see above

        return PostgresqlAccess(url, clock=clock, uptime=uptime, owner=owner)
    return SqliteAccess(book_path(url), clock=clock, uptime=uptime, owner=owner)


def folders_of(url: str) -> tuple[Path, ...]:
    """The folders of this host that the book needs room in.

    Raises:
        BookAddressError: it is no address.
    """
    return () if is_on_server(url) else (book_path(url).parent,)


def shown(url: str) -> str:
    """The address for people and the log.

    Raises:
        BookAddressError: it is none.
    """
    if is_on_server(url):
        from store.postgresql import read_address  # noqa: PLC0415 - see above

        return read_address(url).shown
    return str(book_path(url))
