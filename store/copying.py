"""A book is copied into another database, every row of every table; broken off, it goes on where it was.

Rows are copied in the order of their keys, a group in a transaction, so what is there of a table is always
its beginning. Until all was compared the copy has no version but a mark of its source, and no program of ours
uses it. In the end both are read once more, and each table's rows and their SHA-256 are compared.

The source stays as it is. Nobody else may write in either meanwhile: see `store.copy_ends`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, func, insert, select, text, tuple_, update
from sqlalchemy import table as table_named

from store.tables import metadata
from store.upkeep_tables import writers
from store.version import COPYING, KNOWN

GROUP = 200
"""Rows of one transaction; of bodies that is at most 13 MB."""

_VERSION = table_named("alembic_version", Column("version_num"))
_TABLES = tuple(table for table in metadata.sorted_tables if table is not writers)


class CopyRefused(Exception):  # noqa: N818 - named as what happened
    """Nothing was copied; the text says why, and what to do."""


class CopyDiffers(Exception):  # noqa: N818 - as above
    """The copy is not the same as its source; the text says where, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What was copied and compared."""

    rows: Mapping[str, int]
    """By table, in the end."""
    before: int
    """Of those, how many were there when it began."""


Told = Callable[[str, int, int], None]
"""(what is done, rows so far, rows of all)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ends:
    """The connections of a copy."""

    source: Engine
    """To be read."""
    target: Engine
    """To be written."""
    copied: Engine
    """The target to be read."""


def copy_book(ends: Ends, mark: str, told: Told, *, anew: bool = False) -> Copied:
    """Copy everything, compare it, and give the copy its version.

    Args:
        ends: the target is of this program's version and empty, or begun with the same mark.
        mark: of the source, eight signs.
        told: called as it goes on.
        anew: begin again with what was begun.

    Raises:
        CopyRefused: the target holds something else.
        CopyDiffers: the copy is not the same.
    """
    with ends.target.begin() as connection:
        before = _begin(connection, mark, anew=anew)
    with ends.source.connect() as reading:
        total = sum(_count(reading, table) for table in _TABLES)
        _copy_all(reading, ends, before, total, told)
        with ends.copied.connect() as copy:
            rows = _compare(reading, copy, told, total)
    with ends.target.begin() as connection:
        _count_on(connection)
        connection.execute(update(_VERSION).values(version_num=KNOWN[-1]))
    return Copied(rows=rows, before=before)


def _copy_all(reading: Connection, ends: Ends, done: int, total: int, told: Told) -> None:
    for table in _TABLES:
        with ends.copied.connect() as connection:
            after = _last_key(connection, table)
        for group in _groups(reading, table, after):
            with ends.target.begin() as connection:
                connection.execute(insert(table), group)
            done += len(group)
            told(f"copying {table.name}", done, total)


def _begin(connection: Connection, mark: str, *, anew: bool) -> int:
    """Mark the target; how many rows are there already."""
    found: str = connection.scalar(select(_VERSION.c.version_num)) or ""
    there = sum(_count(connection, table) for table in _TABLES)
    if found == COPYING + mark:
        if anew:
            for table in reversed(_TABLES):
                connection.execute(table.delete())
        return 0 if anew else there
    if found.startswith(COPYING):
        raise CopyRefused("another book is being copied into it. Go on with that one, or empty the database.")
    if there:
        raise CopyRefused("it holds a book already. Copy into an empty database.")
    connection.execute(update(_VERSION).values(version_num=COPYING + mark))
    return 0


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _last_key(connection: Connection, table: Table) -> tuple[Any, ...] | None:
    keys = list(table.primary_key.columns)
    last = connection.execute(select(*keys).order_by(*(key.desc() for key in keys)).limit(1)).first()
    return None if last is None else tuple(last)


def _groups(
    connection: Connection, table: Table, after: tuple[Any, ...] | None = None
) -> Iterator[Sequence[dict[str, Any]]]:
    """The rows of a table in the order of their keys, from behind one of them on."""
    keys = list(table.primary_key.columns)
    while True:
        query = select(table).order_by(*keys).limit(GROUP)
        if after is not None:
            query = query.where(tuple_(*keys) > after)
        group = [dict(row) for row in connection.execute(query).mappings()]
        if not group:
            return
        yield group
        after = tuple(group[-1][key.name] for key in keys)


def _compare(reading: Connection, copy: Connection, told: Told, total: int) -> dict[str, int]:
    """Read both; the rows of each table.

    Raises:
        CopyDiffers: they are not the same.
    """
    rows: dict[str, int] = {}
    for table in _TABLES:
        there, copied = _digest(reading, table), _digest(copy, table)
        if there != copied:
            how = f"has {copied[0]} rows and not {there[0]}" if there[0] != copied[0] else "has other values"
            raise CopyDiffers(
                f"{table.name} {how}. Somebody wrote meanwhile, or between two runs. "
                "Run it again with --anew."
            )
        rows[table.name] = there[0]
        told(f"comparing {table.name}", sum(rows.values()), total)
    return rows


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    digest, rows = hashlib.sha256(), 0
    for group in _groups(connection, table):
        rows += len(group)
        for row in group:
            values = [_as_compared(value) for value in row.values()]
            digest.update(repr(values).encode("utf-8", "backslashreplace"))
    return rows, digest.hexdigest()


def _as_compared(value: Any) -> Any:
    # PostgreSQL keeps no NUL: see `store.postgresql`.
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _count_on(connection: Connection) -> None:
    """Let numbers that PostgreSQL counts up go on behind those that were copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in _TABLES:
        counted = table.autoincrement_column
        if counted is not None and counted.name == "id":
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, 'id'), greatest(:last, 1), :last > 0)"),
                {"table": table.name, "last": connection.scalar(select(func.max(counted))) or 0},
            )
