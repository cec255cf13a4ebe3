"""A database of PostgreSQL is looked at and brought forward."""

from collections.abc import Callable

from sqlalchemy import Connection, text

from store.errors import BookVersionError
from store.postgresql import OLDEST_SERVER, read_address
from store.postgresql_transactions import write_once

_FACTS = text(
    "SELECT current_setting('server_version_num')::int AS version, pg_encoding_to_char(encoding) AS encoding,"
    " datcollate AS locale FROM pg_database WHERE datname = current_database()"
)
_OLD_WRITERS = text(
    "DELETE FROM writers WHERE at < (extract(epoch FROM now() - interval '30 days') * 1000000)::bigint"
)
_LOCALES = frozenset({"c", "posix", "c.utf8"})


def migrate_database(url: str, bring_forward: Callable[[Connection, str], None]) -> None:
    """Bring the book in a database forward, or make it there; and forget writers that are long gone.

    Raises:
        BookAddressError: the url cannot be understood.
        BookVersionError: a newer Postfax wrote it, or the database is not fit for a book.
        BookUnavailable: it cannot be written; it is as it was.
    """
    address = read_address(url)

    def run(connection: Connection) -> None:
        check_fitness(connection, address.shown)
        bring_forward(connection, address.shown)
        connection.execute(_OLD_WRITERS)

    write_once(address, run)


def check_fitness(connection: Connection, place: str) -> None:
    """Pass if a book can be in this database.

    Raises:
        BookVersionError: the server is too old, or texts have another order or encoding there.
    """
    facts = connection.execute(_FACTS).one()
    if facts.version < OLDEST_SERVER:
        raise BookVersionError(
            f"the server of the book {place} is PostgreSQL {facts.version // 10000}; "
            f"{OLDEST_SERVER // 10000} or newer is needed."
        )
    if facts.encoding != "UTF8" or facts.locale.lower().replace("-", "") not in _LOCALES:
        raise BookVersionError(
            f"the database of the book {place} has the encoding {facts.encoding} and the locale "
            f"{facts.locale}; UTF8 and C.UTF-8 are needed. Make it anew: "
            "CREATE DATABASE postfax OWNER postfax TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        )
