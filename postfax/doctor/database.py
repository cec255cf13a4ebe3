"""A book in PostgreSQL: whether its server answers, may be written, is of our version, and loses nothing."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection, text

from postfax.doctor.finding import Finding, failure, ok, warning
from postfax.terminal import octets_for_people
from store.errors import BookAddressError, BookUnavailable, BookVersionError
from store.postgresql import PostgresqlAddress, read_address, read_engine, sentences
from store.postgresql_migration import check_fitness
from store.version import KNOWN, found_version

_SIZE = text("SELECT pg_database_size(current_database())")
_READ_ONLY = text("SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'")
_UNSAFE = text(
    "SELECT name FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"
)
_MAY_WRITE = text("SELECT has_table_privilege('mails', 'INSERT')")
_IN_THE_CLEAR = text(
    "SELECT inet_server_addr() IS NOT NULL AND NOT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
)


async def database(url: str) -> Sequence[Finding]:
    """What can be said of the book with this address. It is only read."""
    try:
        address = read_address(url)
        return await asyncio.to_thread(_database, address)
    except BookAddressError as problem:
        return [failure(str(problem), "Correct `store` in postfax.yaml.")]


def _database(address: PostgresqlAddress) -> Sequence[Finding]:
    engine = read_engine(address)
    try:
        with sentences(address), engine.begin() as connection:
            return _look(connection, address.shown)
    except BookVersionError as problem:
        return [failure(str(problem), "Nothing was changed.", subject=address.shown)]
    except BookUnavailable as problem:
        return [failure(f"cannot be used ({problem.cause})", problem.sentence, subject=address.shown)]
    finally:
        engine.dispose()


def _look(connection: Connection, subject: str) -> list[Finding]:
    check_fitness(connection, subject)
    version = found_version(connection, subject)
    found = _cautions(connection, subject)
    if version != KNOWN[-1]:
        advice = "`postfax serve` sets it up or brings it forward when it starts. Back it up before."
        said = f"is of version {version or 'none'}, this program's is {KNOWN[-1]}"
        return [*found, warning(said, advice, subject=subject)]
    if connection.scalar(_READ_ONLY) == "on" or not connection.scalar(_MAY_WRITE):
        advice = "Let this user write there: GRANT, and default_transaction_read_only = off."
        return [*found, failure("may not be written", advice, subject=subject)]
    size = octets_for_people(connection.scalar(_SIZE) or 0)
    return [*found, ok(f"version {version}, {size}", subject=subject)]


def _cautions(connection: Connection, subject: str) -> list[Finding]:
    found = []
    for name in connection.scalars(_UNSAFE):
        advice = f"Set {name} = on at the server: a power cut loses mails that were taken on."
        found.append(failure(f"its server has {name} = off", advice, subject=subject))
    if connection.scalar(_IN_THE_CLEAR):
        advice = "Add sslmode=verify-full to its address."
        found.append(warning("the way to its server is not encrypted", advice, subject=subject))
    return found
