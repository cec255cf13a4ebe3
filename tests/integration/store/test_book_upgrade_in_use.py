"""An upgrade under which an older program goes on running is refused, and done when that has ended."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from postgresql_cluster import shared_cluster
from sqlalchemy import create_engine
from test_book_copying import reading
from test_book_migration import set_up_version_0001

from store.book import Book
from store.errors import BookVersionError
from store.migrations import migrate, version_of
from store.postgresql import connect, read_address
from store.version import KNOWN


def old_book(folder: Path) -> Path:
    """A book of the first version, in the mode in which services leave it."""
    path = folder / "book.db"
    set_up_version_0001(path)
    with closing(sqlite3.connect(path)) as book:
        book.execute("PRAGMA journal_mode=WAL")
    return path


def test_a_book_that_an_older_program_uses_is_left_as_it_is(tmp_path: Path) -> None:
    book = old_book(tmp_path)
    with reading(book) as user:
        told = (
            rf"is of version 0001 .* forward to {KNOWN[-1]}, but process {user} uses it: an older .* Stop it"
        )
        with pytest.raises(BookVersionError, match=told):
            migrate(f"sqlite:{book}")
        assert version_of(book) == "0001"
    migrate(f"sqlite:{book}")
    assert version_of(book) == KNOWN[-1]


def test_a_book_of_the_same_version_is_shared(tmp_path: Path) -> None:
    asyncio.run(Book.migrate(f"sqlite:{tmp_path / 'book.db'}"))
    with reading(tmp_path / "book.db"):
        migrate(f"sqlite:{tmp_path / 'book.db'}")


def test_a_database_that_an_older_program_uses_is_left_as_it_is() -> None:
    url = shared_cluster().new_database()
    migrate(url)
    with connect(read_address(url), write=True) as other:
        migrate(url)
        other.execute("UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(BookVersionError, match="but 1 of its connections are of other processes"):
            migrate(url)
    engine = create_engine(url.replace("ql:", "ql+psycopg:"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"
    engine.dispose()
