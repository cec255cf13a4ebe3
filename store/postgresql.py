"""PostgreSQL as the book: its address, how connections are opened, and its failures.

A write connection is to a server that can be written, with `synchronous_commit` on: a commit has reached the
disk, and the standbys that the server waits for, when it returns. A transaction whose process is paused or
cut off is ended by the server after `IDLE_SECONDS`, so that nobody waits for it longer.

The text of the columns is compared byte by byte, as in SQLite: the database must have been made with the
locale C or C.UTF-8.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Engine, QueuePool, create_engine
from sqlalchemy.exc import DBAPIError

from config.credentials import PREFIX, NoCredential, credential_file
from store.errors import BookAddressError, BookUnavailable

READERS = 4
"""Read connections of one process."""
IDLE_SECONDS = 15
"""For so long a transaction may wait for its process."""
LOCK_SECONDS = 30
"""For so long a write waits for its turn at the server."""
OLDEST_SERVER = 130000
"""As libpq counts: PostgreSQL 13 tells whether a transaction has written."""

_PASSWORD_FILE = "password_file"  # noqa: S105 - the name of a parameter
# What a connection has unless the address says otherwise: one to a host that is gone is noticed within half a
# minute.
_DEFAULTS = {
    "connect_timeout": "5",
    "fallback_application_name": "postfax",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
# `off` alone would lose what was acknowledged; what is stricter than `on` stays.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
# Statements here are many and small: compiling one would cost more than it saves.
_UNCOMPILED = "SET jit = off"
_WRITE_SETTINGS = (
    _UNCOMPILED,
    # A commit that waits for a standby must not be cut off: it would be told as if the standby had it.
    "SET statement_timeout = 0",
    f"SET lock_timeout = '{LOCK_SECONDS}s'",
    f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'",
    # A plan is kept that was made when the tables were empty: each look would go through all of one.
    "SET enable_seqscan = off",
    _DURABLE,
)
_READ_SETTINGS = (_UNCOMPILED, "SET default_transaction_read_only = on")


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresqlAddress:
    """Where a book is."""

    url: str
    """As libpq takes it."""
    shown: str
    """For people and the log: without parameters."""
    password_file: str
    """A path, or `credential:NAME`; empty where libpq finds the password, or needs none."""


def read_address(url: str) -> PostgresqlAddress:
    """The address in a text such as `postgresql://postfax@db/postfax?password_file=/etc/postfax/book`.

    Everything but `password_file` is libpq's.

    Raises:
        BookAddressError: it cannot be understood, or holds a password.
    """
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query))
    password_file = parameters.pop(_PASSWORD_FILE, "")
    plain = urlunsplit(parts._replace(query=urlencode(parameters)))
    shown = urlunsplit(parts._replace(query="", netloc=_without_password(parts.netloc)))
    try:
        understood = conninfo_to_dict(plain)
    except psycopg.ProgrammingError as problem:
        raise BookAddressError(f"store: '{shown}' is not an address of a book: {problem}") from None
    if "password" in understood:
        raise BookAddressError(
            f"store: the address {shown} holds a password, which would be read wherever the address is. "
            f"Put it into a file and name that: {shown}?{_PASSWORD_FILE}=/etc/postfax/book-password"
        )
    return PostgresqlAddress(url=plain, shown=shown, password_file=password_file)


def _without_password(place: str) -> str:
    user, at, host = place.rpartition("@")
    return f"{user.partition(':')[0]}{at}{host}"


def connect(address: PostgresqlAddress, *, write: bool) -> psycopg.Connection:
    """A plain connection, each statement of which is a transaction of its own.

    Args:
        address: of the book.
        write: whether it is to a server that can be written, and may write there.

    Raises:
        psycopg.Error: there is none to be had.
        BookUnavailable: the file of the password cannot be read.
    """
    connection = psycopg.connect(address.url, autocommit=True, **parameters(address, write=write))
    connection.adapters.register_dumper(str, _TextDumper)
    connection.execute("; ".join(_WRITE_SETTINGS if write else _READ_SETTINGS))
    return connection


def parameters(address: PostgresqlAddress, *, write: bool) -> dict[str, Any]:
    """What a connection is opened with beside the address.

    Raises:
        BookUnavailable: the file of the password cannot be read.
    """
    said = conninfo_to_dict(address.url)
    # A standby is behind: what it says of the book may be over.
    defaults = {**_DEFAULTS, "target_session_attrs": "read-write" if write else "primary"}
    found: dict[str, Any] = {name: value for name, value in defaults.items() if name not in said}
    found["client_encoding"] = "UTF8"
    if address.password_file:
        found["password"] = _password(address.password_file)
    return found


def _password(file: str) -> str:
    try:
        path = credential_file(file) if file.startswith(PREFIX) else Path(file)
        return path.read_text("utf-8").rstrip("\n")
    except NoCredential as problem:
        raise BookUnavailable(
            f"The password of the book cannot be read: {problem}.", "no credential"
        ) from None
    except OSError as problem:
        sentence = f"The password of the book cannot be read from {file}: {problem.strerror}."
        raise BookUnavailable(sentence, repr(problem)) from problem


class _TextDumper(StrDumperUnknown):
    """Texts as they are, but with U+FFFD for NUL, which PostgreSQL cannot keep."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


def write_engine(address: PostgresqlAddress, *, transactions: bool = True) -> Engine:
    """An engine with one connection that may write.

    Args:
        address: of the book.
        transactions: whether SQLAlchemy begins and ends them; if not, the caller does so on the driver.
    """
    level = "READ COMMITTED" if transactions else "AUTOCOMMIT"
    return _engine(address, level, write=True, size=1)


def read_engine(address: PostgresqlAddress) -> Engine:
    """An engine with a few connections that can only read; a transaction sees the book of one instant."""
    return _engine(address, "REPEATABLE READ", write=False, size=READERS)


def _engine(address: PostgresqlAddress, level: Any, *, write: bool, size: int) -> Engine:
    def connection() -> psycopg.Connection:
        made = connect(address, write=write)
        made.autocommit = False  # as SQLAlchemy expects it
        return made

    return create_engine(
        "postgresql+psycopg://",
        creator=connection,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        isolation_level=level,
        use_native_hstore=False,  # which would be asked for at the first connection
    )


def in_transaction(driver: psycopg.Connection) -> bool:
    """Whether there still is a transaction that can be rolled back."""
    status = driver.info.transaction_status
    return status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}


def is_lost(error: Exception) -> bool:
    """Whether a failure is that of a connection, so that a new one may do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith("08") or cause.sqlstate in _ENDED


@contextmanager
def sentences(address: PostgresqlAddress) -> Iterator[None]:
    """Turn failures of the server, of the way to it, of files into `BookUnavailable`; let mistakes pass."""
    try:
        yield
    except (DBAPIError, psycopg.Error, OSError) as error:
        unavailable = unavailability(error, address)
        if unavailable is None:
            raise
        raise unavailable from error


def unavailability(error: Exception, address: PostgresqlAddress) -> BookUnavailable | None:
    """What a failure means for a person, or None if it is a mistake of the program."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, BookUnavailable):
        return copy(cause)
    if isinstance(cause, OSError):
        sentence = f"{cause.filename or address.shown}: {cause.strerror or cause}. {_ADVICE}"
        return BookUnavailable(sentence, repr(cause))
    if not isinstance(cause, psycopg.Error):
        return None
    said = str(cause).strip().splitlines()
    told = f"{cause.sqlstate or type(cause).__name__}: {said[0] if said else ''}"
    known = _SENTENCES.get(cause.sqlstate or "")
    if known is None and is_lost(cause):
        known = f"The server of the book {{book}} cannot be reached{_reason(said)}. {_REACH}"
    return None if known is None else BookUnavailable(known.format(book=address.shown), told)


def _reason(said: list[str]) -> str:
    """What libpq says, as a part of a sentence that is formatted afterwards."""
    reason = said[0].rpartition("failed: ")[2].strip() if said else ""
    return f" ({reason})".replace("{", "{{").replace("}", "}}") if reason else ""


_ADVICE = "Check the space on the disk and the rights of its folder."
_REACH = "Nothing was lost; it goes on by itself when the server answers. Check the server and the network."
_STOPPED = "The server of the book {book} is being stopped or started. It goes on by itself when it answers."
_LOCKED = (
    "Another process kept the book {book} locked for too long. "
    "Find it in pg_stat_activity (wait_event_type, state, application_name) and end it."
)
_RIGHTS = "The user of the book {book} lacks rights in the database. Give them (docs/admin/postgresql.md)."
_DAMAGED = "The book {book} is damaged. Stop the service and restore the last backup."
_REFUSED = "The server of the book {book} refuses the user. Check the user, the password and pg_hba.conf."
_SENTENCES = {
    "53100": "The disk of the server of the book {book} is full. Free some space; nothing was lost.",
    "53200": "The server of the book {book} has too little memory.",
    "53300": "The server of the book {book} takes no more connections. Raise max_connections, or end others.",
    "25006": "The server of the book {book} is read-only: a standby, or one that was set so "
    "(default_transaction_read_only). Nothing was written; it goes on when it may be written again.",
    "55P03": _LOCKED,
    "57014": _LOCKED,
    "40001": _LOCKED,
    "40P01": _LOCKED,
    "25P03": "The server of the book {book} ended a transaction whose process was held up; "
    "nothing was written.",
    "57P01": _STOPPED,
    "57P02": _STOPPED,
    "57P03": _STOPPED,
    "57P05": _STOPPED,
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": "There is no such database as that of the book {book}. Make it (docs/admin/postgresql.md).",
    "42501": _RIGHTS,
    "58030": "The server of the book {book} cannot read or write its disk. Check the disk's health there.",
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
_ENDED = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})
